package tiktoken

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	bpe "github.com/pkoukk/tiktoken-go"
)

// pieces are what c counts one by one, in their order.
func pieces(c *Counter, text string) (all []string) {
	for len(text) > 0 {
		end := nextChunk(text)
		for at := 0; at < end; {
			n := c.split(text[at:end])
			all = append(all, text[at:at+n])
			at += n
		}
		text = text[end:]
	}
	return all
}

// tokens are those of the pieces, each encoded whole by the library.
func tokens(t testing.TB, c *Counter, text string) (all []int) {
	t.Helper()
	for _, piece := range pieces(c, text) {
		all = append(all, unsplit(t, c).EncodeOrdinary(piece)...)
	}
	return all
}

// Beside some single characters, the patterns know runes by their class alone.
// The library says what is in a class: encoding with a pattern that matches one
// rune of it, and decoding, leaves just those. Above the first scripts, one rune in 97
// is tested unless long is set.
func TestClassesOfEveryRune(t *testing.T) {
	ranks := map[string]int{} // one token for each byte
	for b := range 256 {
		ranks[string([]byte{byte(b)})] = b
	}
	var runes []rune
	for r := range rune(unicode.MaxRune + 1) {
		// The planes 4 to 13 are unassigned, 15 and 16 for private use.
		if plane := r >> 16; (plane < 4 || plane == 14) && (r < 0xd800 || r > 0xdfff) && (long || r < 0x1000 || r%97 == 0) {
			runes = append(runes, r)
		}
	}
	everything := string(runes)
	for _, pattern := range []string{
		`\p{L}`, `\p{M}`, `\p{N}`, `[\s]`, `[^\s\p{L}\p{N}]`, `[^\r\n\p{L}\p{N}]`,
		`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`,
	} {
		core, err := bpe.NewCoreBPE(ranks, nil, pattern)
		if err != nil {
			t.Fatal(err)
		}
		library := bpe.NewTiktoken(core, nil, nil)
		want := []rune(library.Decode(library.EncodeOrdinary(everything)))
		class := compile(pattern)
		var got []rune
		for _, r := range runes {
			if class.MatchString(string(r)) {
				got = append(got, r)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d runes, want %d", pattern, len(got), len(want))
		}
	}
}

// With every class told right, texts of one or two runes from each class are
// all that there is. Texts of four find every way in which two runs can meet.
func TestSplitEveryShortText(t *testing.T) {
	letters := []string{"a", "S", "l", "日", "\u0301", "7", "'", "!", "/", " ", "\t", "\n"}
	length := 3
	if long {
		length = 4
	}
	eachEncoding(t, func(t *testing.T, c *Counter, _ func(string) int) {
		o := oracle(t, c.Encoding())
		var try func(text string, more int)
		try = func(text string, more int) {
			if more == 0 {
				if got, want := tokens(t, c, text), o.EncodeOrdinary(text); !slices.Equal(got, want) {
					t.Errorf("%q is %d, want %d", text, got, want)
				}
				return
			}
			for _, l := range letters {
				try(text+l, more-1)
			}
		}
		try("", length)
	})
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		encoding, text string
		want           []string
		why            string
	}{
		{"r50k_base", "it's 1234 a'S\n\n  x", []string{"it", "'s", " 1234", " a", "'", "S", "\n\n ", " x"}, "lower case alone, numbers of any length"},
		{"cl100k_base", "it's 1234 a'S\n\n  x", []string{"it", "'s", " ", "123", "4", " a", "'S", "\n\n", " ", " x"}, "line breaks end a piece"},
		{"o200k_base", "it's 1234 a'S\n\n  x", []string{"it's", " ", "123", "4", " a'S", "\n\n", " ", " x"}, "contractions stay with the word"},
		{"cl100k_base", "!\n!\n/\n", []string{"!\n", "!\n", "/\n"}, "signs take line breaks along"},
		{"o200k_base", "!\n!\n/\n", []string{"!\n", "!\n/\n"}, "and slashes after them"},
		{"cl100k_base", "$HOMEPage", []string{"$HOMEPage"}, "any rune may lead a word"},
		{"o200k_base", "$HOMEPage", []string{"$HOMEPage"}, "upper and then lower case is one word"},
		{"o200k_base", "camelCaseHTTP", []string{"camel", "Case", "HTTP"}, "lower and then upper case is two"},
		{"o200k_base", "日AB'll", []string{"日", "AB'll"}, "given back as far as 日"},
		{"o200k_base", "\u0301AB", []string{"\u0301", "AB"}, "a mark may be a word, too"},
		{"r50k_base", "a   ", []string{"a", "   "}, "nothing follows to leave a space for"},
	} {
		c := counter(t, tt.encoding)
		if got := pieces(c, tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s, %s:\n got %q\nwant %q", tt.encoding, tt.why, got, tt.want)
		}
		if got, want := tokens(t, c, tt.text), oracle(t, tt.encoding).EncodeOrdinary(tt.text); !slices.Equal(got, want) {
			t.Errorf("%s, %s: %d, want %d", tt.encoding, tt.why, got, want)
		}
	}
}

// dense are what the fuzzer's bytes stand for: a few of each class, and those
// that the patterns name.
var dense = []string{
	"a", "b", "S", "s", "t", "r", "e", "v", "L", "l", "'", "'", "가", "日", "ʰ", "ǅ", "ſ", "é", "\u0301", "\u0903",
	"1", "½", "٣", " ", " ", "\t", "\u00a0", "\u3000", "\n", "\r", "/", "!", "=", "。", "😀", "\u200d", "\x00", "\xff", "𠀀", "İ",
}

func FuzzCount(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x0a\x03\x17\x18\x1c"))
	f.Add([]byte("\x17\x17\x17\x00\x1c\x1c\x17\x1f\x1d\x1e"))
	f.Add([]byte("\x0d\x02\x02\x0a\x09\x08\x12\x02\x00"))
	f.Add([]byte(strings.Repeat("\x00", 60)))
	f.Add([]byte(strings.Repeat("\x22\x26\x25", 30)))
	f.Add([]byte(strings.Repeat("\x00\x01\x04\x05\x05", 20)))
	for _, e := range encodings { // reading a vocabulary must not count as a hung input
		unsplit(f, counter(f, e.name))
		oracle(f, e.name)
	}
	f.Fuzz(func(t *testing.T, picks []byte) {
		if len(picks) > 400 {
			t.Skip("the library is slow")
		}
		var b strings.Builder
		for _, p := range picks {
			b.WriteString(dense[int(p)%len(dense)])
		}
		text := b.String()
		for _, e := range encodings {
			c := counter(t, e.name)
			want := oracle(t, e.name).EncodeOrdinary(text)
			if got := tokens(t, c, string([]rune(text))); !slices.Equal(got, want) {
				t.Errorf("%s: %q is %d, want %d", e.name, text, got, want)
			}
			if got := count(t, c, text); got != len(want) {
				t.Errorf("%s: %q has %d tokens, want %d", e.name, text, got, len(want))
			}
		}
	})
}
