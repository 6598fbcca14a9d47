package httpwire

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func lines(r io.Reader, most int) (all []string, err error) {
	for l := NewLines(r, most); ; {
		line, err := l.Next()
		if err != nil {
			return all, err
		}
		all = append(all, string(line))
	}
}

// The oracle replaces the other line ends by LF and splits the whole text.
func FuzzLines(f *testing.F) {
	f.Add("a\r\nb\rc\n\n\r\r\nd", byte(1))
	f.Add("\n\r", byte(2))
	f.Fuzz(func(t *testing.T, body string, size byte) {
		plain := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
		want := strings.Split(plain, "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		for how, r := range map[string]io.Reader{
			"at once":      strings.NewReader(body),
			"by the byte":  iotest.OneByteReader(strings.NewReader(body)),
			"with the EOF": iotest.DataErrReader(strings.NewReader(body)),
			"in pieces":    bufio.NewReaderSize(strings.NewReader(body), 16+int(size)),
		} {
			if got, err := lines(r, 1<<20); err != io.EOF || !slices.Equal(got, want) {
				t.Fatalf("%s: %q, %v; want %q", how, got, err, want)
			}
		}
	})
}

// A line is given out when its end is there, and what broke off is not a line.
func TestLinesEnds(t *testing.T) {
	in, out := io.Pipe()
	l := NewLines(in, 1<<10)
	broke := errors.New("broke")
	go func() {
		out.Write([]byte("one\rtwo\nhal"))
		out.CloseWithError(broke)
	}()
	for _, want := range []string{"one", "two"} {
		if line, err := l.Next(); string(line) != want || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if line, err := l.Next(); line != nil || err != broke || l.Ended() {
		t.Fatalf("%q, %v", line, err)
	}
	for _, end := range []string{"", "\n", "\nnext"} { // also if the end is there at once
		if _, err := lines(strings.NewReader(strings.Repeat("x", 101)+end), 100); !errors.Is(err, bufio.ErrTooLong) {
			t.Fatalf("a long line before %q: %v", end, err)
		}
		if all, err := lines(strings.NewReader(strings.Repeat("x", 100)+end), 100); err != io.EOF {
			t.Fatalf("%q, %v; a line of the longest size", all, err)
		}
	}
}
