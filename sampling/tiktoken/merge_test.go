package tiktoken

import (
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
	size := 1000 // bytes, little enough for the library
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

// A word that is merged in parts has a few tokens more at each seam, and never fewer.
func TestMergeParts(t *testing.T) {
	c := counter(t, "cl100k_base")
	for size := 20; size < 1000; size++ {
		text, most := randomWord("aeiourstlnmdk", size), size/2+1
		if got, want := c.mergeParts(text, most), c.merge(text); got < want || got > want+8 {
			t.Errorf("%q in parts of %d: %d tokens, want %d to %d", text, most, got, want, want+8)
		}
	}
}
