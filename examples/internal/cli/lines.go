package cli

import (
	"bufio"
	"context"
	"io"
	"iter"
	"strings"
)

// Lines yields the lines of r without their line ends. If ctx ends first, it yields
// ctx's error. A read from a terminal cannot be interrupted, so its goroutine then
// stays until the program ends.
func Lines(ctx context.Context, r io.Reader) iter.Seq2[string, error] {
	type line struct {
		text string
		err  error
	}
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		lines := make(chan line)
		go func() {
			defer close(lines)
			in := bufio.NewReader(r)
			for mark := "\ufeff"; ; mark = "" { // Windows programs write a byte order mark
				text, err := in.ReadString('\n')
				text = strings.TrimPrefix(text, mark)
				if err == io.EOF && text == "" {
					return
				}
				if err == io.EOF {
					err = nil // the next read says so again
				}
				select {
				case lines <- line{strings.TrimRight(text, "\r\n"), err}:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		}()
		for {
			select {
			case l, more := <-lines:
				if !more || !yield(l.text, l.err) || l.err != nil {
					return
				}
			case <-ctx.Done():
				yield("", ctx.Err())
				return
			}
		}
	}
}
