package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

type textPair = fewshot.Example[string, string]

// sharedBytes is a score with many ties: how many bytes of the example are in
// the query.
func sharedBytes(query, example string) (n float64) {
	for i := range len(example) {
		n += float64(strings.Count(query, example[i:i+1]))
	}
	return n
}

// densePool draws inputs of few letters, so that scores tie and inputs repeat.
func densePool(rng *rand.Rand, n int) []textPair {
	pool := make([]textPair, n)
	for i := range pool {
		in := make([]byte, 1+rng.IntN(3))
		for j := range in {
			in[j] = "abc"[rng.IntN(3)]
		}
		pool[i] = textPair{In: string(in), Out: "xy"[i%2 : i%2+1]}
	}
	return pool
}

func TestSelectorGoldens(t *testing.T) {
	pool := []textPair{{In: "aa"}, {In: "b"}, {In: "ab"}, {In: "c"}, {In: "a"}, {In: "bb"}}
	similar := fewshot.Similar(3, sharedBytes)
	tests := []struct {
		name   string
		why    string
		choose fewshot.Selector
		query  string
		want   []int
	}{
		{"first", "in order", fewshot.First(3), "x", []int{0, 1, 2}},
		{"first of none", "zero examples is a choice", fewshot.First(0), "x", nil},
		{"first of more than there are", "all of them", fewshot.First(9), "x", []int{0, 1, 2, 3, 4, 5}},
		{"random", "the seed decides", fewshot.Random(3, 7), "x", []int{3, 2, 0}},
		{"random for another query", "and not the query", fewshot.Random(3, 7), "y", []int{3, 2, 0}},
		{"similar", "the most similar last, of equals the earlier", similar, "aab", []int{4, 2, 0}},
		{"similar with nothing in common", "ties go by place in the pool", similar, "x", []int{2, 1, 0}},
		{"similar with the query in it", "never itself", similar, "a", []int{1, 2, 0}},
		{"fixed", "the constant ones first, then what is chosen from the rest", fewshot.Fixed(2, fewshot.Similar(2, sharedBytes)), "cb", []int{0, 1, 2, 5}},
		{"fixed with the whole pool", "nothing is left to choose from", fewshot.Fixed(6, fewshot.First(1)), "x", []int{0, 1, 2, 3, 4, 5}},
		{"fixed of none", "is the other Selector", fewshot.Fixed(0, fewshot.First(2)), "x", []int{0, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pick(t.Context(), tt.choose, tt.query, pool)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("chose %v, want %v: %s", got, tt.want, tt.why)
			}
		})
	}
}

// FuzzSelectors holds every Selector to what all of them promise, and Similar
// to a plain sort.
func FuzzSelectors(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed), uint8(seed*7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pool := densePool(rng, 1+int(size)%30)
		before := slices.Clone(pool)
		k := int(count) % (len(pool) + 1)
		fixed := rng.IntN(k + 1)
		query := densePool(rng, 1)[0].In
		left := 0
		for _, e := range pool {
			if e.In != query {
				left++
			}
		}
		for name, s := range map[string]fewshot.Selector{
			"First":   fewshot.First(k),
			"Random":  fewshot.Random(k, seed),
			"Similar": fewshot.Similar(k, sharedBytes),
			"Fixed":   fewshot.Fixed(fixed, fewshot.First(k-fixed)),
		} {
			order, err := pick(t.Context(), s, query, pool)
			if err != nil {
				t.Fatalf("%s(%d) of %d: %v", name, k, len(pool), err)
			}
			again, err := pick(t.Context(), s, query, pool)
			if err != nil || !slices.Equal(order, again) {
				t.Fatalf("%s: %v and then %v, %v", name, order, again, err)
			}
			if want := map[bool]int{true: min(k, left), false: min(k, len(pool))}[name == "Similar"]; len(order) != want {
				t.Fatalf("%s(%d): %d examples of %d, want %d", name, k, len(order), len(pool), want)
			}
			seen := map[int]bool{}
			for _, i := range order {
				if seen[i] {
					t.Fatalf("%s: %v has an example twice: %q", name, order, pool)
				}
				seen[i] = true
			}
		}
		if diff := cmp.Diff(before, pool); diff != "" {
			t.Fatalf("the pool was changed:\n%s", diff)
		}

		var want []int
		for i := range pool {
			if pool[i].In != query {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(a, b int) int {
			return int(sharedBytes(query, pool[b].In) - sharedBytes(query, pool[a].In))
		})
		want = want[:min(k, len(want))]
		slices.Reverse(want)
		got, err := pick(t.Context(), fewshot.Similar(k, sharedBytes), query, pool)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("Similar(%d) for %q of %q: %v, %v, want %v", k, query, pool, got, err, want)
		}
	})
}

func TestSelectorErrors(t *testing.T) {
	pool := []textPair{{In: "a"}, {In: "b"}, {In: "c"}}
	failing := func([]textPair) (fewshot.Picker, error) {
		return func(context.Context, string) (fewshot.Picks, error) { return fewshot.Picks{}, errors.ErrUnsupported }, nil
	}
	nan := func(_, example string) float64 {
		if example == "b" {
			return math.NaN()
		}
		return 1
	}
	neither := func([]textPair) (fewshot.Picker, error) { return nil, nil }
	tests := []struct {
		name   string
		choose fewshot.Selector
		pool   []textPair
	}{
		{"negative k", fewshot.First(-1), pool},
		{"random with a negative k", fewshot.Random(-1, 1), pool},
		{"similar without a score", fewshot.Similar(1, nil), pool},
		{"a score that is not a number", fewshot.Similar(1, nan), pool},
		{"fixed and then nothing", fewshot.Fixed(1, nil), pool},
		{"fixed and then a faulty one", fewshot.Fixed(1, picking(-1)), pool},
		{"fixed and then one that fails", fewshot.Fixed(1, failing), pool},
		{"fixed and then no Picker", fewshot.Fixed(1, neither), pool},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order, err := pick(t.Context(), tt.choose, "q", tt.pool)
			if err == nil {
				t.Fatalf("chose %v", order)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pick(ctx, fewshot.Similar(1, sharedBytes), "q", pool); !errors.Is(err, context.Canceled) {
		t.Errorf("Similar in a cancelled context: %v", err)
	}
}

// TestATaskWithoutExamplesAsksNoSelector makes it the zero-shot task that it is.
func TestATaskWithoutExamplesAsksNoSelector(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Select: fewshot.First(3)}
	if p, err := promptOf(t.Context(), task, sampling.Model{}, "teacher"); err != nil || p.Text != "teacher:" {
		t.Errorf("%+v, %v", p, err)
	}
	task.Add("teacher", "선생님") // the query itself is all there is
	task.Select = fewshot.First(1)
	if p, err := promptOf(t.Context(), task, sampling.Model{}, "teacher"); err != nil || p.Text != "teacher:" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestFixedKeepsThePrefix is what a server's prefix cache lives on.
func TestFixedKeepsThePrefix(t *testing.T) {
	task := fewshot.Task[string, string]{
		Instruction: "Translate English to Korean.",
		Examples:    tenPairs,
		Format:      fewshot.Lines,
		Select:      fewshot.Fixed(4, fewshot.Similar(3, sharedBytes)),
	}
	const prefix = "Translate English to Korean.\n\nbutterfly: 나비\nocean: 바다\nwhisper: 속삭임\nmountain: 산\n"
	ends := map[string]bool{}
	for _, query := range []string{"teacher", "umbrella stand", "moon", "gentleness"} {
		p, err := promptOf(t.Context(), task, sampling.Model{}, query)
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := strings.CutPrefix(p.Text, prefix)
		if !ok {
			t.Errorf("%s: the prompt does not begin with the constant part:\n%s", query, p.Text)
		}
		ends[strings.TrimSuffix(rest, query+":")] = true
	}
	if len(ends) < 2 {
		t.Errorf("all queries have the same examples after the constant part: %v", ends)
	}
}

// The most similar example stands last, next to the query. What similar means
// is the caller's: here, the letters at the end, for rhymes.
func ExampleSimilar() {
	rhymes := func(query, example string) (n float64) {
		for i := 1; i <= min(len(query), len(example)) && query[len(query)-i] == example[len(example)-i]; i++ {
			n++
		}
		return n
	}
	task := fewshot.Task[string, string]{Format: fewshot.Arrow, Select: fewshot.Similar(2, rhymes)}
	task.Add("light", "night")
	task.Add("moon", "June")
	task.Add("nation", "station")
	task.Add("motion", "ocean")
	prompt, err := task.MustCompile().Prompt(context.Background(), sampling.Model{}, "relation")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(prompt.Text)
	// Output:
	// motion => ocean
	// nation => station
	// relation =>
}

// The constant examples stand first in every prompt, so that a server reads
// them once; those chosen for the query follow them.
func ExampleFixed() {
	sameLength := func(query, example string) float64 { return -math.Abs(float64(len(query) - len(example))) }
	task := fewshot.Task[string, string]{
		Examples: tenPairs,
		Format:   fewshot.Lines,
		Select:   fewshot.Fixed(2, fewshot.Similar(1, sameLength)),
	}
	for _, query := range []string{"river", "lighthouse"} {
		prompt, err := task.MustCompile().Prompt(context.Background(), sampling.Model{}, query)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(prompt.Text)
	}
	// Output:
	// butterfly: 나비
	// ocean: 바다
	// gentle: 온화한
	// river:
	// butterfly: 나비
	// ocean: 바다
	// moonlight: 달빛
	// lighthouse:
}

// pick prepares a pool and picks for one query.
func pick(ctx context.Context, s fewshot.Selector, query string, pool []textPair) ([]int, error) {
	picker, err := s(pool)
	if err != nil {
		return nil, err
	}
	picks, err := picker(ctx, query)
	return slices.Concat(picks.Pinned, picks.Chosen), err
}
