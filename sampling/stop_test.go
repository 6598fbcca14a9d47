package sampling_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

func ExampleUntil() {
	chunks := func(yield func(sampling.Chunk, error) bool) {
		for _, text := range []string{" Par", "is.", "\n", "Q", ": And", " of Spain?"} {
			if !yield(sampling.Chunk{Text: text}, nil) {
				fmt.Println("the source is left")
				return
			}
		}
	}
	for chunk, err := range sampling.Until(chunks, []string{"\nQ:"}) {
		fmt.Printf("%q %v %v\n", chunk.Text, chunk.Reason, err)
	}
	// Output:
	// " Par" unfinished <nil>
	// "is." unfinished <nil>
	// the source is left
	// "" stop sequence <nil>
}

// heldOracle returns how many bytes at the end of text must be held back: the
// longest suffix that begins a stop sequence or a rune.
func heldOracle(text string, stop []string) int {
	for from := range len(text) {
		for _, s := range stop {
			if len(s) > len(text)-from && strings.HasPrefix(s, text[from:]) {
				return len(text) - from
			}
		}
		if tail := text[from:]; len(tail) < utf8.UTFMax && utf8.RuneStart(tail[0]) && !utf8.FullRuneInString(tail) {
			return len(tail)
		}
	}
	return 0
}

// pieces cuts a text into chunks. Each byte of cuts is the length of one, 0
// included; when they are used up the rest is one chunk.
func pieces(text string, cuts []byte) (all []string) {
	for _, c := range cuts {
		n := min(int(c)%7, len(text))
		all = append(all, text[:n])
		text = text[n:]
	}
	return append(all, text)
}

// tokensOf cuts a text into tokens, which need not be chunks and may come one
// chunk early or late, and returns those that go with each chunk.
func tokensOf(chunks []string, cuts []byte) [][]sampling.Token {
	text := strings.Join(chunks, "")
	perChunk := make([][]sampling.Token, len(chunks))
	at, chunk, end := 0, 0, len(chunks[0])
	for _, tok := range pieces(text, cuts) {
		at += len(tok)
		for end < at {
			chunk++
			end += len(chunks[chunk])
		}
		to := chunk
		if len(tok)%2 == 1 && to > 0 && len(perChunk[to]) == 0 {
			to-- // before its text, as from a backend that holds back half runes
		}
		perChunk[to] = append(perChunk[to], sampling.Token{Text: tok, Logprob: -float64(at)})
	}
	return perChunk
}

// tokensWithin returns the tokens that lie wholly in the first n bytes.
func tokensWithin(perChunk [][]sampling.Token, n int) (within []sampling.Token) {
	for _, tok := range slices.Concat(perChunk...) {
		if n -= len(tok.Text); n < 0 {
			break
		}
		within = append(within, tok)
	}
	return within
}

func FuzzUntil(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s.text, s.stops, s.cuts, []byte{2, 1, 3})
	}
	f.Fuzz(func(t *testing.T, textCode, stopCode, cuts, tokenCuts []byte) {
		if len(textCode) > 60 || len(cuts) > 60 {
			return // the oracles are slow, and what goes wrong goes wrong in short texts
		}
		checkUntil(t, spell(textCode), spellStops(stopCode), cuts, tokenCuts)
	})
}

// TestUntilEveryChunking goes through all the ways to cut a short text.
func TestUntilEveryChunking(t *testing.T) {
	texts := []string{"aabéab", "ababaé", "ébéaab", "bbaéa"}
	stops := [][]string{{"ab"}, {"abaé", "é"}, {"éa", "aab"}, {"bé", "éaab", "b"}, {"x"}, {"éé"}}
	for _, text := range texts {
		for _, stop := range stops {
			for set := range 1 << (len(text) - 1) {
				var cuts []byte
				last := 0
				for i := 1; i < len(text); i++ {
					if set>>(i-1)&1 == 1 {
						cuts = append(cuts, byte(i-last))
						last = i
					}
				}
				checkUntil(t, text, stop, cuts, []byte{1, 2, 1, 1})
			}
		}
	}
}

// checkUntil streams a text in chunks through Until and holds it against the
// oracles: what comes out in the end, what is out after each chunk, and when
// the source is left.
func checkUntil(t *testing.T, text string, stops []string, cuts, tokenCuts []byte) {
	t.Helper()
	chunks := pieces(text, cuts)
	tokens := tokensOf(chunks, tokenCuts)
	before, found := cutOracle(text, stops)
	var got strings.Builder
	var gotTokens []sampling.Token
	read, left := 0, false // bytes, and whether the source was left
	source := func(yield func(sampling.Chunk, error) bool) {
		for i, piece := range chunks {
			last := i == len(chunks)-1
			chunk := sampling.Chunk{Text: piece, Tokens: tokens[i]}
			if last {
				chunk.Reason = sampling.TokenLimit
			}
			read += len(piece)
			if !yield(chunk, nil) {
				left = true
				return
			}
			if last {
				return
			}
			// Nothing more may be held than could still become a stop, and
			// nothing less.
			if want := read - heldOracle(text[:read], stops); got.Len() != want {
				t.Fatalf("Until(%q, %q): after %q it has given out %q, want %d bytes", chunks, stops, text[:read], got.String(), want)
			}
			if want := tokensWithin(tokens[:i+1], got.Len()); !sameTokens(want, gotTokens) {
				t.Fatalf("Until(%q, %q): after %q it has given out the tokens %v, want %v", chunks, stops, text[:read], gotTokens, want)
			}
		}
	}
	var last sampling.Chunk
	for chunk, err := range sampling.Until(source, stops) {
		if err != nil {
			t.Fatal(err)
		}
		if last.Reason != sampling.Unfinished {
			t.Fatalf("Until(%q, %q): a chunk after the one with a reason", chunks, stops)
		}
		if !utf8.ValidString(chunk.Text) {
			t.Fatalf("Until(%q, %q): half a rune: %q", chunks, stops, chunk.Text)
		}
		got.WriteString(chunk.Text)
		gotTokens = append(gotTokens, chunk.Tokens...)
		last = chunk
	}
	if got.String() != before || last.Stop != found {
		t.Fatalf("Until(%q, %q) gives %q, %q, want %q, %q", chunks, stops, got.String(), last.Stop, before, found)
	}
	wantTokens := slices.Concat(tokens...)
	wantReason := sampling.TokenLimit
	if found != "" {
		wantTokens, wantReason = tokensWithin(tokens, len(before)), sampling.StopSequence
		if !left {
			t.Fatalf("Until(%q, %q): the source was not left", chunks, stops)
		}
		// The source is left within the chunk that completes the stop.
		if end := len(before) + len(found); read-end >= len(chunks[chunkAt(chunks, end)]) {
			t.Fatalf("Until(%q, %q): %d bytes were read, and the stop ends at %d", chunks, stops, read, end)
		}
	}
	if last.Reason != wantReason {
		t.Fatalf("Until(%q, %q): the reason is %v, want %v", chunks, stops, last.Reason, wantReason)
	}
	if !sameTokens(wantTokens, gotTokens) {
		t.Fatalf("Until(%q, %q) gives the tokens %v, want %v", chunks, stops, gotTokens, wantTokens)
	}
}

func sameTokens(a, b []sampling.Token) bool {
	return slices.EqualFunc(a, b, func(a, b sampling.Token) bool { return a.Text == b.Text && a.Logprob == b.Logprob })
}

// chunkAt returns the chunk in which the byte before end stands.
func chunkAt(chunks []string, end int) int {
	for i, c := range chunks {
		if end -= len(c); end <= 0 {
			return i
		}
	}
	return len(chunks) - 1
}

// feed makes a sequence of chunks, and of an error if it is not nil.
func feed(err error, chunks ...sampling.Chunk) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
		if err != nil {
			yield(sampling.Chunk{}, err)
		}
	}
}

// flat writes a sequence down in one line.
func flat(chunks iter.Seq2[sampling.Chunk, error]) string {
	var all []string
	for c, err := range chunks {
		s := fmt.Sprintf("%q", c.Text)
		if c.Reason != sampling.Unfinished {
			s += " " + c.Reason.String()
		}
		if c.Stop != "" {
			s += fmt.Sprintf(" %q", c.Stop)
		}
		if c.Usage != (sampling.Usage{}) {
			s += fmt.Sprintf(" %d tokens", c.Usage.CompletionTokens)
		}
		for _, tok := range c.Tokens {
			s += " [" + strings.Trim(fmt.Sprintf("%q", tok.Text), `"`) + "]"
		}
		if err != nil {
			s = "error " + err.Error()
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

func TestUntilChunks(t *testing.T) {
	text := func(s string) sampling.Chunk { return sampling.Chunk{Text: s} }
	end := func(s string) sampling.Chunk {
		return sampling.Chunk{Text: s, Reason: sampling.EndOfText, Usage: sampling.Usage{CompletionTokens: 3}}
	}
	tok := func(s string, toks ...string) sampling.Chunk {
		c := text(s)
		for _, one := range toks {
			c.Tokens = append(c.Tokens, sampling.Token{Text: one})
		}
		return c
	}
	boom := errors.New("boom")
	for _, test := range []struct {
		why    string
		chunks iter.Seq2[sampling.Chunk, error]
		stop   []string
		want   string
	}{
		{"chunks pass as they come", feed(nil, text("a"), text("b"), end("")), []string{"x"}, `"a"; "b"; "" end of text 3 tokens`},
		{"without stops too", feed(nil, text("a"), end("b")), nil, `"a"; "b" end of text 3 tokens`},
		{"half a rune waits even without stops", feed(nil, text("a\xc3"), text("\xa9b"), end("")), nil, `"a"; "éb"; "" end of text 3 tokens`},
		{"two thirds of a rune too", feed(nil, text("a\xeb\x82"), text("\x98b"), end("")), nil, `"a"; "나b"; "" end of text 3 tokens`},
		{"three quarters too", feed(nil, text("a\xf0\x9f\xa6"), text("\x8bb"), end("")), nil, `"a"; "🦋b"; "" end of text 3 tokens`},
		{"what was held comes with the reason", feed(nil, text("a\n"), end("")), []string{"\n\n"}, `"a"; "\n" end of text 3 tokens`},
		{"what was held comes before an error", feed(boom, text("a\n")), []string{"\n\n"}, `"a"; "\n"; error boom`},
		{"an error alone", feed(boom), []string{"\n"}, `error boom`},
		{"what was held comes when the chunks just end", feed(nil, text("a\n")), []string{"\n\n"}, `"a"; "\n"`},
		{"a chunk that is held whole is not yielded", feed(nil, text("\n"), text("b"), end("")), []string{"\n\n"}, `"\nb"; "" end of text 3 tokens`},
		{"its usage is", feed(nil, sampling.Chunk{Text: "\n", Usage: sampling.Usage{CompletionTokens: 1}}, end("")), []string{"\n\n"}, `"" 1 tokens; "\n" end of text 3 tokens`},
		{"a stop beats the backend's own reason", feed(nil, end("a\n\nb")), []string{"\n\n"}, `"a" stop sequence "\n\n" 3 tokens`},
		{"the backend's own stop stays", feed(nil, text("a"), sampling.Chunk{Reason: sampling.StopSequence, Stop: "\n"}), []string{"\n"}, `"a"; "" stop sequence "\n"`},
		{"bytes that are not a rune are not waited for", feed(nil, text("\xff"), text("\xa9"), end("")), nil, `"\xff"; "\xa9"; "" end of text 3 tokens`},
		{"a reason in the middle begins anew", feed(nil, end("a"), end("b")), []string{"ab"}, `"a" end of text 3 tokens; "b" end of text 3 tokens`},

		{"tokens pass with their text", feed(nil, tok("a", "a"), tok("b", "b"), end("")), []string{"x"}, `"a" [a]; "b" [b]; "" end of text 3 tokens`},
		{"a held token waits", feed(nil, tok("a", "a"), tok("\n", "\n"), tok("b", "b"), end("")), []string{"\n\n"}, `"a" [a]; "\nb" [\n] [b]; "" end of text 3 tokens`},
		{"a token partly held waits", feed(nil, tok("a\n", "a\n"), tok("b", "b"), end("")), []string{"\n\n"}, `"a"; "\nb" [a\n] [b]; "" end of text 3 tokens`},
		{"a token that reaches into the stop is left out", feed(nil, tok("a", "a"), tok("b\n", "b\n"), tok("\nc", "\nc")), []string{"\n\n"}, `"a" [a]; "b"; "" stop sequence "\n\n"`},
		{"a token before the stop is not", feed(nil, tok("a", "a"), tok("\n", "\n"), tok("\n", "\n")), []string{"\n\n"}, `"a" [a]; "" stop sequence "\n\n"`},
		{"a token that comes after its text", feed(nil, tok("a"), tok("b\n", "ab", "\n"), end("")), []string{"\n\n"}, `"a"; "b" [ab]; "\n" end of text 3 tokens [\n]`},
		{"a token that comes before its text", feed(nil, tok("", "a"), tok("a\n\n", "\n", "\n")), []string{"\n\n"}, `"a" stop sequence "\n\n" [a]`},
		{"an early token that reaches into the stop", feed(nil, tok("a", "a\n"), tok("\n\n")), []string{"\n\n"}, `"a"; "" stop sequence "\n\n"`},
	} {
		if got := flat(sampling.Until(test.chunks, test.stop)); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.why, got, test.want)
		}
	}
}

// Leaving the loop leaves the source, also with text held back.
func TestUntilLeft(t *testing.T) {
	for _, stop := range [][]string{nil, {"\n\n"}} {
		for leaveAt := range 3 {
			read, got := 0, 0
			source := func(yield func(sampling.Chunk, error) bool) {
				for _, text := range []string{"a", "b\n", "c"} {
					read++
					if !yield(sampling.Chunk{Text: text}, nil) {
						return
					}
				}
				yield(sampling.Chunk{}, errors.New("the end"))
			}
			for range sampling.Until(source, stop) {
				if got == leaveAt {
					break
				}
				got++
			}
			if read != leaveAt+1 {
				t.Errorf("stops %q: left at chunk %d, and %d were read", stop, leaveAt, read)
			}
		}
	}
	// Left at the held text that comes out before an error.
	for range sampling.Until(feed(errors.New("boom"), sampling.Chunk{Text: "\n"}), []string{"\n\n"}) {
		break
	}
}
