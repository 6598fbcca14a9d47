package fewshot_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

// A wordCounter counts words, and line breaks that follow each other in pairs,
// so that the count of a whole differs from the sum of its parts where two parts
// meet, as with real tokenizers. Each text has one token more, as with those
// that begin it with one.
type wordCounter struct{ calls *atomic.Int64 }

func (c wordCounter) Count(ctx context.Context, text string) (int, error) {
	if c.calls != nil {
		c.calls.Add(1)
	}
	n := 1
	for line := range strings.Lines(text) {
		n += len(strings.Fields(line))
	}
	for breaks := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '\n' }) {
		n += (len(breaks) + 1) / 2
	}
	return n, nil
}

func TestFitting(t *testing.T) {
	task := fewshot.Task[string, string]{Instruction: "Translate.", Examples: tenPairs, Format: fewshot.Lines}
	task.Params.MaxTokens = 8
	tests := []struct {
		why     string
		window  int
		shots   int
		dropped []int
		tokens  int
	}{
		{"all fit", 100, 10, nil, 34},
		{"just", 42, 10, nil, 34},
		{"one token less costs an example, the first", 41, 9, []int{0}, 31},
		{"most are dropped, in the order of their value", 18, 2, []int{0, 1, 2, 3, 4, 5, 6, 7}, 10},
		{"none fits, but the query does", 14, 0, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4},
	}
	for _, tt := range tests {
		m := sampling.Model{Window: tt.window, Counter: wordCounter{}}
		p, err := promptOf(t.Context(), task, m, "teacher")
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		n, _ := m.Count(context.Background(), p.Text)
		if n != p.Tokens || n > tt.window-8 {
			t.Errorf("%s: the prompt says %d tokens, has %d, and %d fit", tt.why, p.Tokens, n, tt.window-8)
		}
		if len(p.Shots) != tt.shots || p.Tokens != tt.tokens {
			t.Errorf("%s: %d shots and %d tokens, want %d and %d", tt.why, len(p.Shots), p.Tokens, tt.shots, tt.tokens)
		}
		if diff := cmp.Diff(tt.dropped, p.Dropped); len(tt.dropped)+len(p.Dropped) > 0 && diff != "" {
			t.Errorf("%s: dropped (-want +got):\n%s", tt.why, diff)
		}
		if !strings.HasPrefix(p.Text, "Translate.\n\n") || !strings.HasSuffix(p.Text, "teacher:") {
			t.Errorf("%s: the instruction and the query are never dropped: %q", tt.why, p.Text)
		}
	}
	_, err := promptOf(t.Context(), task, sampling.Model{Window: 11, Counter: wordCounter{}}, "teacher")
	if !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("the query alone does not fit: %v", err)
	}
	_, err = promptOf(t.Context(), task, sampling.Model{Window: 11}, "teacher")
	if !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("where bytes count: %v", err)
	}
	_, err = promptOf(t.Context(), task, sampling.Model{Window: 8, Counter: wordCounter{}}, "teacher")
	if !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("MaxTokens fills the window: %v", err)
	}
}

// TestFewCounts fits 1,000 examples into windows of every size by counters whose
// tokens have few bytes and many, and holds the number of counts to 1 + log2(n).
func TestFewCounts(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Examples: manyPairs(1000)}
	task.Params.MaxTokens = 1
	p := task.MustCompile()
	most := int64(0)
	for _, perToken := range []int{1, 3, 17} {
		var calls atomic.Int64
		counter := countFunc(func(_ context.Context, text string) (int, error) {
			calls.Add(1)
			return (len(text) + perToken - 1) / perToken, nil
		})
		for window := 40; window < 30000; window += 311 {
			calls.Store(0)
			got, err := p.Prompt(t.Context(), sampling.Model{Window: window, Counter: counter}, "teacher")
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, calls.Load())
			best, size := 0, len("teacher:")
			for best < 1000 {
				if size += len(plain(task.Examples[1000-best-1:1000-best], "")) - len(":"); (size+perToken-1)/perToken > window-1 {
					break
				}
				best++
			}
			if n := len(got.Shots); n != best && n != best-1 {
				t.Errorf("%d bytes a token, window %d: %d shots, and %d fit", perToken, window, n, best)
			}
		}
	}
	if most > 11 {
		t.Errorf("a prompt was counted %d times; 1 + log2(1000) is 10.97", most)
	}
}

// counters are ways to count exactly: by words, whose parts add up at line breaks;
// by a real vocabulary; by four bytes to a token, rounded up, of which a whole
// has fewer than its parts; and by lines that count the more, the more there are.
var counters = []func(testing.TB) sampling.Counter{
	func(testing.TB) sampling.Counter { return wordCounter{} },
	func(t testing.TB) sampling.Counter {
		counter, err := tiktoken.For("cl100k_base")
		if err != nil {
			t.Fatal(err)
		}
		return counter
	},
	func(testing.TB) sampling.Counter { return quarters{} },
	func(testing.TB) sampling.Counter { return crowd{} },
}

// quarters is what many programs take for a Counter.
type quarters struct{}

func (quarters) Count(ctx context.Context, text string) (int, error) { return (len(text) + 3) / 4, nil }

type crowd struct{}

func (crowd) Count(ctx context.Context, text string) (int, error) {
	lines := strings.Count(text, "\n")
	return len(text)/4 + lines*lines, nil
}

// FuzzFit checks that no prompt is over the window by a counter that counts
// exactly, whatever the examples, that it says how many tokens it has, and that
// at most one example is dropped that would have fitted.
func FuzzFit(f *testing.F) {
	f.Add(uint8(20), uint8(0), []byte{0, 8, 0, 0, 8, 0}, []byte{0}, true)
	for seed := range uint8(60) {
		rng := rand.New(rand.NewPCG(uint64(seed), 9))
		data, query := make([]byte, rng.IntN(120)), make([]byte, 1+rng.IntN(6))
		for i := range data {
			data[i] = byte(rng.IntN(256))
		}
		for i := range query {
			query[i] = byte(rng.IntN(256))
		}
		f.Add(uint8(10+rng.IntN(240)), seed, data, query, seed%2 == 0)
	}
	formats := []fewshot.Format{
		fewshot.QA, fewshot.Lines, {Before: "| ", Between: " | ", After: " |\n"},
		{Between: "q", After: "z"},                 // all letters, which a vocabulary joins across shots
		{Between: " ", After: " . "},               // no line break
		{Before: "/", Between: ":\n", After: "\n"}, // a break that some vocabularies join
	}
	f.Fuzz(func(t *testing.T, window, kind uint8, data, query []byte, random bool) {
		format := formats[int(kind)/len(counters)%len(formats)]
		m := sampling.Model{Window: 2 * int(window), Counter: counters[int(kind)%len(counters)](t)}
		task := fewshot.Task[string, string]{Format: format}
		pieces := []string{"a", "b", "나", "7", "-", "a b", "/", " "}
		value := func(c byte) string { return pieces[int(c)%len(pieces)] + "aaaa"[:c/64] }
		for i := 0; i+2 <= len(data); i += 2 {
			task.Add(value(data[i])+"a", "a"+value(data[i+1])+"a")
		}
		task.Params.MaxTokens = 2
		if random && len(task.Examples) > 0 {
			task.Select = fewshot.Random(len(task.Examples), uint64(window))
		}
		for i := range query {
			p, err := promptOf(t.Context(), task, m, value(query[i])+"b")
			if err != nil {
				continue
			}
			n, _ := m.Count(context.Background(), p.Text)
			if window > 0 && n > m.Window-2 {
				t.Errorf("%T, %+v: %d tokens in a window of %d beside 2: %q", m.Counter, format, n, m.Window, p.Text)
			}
			if window > 0 && n != p.Tokens {
				t.Errorf("%T, %+v: the prompt says %d tokens and has %d: %q", m.Counter, format, p.Tokens, n, p.Text)
			}
			if len(p.Dropped) == 0 {
				continue
			}
			if len(p.Dropped) < 2 {
				continue
			}
			whole := p.Text
			for _, i := range slices.Backward(p.Dropped[len(p.Dropped)-2:]) {
				e := task.Examples[i]
				whole = format.Before + e.In + format.Between + e.Out + format.After + whole
			}
			if two, _ := m.Count(context.Background(), whole); two <= m.Window-2 {
				t.Errorf("%T, %+v: two more examples would fit %d tokens: %q", m.Counter, format, m.Window, p.Text)
			}
		}
	})
}

// A Counter that fails ends the call.
func TestCountersThatFail(t *testing.T) {
	gone := errors.New("the server is gone")
	task := fewshot.Task[string, string]{Instruction: "Translate.", Examples: tenPairs[:3], Format: fewshot.Lines}
	counter := countFunc(func(context.Context, string) (int, error) { return 0, gone })
	if _, err := promptOf(t.Context(), task, sampling.Model{Window: 1000, Counter: counter}, "teacher"); !errors.Is(err, gone) {
		t.Error(err)
	}
}

// TestNothingIsCountedWithoutAWindow spares a Counter that is a server.
func TestNothingIsCountedWithoutAWindow(t *testing.T) {
	counter := countFunc(func(context.Context, string) (int, error) { return 0, errors.New("counted") })
	task := fewshot.Task[string, string]{Examples: tenPairs, Format: fewshot.Lines}
	if p, err := promptOf(t.Context(), task, sampling.Model{Counter: counter}, "teacher"); err != nil || p.Tokens != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

type countFunc func(context.Context, string) (int, error)

func (f countFunc) Count(ctx context.Context, text string) (int, error) { return f(ctx, text) }

// TestFittingIsShared has many goroutines fit and count the same examples, by two
// Counters in turn. The race detector watches.
func TestFittingIsShared(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Examples: manyPairs(50)}
	task.Params.MaxTokens = 8
	want := map[sampling.Counter]int{quarters{}: 0, wordCounter{}: 0}
	for counter := range want {
		p, err := promptOf(t.Context(), task, sampling.Model{Window: 120, Counter: counter}, "teacher")
		if err != nil {
			t.Fatal(err)
		}
		want[counter] = len(p.Shots)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for counter, shots := range want {
					p, err := promptOf(t.Context(), task, sampling.Model{Window: 120, Counter: counter}, "teacher")
					if err != nil || len(p.Shots) != shots {
						t.Errorf("%T: %d shots, want %d: %v", counter, len(p.Shots), shots, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestCountersThatRound answers many queries through a Model whose Counter
// rounds: each must reach the backend, since a prompt that is over the window by
// one token is refused.
func TestCountersThatRound(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Examples: manyPairs(100)}
	task.Params.MaxTokens = 8
	model, _ := bySeed(func(uint64) string { return "4" })
	model.Counter = quarters{}
	query := "q"
	for model.Window = 100; model.Window < 160; model.Window++ {
		query += "q"
		if _, err := runOf(t.Context(), task, model, query); err != nil {
			t.Errorf("a window of %d: %v", model.Window, err)
		}
	}
}
