package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	split "github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// chunked is a backend that says text in the given chunks, with a token report
// for each, and counts those that were taken.
func chunked(chunks []string, taken *int) sampling.Backend {
	return sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			for i, text := range chunks {
				*taken = i + 1
				c := sampling.Chunk{Text: text, Tokens: []sampling.Token{{Text: text}}}
				if i == len(chunks)-1 {
					c.Reason = sampling.EndOfText
				}
				if !yield(c, nil) {
					return
				}
			}
		}
	})
}

// cutUp cuts text at random places, in the middle of runes too.
func cutUp(text string, random *rand.Rand) []string {
	var chunks []string
	for text != "" {
		n := 1 + random.IntN(min(len(text), 12))
		chunks = append(chunks, text[:n])
		text = text[n:]
	}
	return append(chunks, "")
}

const fox = "The quick brown fox jumps over the lazy dog, and the dog sleeps on."

// forbidding returns the backend with a guard around it.
func forbidding(backend sampling.Backend, n int, texts ...string) (sampling.Backend, error) {
	w, err := wrap.Forbid(n, texts...)
	if err != nil {
		return nil, err
	}
	return w.Wrap(backend), nil
}

func TestForbidStopsInTime(t *testing.T) {
	protected := "It was the best of times, it was the worst of times, it was the age of wisdom."
	tests := []struct {
		name   string
		n      int
		said   string
		want   string
		reason sampling.Reason
	}{
		{"a recital", 4, protected, "It was the best", sampling.Filtered},
		{"in the middle", 4, "They say it was the age of reason.", "They say it was the age", sampling.Filtered},
		{"a shorter run", 6, "They say it was the age of reason.", "They say it was the age of reason.", sampling.EndOfText},
		{"only at the end", 4, "They say it was the age of", "They say it was the age", sampling.Filtered},
		{"other lines", 3, "best\n of\ttimes , it", "best\n of\ttimes ", sampling.Filtered},
		{"nothing of it", 3, "Nothing of the kind.", "Nothing of the kind.", sampling.EndOfText},
		{"nothing at all", 3, "", "", sampling.EndOfText},
		{"a word without end", 2, strings.Repeat("x", 200), strings.Repeat("x", 200), sampling.EndOfText},
		{"marks without end", 2, "a" + strings.Repeat("\u0301", 300), "a" + strings.Repeat("\u0301", 300), sampling.EndOfText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(100) {
				chunks := cutUp(tt.said, rand.New(rand.NewPCG(seed, 0)))
				taken := 0
				b, err := forbidding(chunked(chunks, &taken), tt.n, protected)
				if err != nil {
					t.Fatal(err)
				}
				c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{})
				if err != nil {
					t.Fatal(err)
				}
				if strings.TrimSpace(c.Text) != strings.TrimSpace(tt.want) || c.Reason != tt.reason {
					t.Fatalf("%q: gave out %q (%v), want %q (%v)", chunks, c.Text, c.Reason, tt.want, tt.reason)
				}
				reported := ""
				for _, token := range c.Tokens {
					reported += token.Text
				}
				if !strings.HasPrefix(c.Text, reported) {
					t.Fatalf("%q: the tokens %q are not within the text %q", chunks, reported, c.Text)
				}
				if through := strings.Join(chunks[:taken], ""); tt.reason == sampling.Filtered && len(through) > len(tt.want)+40 {
					t.Fatalf("%q: the backend went on to %q", chunks, through)
				}
			}
		})
	}
}

// Letters and their marks may be put together otherwise than in the protected text.
func TestForbidOtherNormalForm(t *testing.T) {
	taken := 0
	b, err := forbidding(chunked([]string{"un cafe\u0301 tre\u0300s", " fort", ""}, &taken), 2, "Le caf\u00e9 tr\u00e8s fort")
	if err != nil {
		t.Fatal(err)
	}
	c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{})
	if err != nil || c.Reason != sampling.Filtered || c.Text != "un cafe\u0301 tre\u0300s " {
		t.Errorf("%q, %v, %v", c.Text, c.Reason, err)
	}
}

// FuzzForbid checks against a plain search: what is given out never has a run
// of more than n tokens of the protected text, and is cut no earlier.
func FuzzForbid(f *testing.F) {
	f.Add(uint8(2), []byte{0, 1, 2, 0, 1}, []byte{1, 2, 0}, uint64(1))
	f.Fuzz(func(t *testing.T, n uint8, protected, said []byte, seed uint64) {
		limit := int(n)%4 + 1
		spell := func(data []byte) string {
			pieces := []string{"a", "b ", " ", "나 ", ",", "狐", "e\u0301", "\n"}
			var b strings.Builder
			for _, c := range data {
				b.WriteString(pieces[int(c)%len(pieces)])
			}
			return b.String()
		}
		secret, text := spell(protected), spell(said)
		taken := 0
		b, err := forbidding(chunked(cutUp(text, rand.New(rand.NewPCG(seed, 0))), &taken), limit, secret)
		if err != nil {
			return
		}
		c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, c.Text) {
			t.Fatalf("gave out %q of %q", c.Text, text)
		}
		words, secretWords := textsOf(text), textsOf(secret)
		given := textsOf(c.Text)
		if run := longest(given, secretWords); run > limit {
			t.Errorf("%q of %q: a run of %d tokens of %q, at most %d are allowed", c.Text, text, run, secret, limit)
		}
		if c.Reason == sampling.Filtered {
			if run := longest(words[:min(len(given)+1, len(words))], secretWords); run <= limit {
				t.Errorf("%q of %q was cut too early for %q", c.Text, text, secret)
			}
		} else if c.Text != text {
			t.Errorf("%q of %q, and nothing forbidden", c.Text, text)
		}
	})
}

func longest(a, b []string) (most int) {
	for i := range a {
		for j := range b {
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			most = max(most, n)
		}
	}
	return most
}

func TestForbidOnPocket(t *testing.T) {
	prompt := "The zebra is a striped African cousin of the horse and the donkey,"
	free, err := sampling.Model{Backend: pocket.Default()}.Complete(t.Context(), &sampling.Request{Prompt: prompt})
	if err != nil {
		t.Fatal(err)
	}
	b, err := forbidding(pocket.Default(), 10, prompt+free.Text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: prompt})
	if err != nil || c.Reason != sampling.Filtered || len(textsOf(c.Text)) != 10 {
		t.Errorf("%d tokens came through: %+v, %v", len(textsOf(c.Text)), c, err)
	}
}

func TestForbidMistakes(t *testing.T) {
	for _, tt := range []struct {
		n     int
		texts []string
	}{{0, []string{fox}}, {-1, []string{fox}}, {16, []string{fox}}, {50, []string{fox}}, {math.MaxInt, []string{fox}}, {5, nil}, {2, []string{fox, "too short"}}} {
		if _, err := wrap.Forbid(tt.n, tt.texts...); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("Forbid(%d, %q): %v", tt.n, tt.texts, err)
		}
	}
}

// A backend that draws several completions at once must not bypass the guard.
func TestForbidGuardsDraw(t *testing.T) {
	w, err := wrap.Forbid(1, "one two three")
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := sampling.Model{Backend: w.Wrap(able())}.Draw(t.Context(), &sampling.Request{Prompt: "p"}, 3)
	if err != nil || len(drawn) != 3 {
		t.Fatalf("%v, %v", drawn, err)
	}
	for _, c := range drawn {
		if c.Text != " one " || c.Reason != sampling.Filtered {
			t.Errorf("%q, %v", c.Text, c.Reason)
		}
	}
}

// TestForbidGoesOn is about text that has no end of a word in it: it must not be
// held back until the model is done, nor read again with each chunk.
func TestForbidGoesOn(t *testing.T) {
	chunks := make([]string, 100_000)
	for i := range chunks {
		chunks[i] = "QUJD"
	}
	taken := 0
	b, err := forbidding(chunked(chunks, &taken), 3, fox)
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	for chunk, err := range b.Sample(t.Context(), &sampling.Request{}) {
		if err != nil {
			t.Fatal(err)
		}
		if given += len(chunk.Text); 4*taken-given > 64 {
			t.Fatalf("%d of %d bytes are held back", 4*taken-given, 4*taken)
		}
	}
	if given != 400_000 {
		t.Errorf("gave out %d bytes", given)
	}
}

// TestForbidWhenItBreaksOff is about the token that is held back when the backend
// fails: it is given out before the error, unless it is the one too many.
func TestForbidWhenItBreaksOff(t *testing.T) {
	broken := errors.New("the server is gone")
	for _, tt := range []struct {
		said, text string
		fault, err error // the inner stream's, and what becomes of it
	}{
		{"The quick red fox", "The quick red fox", broken, broken},
		{"The quick brown", "The quick ", broken, nil},
		{"The quick red fox", "The quick red fox", nil, sampling.ErrTruncated},
		{"The quick brown", "The quick ", nil, nil},
	} {
		inner := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				if yield(sampling.Chunk{Text: tt.said}, nil) && tt.fault != nil {
					yield(sampling.Chunk{}, tt.fault)
				}
			}
		})
		b, err := forbidding(inner, 2, fox)
		if err != nil {
			t.Fatal(err)
		}
		c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{})
		if c.Text != tt.text || !errors.Is(err, tt.err) || (err == nil) != (c.Reason == sampling.Filtered) {
			t.Errorf("%q, then %v: %q, %v, %v", tt.said, tt.fault, c.Text, c.Reason, err)
		}
	}
}

// BenchmarkForbid reports what a token costs with 10 MB of protected text,
// beside the same stream without a guard.
func BenchmarkForbid(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 20000)
	for i := range words {
		words[i] = fmt.Sprintf("w%x", random.Uint32N(1<<20))
	}
	var text strings.Builder
	for text.Len() < 10<<20 {
		text.WriteString(words[random.IntN(len(words))])
		text.WriteByte(' ')
	}
	var stream []string
	for range 1000 {
		stream = append(stream, " "+words[random.IntN(len(words))])
	}
	taken := 0
	inner := chunked(append(slices.Clone(stream), ""), &taken)
	guarded, err := forbidding(inner, 20, text.String())
	if err != nil {
		b.Fatal(err)
	}
	for name, backend := range map[string]sampling.Backend{"bare": inner, "guarded": guarded} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for range backend.Sample(b.Context(), &sampling.Request{}) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/token")
		})
	}
}

// textsOf returns the words of text.
func textsOf(text string) (all []string) {
	for w := range split.All(text) {
		all = append(all, w.Text)
	}
	return all
}
