package samplingtest

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The rule about stop sequences, which is kept by a backend and Model together.

func (c *checker) stops() {
	greedy := c.must(c.request())
	for _, stop := range c.stopLists(greedy) {
		want, found := sampling.Cut(greedy.text(), stop)
		req := c.request()
		req.Stop = stop
		m := sampling.Model{Backend: c.backend}
		c.stopped("Complete", stop, want, found, c.call("Model.Complete", func(ctx context.Context) (*sampling.Completion, error) {
			return m.Complete(ctx, req)
		}))
		c.stopped("Stream", stop, want, found, c.call("Model.Stream", func(ctx context.Context) (*sampling.Completion, error) {
			var whole sampling.Completion
			for chunk, err := range m.Stream(ctx, req) {
				if err != nil {
					return &whole, err
				}
				whole.Text += chunk.Text
				whole.Reason, whole.Stop = chunk.Reason, chunk.Stop
			}
			return &whole, nil
		}))
	}
}

// stopLists makes stop sequences out of the greedy text: within it, across the
// borders of its chunks, after others that never come, and out of the prompt,
// where they must not count.
func (c *checker) stopLists(greedy *sample) (lists [][]string) {
	text := greedy.text()
	var borders []int
	at := 0
	for _, chunk := range greedy.chunks {
		at += len(chunk.Text)
		borders = append(borders, at)
	}
	borders = append(borders, len(text)/4, len(text)/2)
	for _, place := range places(len(borders)) {
		if stop := around(text, borders[place]); stop != "" {
			lists = append(lists, []string{stop})
		}
	}
	if mid := around(text, len(text)/2); mid != "" {
		many := []string{"@@ never 1 @@", "@@ never 2 @@", "@@ never 3 @@", "@@ never 4 @@", "@@ never 5 @@"}
		lists = append(lists, append(many, mid))
	}
	if words := strings.Fields(c.kit.prompt()); len(words) > 0 {
		if last := words[len(words)-1]; !strings.Contains(text, last) {
			lists = append(lists, []string{last})
		}
	}
	return lists
}

// around returns up to two runes before and two after a place in text.
func around(text string, at int) string {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	from, to := at, at
	for range 2 {
		_, n := utf8.DecodeLastRuneInString(text[:from])
		from -= n
		_, n = utf8.DecodeRuneInString(text[to:])
		to += n
	}
	return text[from:to]
}

// A result is a completion with its error.
type result struct {
	*sampling.Completion
	err error
}

// call makes one guarded call.
func (c *checker) call(what string, f func(ctx context.Context) (*sampling.Completion, error)) result {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var r result
	c.guard(what, cancel, func() { r.Completion, r.err = f(ctx) })
	return r
}

// stopped checks a completion against the greedy text as Cut cuts it.
func (c *checker) stopped(how string, stop []string, want, found string, got result) {
	switch {
	case got.err != nil:
		c.fatalf("%s with the stops %q: %v", how, stop, got.err)
	case got.Text != want:
		c.fatalf("%s with the stops %q gave %q; the whole text cut there is %q", how, stop, shorten(got.Text), shorten(want))
	case found == "" && got.Reason == sampling.StopSequence:
		c.fatalf("%s with the stops %q, which do not come, ended with the reason %q, stop %q", how, stop, got.Reason, got.Stop)
	case found == "":
	case got.Reason != sampling.StopSequence && got.Reason != sampling.EndOfText:
		// A server may say "stop" for both, and is read as EndOfText.
		c.fatalf("%s with the stops %q ended with the reason %q", how, stop, got.Reason)
	case got.Stop != "" && got.Stop != found:
		c.fatalf("%s with the stops %q names the stop %q; it is %q", how, stop, got.Stop, found)
	}
}
