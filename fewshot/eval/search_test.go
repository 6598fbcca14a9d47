package eval_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A planted model knows which parts of a prompt help. right says whether the answer
// to need<n> is right in a prompt. It keeps the inputs that it was asked.
type planted struct {
	right func(prompt string, need int) bool
	mu    sync.Mutex
	asked []string
	fails int // the call that fails, counting from 1; 0 is none
}

var errGone = errors.New("the server is gone")

func (p *planted) Sample(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		var need int
		query := req.Prompt[strings.LastIndex(req.Prompt, "need"):]
		fmt.Sscanf(query, "need%d", &need)
		p.mu.Lock()
		p.asked = append(p.asked, fmt.Sprintf("need%d", need))
		gone := len(p.asked) == p.fails
		p.mu.Unlock()
		answer := "wrong"
		if p.right(req.Prompt, need) {
			answer = "right"
		}
		if req.Params.Temperature > 0 && req.Params.Seed%3 == 1 { // what a Task with Retries asks again
			answer = "nonsense"
		}
		if gone {
			yield(sampling.Chunk{}, errGone)
			return
		}
		yield(sampling.Chunk{Text: " " + answer, Reason: sampling.EndOfText}, nil)
	}
}

// features counts what helps: an instruction, arrows, at least two shots, and the
// example called shot7.
func features(prompt string) int {
	n := 0
	for _, helps := range []bool{
		strings.Contains(prompt, "Think."), strings.Contains(prompt, " =>"), strings.Count(prompt, "right") >= 2, strings.Contains(prompt, "shot7"),
	} {
		if helps {
			n++
		}
	}
	return n
}

// options have 3·2·3·6 = 108 variants.
func options() eval.SweepOptions {
	return eval.SweepOptions{
		Instructions: []string{"", "Think.", "Hurry."},
		Formats:      map[string]fewshot.Format{"1 line": fewshot.Lines, "arrow": fewshot.Arrow},
		Shots:        []int{0, 1, 2},
		Orders:       6,
	}
}

func zeroShot() fewshot.Task[string, string] {
	return fewshot.Task[string, string]{Examples: append(pool(8), needs(3)...), Format: fewshot.Lines, Out: fewshot.OneOf("right", "wrong")}
}

// TestSearch plants a best variant that each change comes closer to.
func TestSearch(t *testing.T) {
	model := &planted{right: func(prompt string, need int) bool { return need%4 < features(prompt) }}
	cases := needs(24)
	o := options()
	var last fewshot.Progress
	o.Evaluate.Progress = func(p fewshot.Progress) {
		if p.Done < last.Done || p.All != 2000 {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	task := zeroShot()
	task.Examples = append(needs(3), pool(8)...) // the cases among them are never shown
	best, gains, err := eval.Search(t.Context(), task, nil, sampling.Model{Backend: model}, cases, eval.Exact, 2000, o)
	if err != nil {
		t.Fatal(err)
	}
	prompt, err := best.MustCompile().Prompt(t.Context(), sampling.Model{Backend: model}, "need99")
	if err != nil || features(prompt.Text) != 4 || strings.Count(prompt.Text, "need") != 1 {
		t.Errorf("the best prompt is\n%v, %v", prompt, err)
	}
	if last.Done != len(model.asked) {
		t.Errorf("%d calls, and the last progress is %+v", len(model.asked), last)
	}
	if len(gains) != 5 || gains[0].Dimension != "all" || gains[0].After.Accuracy != 1 || gains[0].Before.Accuracy >= 1 {
		t.Fatalf("gains\n%v", gains)
	}
	for i, name := range []string{"instruction", "format", "shots", "order"} {
		g := gains[i+1]
		if g.Dimension != name || g.From == g.To && g.Before != g.After || g.Before.Accuracy > g.After.Accuracy {
			t.Errorf("gain %+v", g)
		}
	}
	if i := gains[1]; i.From != "" || i.To != "Think." || i.Before.Accuracy != 0.75 || gains[2].To != "arrow" {
		t.Errorf("gains\n%v", gains)
	}

	// No case that chose is measured on, and no other chose.
	choosing, held := eval.Split(cases, 0.5, 0)
	for _, g := range gains {
		for _, r := range slices.Concat(g.Before.Results, g.After.Results) {
			if !slices.ContainsFunc(held, func(c pair) bool { return c.In == r.In }) {
				t.Errorf("%s: measured on %s, which chose", g.Dimension, r.In)
			}
		}
	}
	firstHeld := slices.IndexFunc(model.asked, func(in string) bool {
		return !slices.ContainsFunc(choosing, func(c pair) bool { return c.In == in })
	})
	if measured := len(model.asked) - firstHeld; measured%len(held) != 0 || measured > 6*len(held) {
		t.Errorf("%d calls from the first held-out case on, of %d", measured, len(model.asked))
	}
}

// TestSearchBeginsAnew plants a best variant that no single change comes closer to.
func TestSearchBeginsAnew(t *testing.T) {
	model := func() *planted {
		return &planted{right: func(prompt string, need int) bool {
			return features(strings.ReplaceAll(prompt, "shot7", "")) == 3 || need < 3
		}}
	}
	task, o := zeroShot(), options()
	type found struct {
		task  fewshot.Task[string, string]
		gains string
		calls []string
	}
	search := func(seed uint64) found {
		m, o := model(), o
		o.Seed, o.Evaluate.Parallel = seed, 1
		best, gains, err := eval.Search(t.Context(), task, nil, sampling.Model{Backend: m}, needs(12), eval.Exact, 2000, o)
		if err != nil {
			t.Fatal(err)
		}
		best.Select = nil
		return found{best, gains.String(), m.asked}
	}
	one := search(1)
	if one.task.Instruction != "Think." || !cmp.Equal(one.task.Format, fewshot.Arrow) {
		t.Errorf("found %+v\n%s", one.task, one.gains)
	}
	if again := search(1); again.gains != one.gains || !slices.Equal(again.calls, one.calls) || !cmp.Equal(again.task.Examples, one.task.Examples) {
		t.Errorf("the same seed found\n%s\nand then\n%s", one.gains, again.gains)
	}
	if other := search(2); slices.Equal(other.calls, one.calls) {
		t.Error("two seeds searched alike")
	}
}

// TestSearchBudget has tasks that ask again, and looks at what the server sees.
func TestSearchBudget(t *testing.T) {
	for _, retries := range []int{0, 2} {
		for _, limit := range []int{1, 8} {
			for calls := 24; calls <= 480; calls += 152 {
				model := &planted{right: func(prompt string, need int) bool { return need%5 < features(prompt) }}
				var cache wrap.Cache
				cached := sampling.Model{Backend: cache.Wrap(model)}
				task, o := zeroShot(), options()
				o.Evaluate.Parallel = limit
				if task.Retries = retries; retries > 0 {
					task.Params = sampling.Params{Temperature: 1, Seed: 1}
				}
				search := func() (string, error) {
					best, gains, err := eval.Search(t.Context(), task, nil, cached, needs(12), eval.Exact, calls, o)
					return fmt.Sprint(best.Instruction, best.Format, best.Examples, gains), err
				}
				first, err := search()
				sent := len(model.asked)
				if sent > calls || sent < 12 {
					t.Errorf("budget %d, %d retries, parallel %d: %d calls", calls, retries, limit, sent)
				}
				if err != nil && (retries == 0 || calls > 60) {
					t.Errorf("budget %d, %d retries: %v", calls, retries, err)
				}
				// The same search through the cache sends nothing.
				if again, _ := search(); again != first || len(model.asked) != sent {
					t.Errorf("budget %d, %d retries, parallel %d: again sends %d calls, and finds\n%s\nafter\n%s", calls, retries, limit, len(model.asked)-sent, again, first)
				}
			}
		}
	}
}

// TestSearchContinues raises the budget: only the new calls are sent.
func TestSearchContinues(t *testing.T) {
	sent := func(budgets ...int) int {
		model := &planted{right: func(prompt string, need int) bool { return need%5 < features(prompt) }}
		var cache wrap.Cache
		cached := sampling.Model{Backend: cache.Wrap(model)}
		for _, calls := range budgets {
			if _, _, err := eval.Search(t.Context(), zeroShot(), nil, cached, needs(12), eval.Exact, calls, options()); err != nil {
				t.Fatal(err)
			}
		}
		return len(model.asked)
	}
	// At most the variants that the smaller search measured last are not in the larger.
	if small, large, both := sent(60), sent(300), sent(60, 300); small >= large || both > large+12 {
		t.Errorf("%d calls, then %d more; %d for the larger budget alone", small, both-small, large)
	}
}

// TestSearchEnds varies 4 variants with budgets that would do for more.
func TestSearchEnds(t *testing.T) {
	never := &planted{right: func(string, int) bool { return false }}
	o := eval.SweepOptions{Shots: []int{0, 1}, Instructions: []string{"", "Think."}}
	best, gains, err := eval.Search(t.Context(), zeroShot(), nil, sampling.Model{Backend: never}, needs(12), eval.Exact, 1000, o)
	if err != nil || len(never.asked) != 4*6+6 || best.Instruction != "" || gains[0].After != gains[0].Before {
		t.Errorf("%d calls, %v\n%v", len(never.asked), err, gains)
	}
	always := &planted{right: func(string, int) bool { return true }}
	if _, _, err := eval.Search(t.Context(), zeroShot(), nil, sampling.Model{Backend: always}, needs(12), eval.Exact, 1000, o); err != nil || len(always.asked) != 12 {
		t.Errorf("a baseline without an error: %d calls, %v", len(always.asked), err)
	}
}

func TestSearchFails(t *testing.T) {
	// After 20 calls the best so far has two shots.
	model := &planted{right: func(prompt string, need int) bool { return need%4 < features(prompt) }, fails: 20}
	o := eval.SweepOptions{Shots: []int{0, 2}, Instructions: []string{"", "Hurry."}, Evaluate: eval.EvaluateOptions{Parallel: 1}}
	best, gains, err := eval.Search(t.Context(), zeroShot(), nil, sampling.Model{Backend: model}, needs(12), eval.Exact, 1000, o)
	prompt, _ := best.MustCompile().Prompt(t.Context(), sampling.Model{}, "x")
	if !errors.Is(err, errGone) || !named(err) || gains != nil || strings.Count(prompt.Text, "right") != 2 {
		t.Errorf("%v\n%v\n%s", err, gains, prompt.Text)
	}

	if _, _, err := eval.Search(t.Context(), zeroShot(), nil, sampling.Model{}, needs(12), eval.Exact, 100, options()); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("no backend: %v", err)
	}
	for name, change := range map[string]func(task *fewshot.Task[string, string], cases *[]pair, calls *int, o *eval.SweepOptions){
		"nothing to vary": func(_ *fewshot.Task[string, string], _ *[]pair, _ *int, o *eval.SweepOptions) {
			*o = eval.SweepOptions{}
		},
		"one case":       func(_ *fewshot.Task[string, string], cases *[]pair, _ *int, _ *eval.SweepOptions) { *cases = needs(1) },
		"a small budget": func(_ *fewshot.Task[string, string], _ *[]pair, calls *int, _ *eval.SweepOptions) { *calls = 23 },
		"a case twice": func(_ *fewshot.Task[string, string], cases *[]pair, _ *int, _ *eval.SweepOptions) {
			*cases = append(*cases, (*cases)[0])
		},
		"an unknown label": func(_ *fewshot.Task[string, string], cases *[]pair, _ *int, _ *eval.SweepOptions) {
			(*cases)[11].Out = "neither"
		},
		"a bad example": func(task *fewshot.Task[string, string], _ *[]pair, _ *int, _ *eval.SweepOptions) {
			task.Add("a\nb", "right")
		},
		"more shots than examples that are not cases": func(_ *fewshot.Task[string, string], _ *[]pair, _ *int, o *eval.SweepOptions) {
			o.Shots = []int{0, 9}
		},
		"a bad format": func(_ *fewshot.Task[string, string], _ *[]pair, _ *int, o *eval.SweepOptions) {
			o.Formats["without an end"] = fewshot.Format{Stop: []string{}}
		},
	} {
		model := &planted{}
		task, cases, calls, o := zeroShot(), needs(12), 1000, options()
		change(&task, &cases, &calls, &o)
		if _, _, err := eval.Search(t.Context(), task, nil, sampling.Model{Backend: model}, cases, eval.Exact, calls, o); !errors.Is(err, sampling.ErrInvalid) || !named(err) || len(model.asked) > 0 {
			t.Errorf("%s: %v after %d calls", name, err, len(model.asked))
		}
	}
}

// A Classifier scores all labels in one call.
func TestSearchCountsScores(t *testing.T) {
	m := &scorer{planted: planted{right: func(string, int) bool { return false }}}
	build := func(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
		return fewshot.NewClassifier(p, []string{"right", "wrong"}, fewshot.ClassifierOptions[string]{})
	}
	if _, _, err := eval.Search(t.Context(), zeroShot(), build, sampling.Model{Backend: m}, needs(12), eval.Exact, 30, options()); err != nil || m.scored > 30 || m.scored < 24 || len(m.asked) > 0 {
		t.Errorf("%d scores, %d completions, %v", m.scored, len(m.asked), err)
	}
}

type scorer struct {
	planted
	scored int
}

func (s *scorer) Score(_ context.Context, _ *sampling.Request, labels []string) ([]sampling.Score, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scored++
	scores := make([]sampling.Score, len(labels))
	scores[0].Logprob = -1 // so that "wrong" is likelier
	return scores, nil
}
