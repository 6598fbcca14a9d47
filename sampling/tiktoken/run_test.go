package tiktoken

import (
	"slices"
	"strings"
	"testing"
)

// runs are pieces that never end, and some that nearly do.
var runs = map[string]string{
	"a":           "a",
	"spaces":      " ",
	"digits":      "7",
	"all digits":  "0123456789",
	"line breaks": "\n",
	"emoji":       "😀",
	"families":    "👩‍👩‍👧‍👦",
	"dashes":      "-",
	"signs":       "=-~*",
	"tabs":        "\t",
	"han":         "語日本",
	"rare han":    "𠀀𠀁",
	"white":       " \n",
	"mixed":       "a \n😀7!",
	"marks":       "a\u0301",
	"letters":     "abcABC",
	"apostrophes": "'",
	"stray bytes": "\xff",
}

// The library by itself takes a quarter of an hour for one letter. This test is
// that all of them end: go test gives up after ten minutes.
func TestCountALongRunOfOneThing(t *testing.T) {
	for _, e := range encodings {
		size := 15_000
		if e.name == "o200k_base" || e.name == "p50k_base" {
			size = 2500 // the others have shown what there is to show
		}
		if long {
			size *= 20
		}
		for name, unit := range runs {
			text := strings.Repeat(unit, size/len(unit))
			// A stray byte counts as the three of U+FFFD.
			if got := count(t, counter(t, e.name), text); got <= 0 || got > 3*len(text) {
				t.Errorf("%s, %s: %d tokens in %d bytes", e.name, name, got, len(text))
			}
		}
	}
}

func TestCountARunAsTheLibraryDoes(t *testing.T) {
	size := 1000 // bytes, many windows and little enough for the library
	if long {
		size *= 3
	}
	eachEncoding(t, func(t *testing.T, c *Counter, whole func(string) int) {
		for name, unit := range runs {
			text := strings.Repeat(unit, size/len(unit))
			if got, want := count(t, c, text), whole(text); got != want {
				t.Errorf("%s: %d tokens, want %d", name, got, want)
			}
		}
		for _, letters := range []string{
			"ab", "abc", "aeinst", "abcdefghijklmnopqrstuvwxyz", "абвгд", "가나다라이는", "日本語中的是", "あいうえお", "𠀀𠀁𠀂𠀃", "𒀀𒀁𒀂",
			"ꀀꀁꀂ", "ཀཁག", "=-*#", "!?", "😀😁👍🏽", " \t", " \n", "\u3000 ", "\u0301\u0302", "٣٤½",
		} {
			text := randomWord(letters, size)
			if got, want := count(t, c, text), whole(text); got != want {
				t.Errorf("a run of %q: %d tokens, want %d", letters, got, want)
			}
		}
	})
}

// At small windows two neighbours may share no token, and then the count must
// not be too low. At half of the real window it is still right.
func TestRunIsNeverTooLow(t *testing.T) {
	eachEncoding(t, func(t *testing.T, c *Counter, _ func(string) int) {
		for _, letters := range []string{"ab", "aeinst", "абвгд", "日本語中的是", "가나다라이는", "-=", "😀😁", " \t"} {
			text := randomWord(letters, 1500)
			want := len(c.merge.EncodeOrdinary(text))
			for _, window := range []int{16, 24, 32, 64, 128} {
				got := c.run(text, window)
				if got < want || got > want && window == 128 {
					t.Errorf("a run of %q by windows of %d: %d tokens, want %d", letters, window, got, want)
				}
			}
		}
	})
}

// What the comments of window and run say.
func TestWindowIsTwiceTheLongestToken(t *testing.T) {
	longest := 0
	for _, e := range encodings {
		for token := range counter(t, e.name).ranks {
			longest = max(longest, len(token))
		}
	}
	if window != 2*longest {
		t.Errorf("the window is %d bytes and the longest token %d", window, longest)
	}
}

func TestRunJoinsWindows(t *testing.T) {
	const text, window = "floccinaucinihilipilification", 16
	c := counter(t, "cl100k_base")
	divided := func(from, to int) (out []string) {
		at := c.borders(text[from:to])
		for i := range len(at) - 1 {
			out = append(out, text[from+at[i]:from+at[i+1]])
		}
		return out
	}
	for _, w := range []struct {
		from int
		want string
	}{
		{0, "flo|cc|ina|uc|ini|hil"},
		{8, "uc|ini|hil|ip|il|ific"},
		{16, "ip|il|ification"},
	} {
		if got := divided(w.from, min(w.from+window, len(text))); !slices.Equal(got, strings.Split(w.want, "|")) {
			t.Errorf("the window at %d is %q, want %s", w.from, got, w.want)
		}
	}
	if at := middle(text, 0, c.borders(text[:window]), window/2); at != 8 {
		t.Errorf("the second window begins at %d, want 8", at)
	}
	if at := middle(text, 8, c.borders(text[8:24]), 24-window/2); at != 16 {
		t.Errorf("the third window begins at %d, want 16", at)
	}
	if got, whole := c.run(text, window), len(divided(0, len(text))); got != 9 || whole != 9 {
		t.Errorf("%d tokens by windows and %d in one go, want 9", got, whole)
	}
}
