package eval_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

// orderly is right when the shot called best stands last, and half right when it
// stands somewhere.
func orderly() sampling.Model {
	return sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			lines := strings.Split(req.Prompt, "\n")
			query := lines[len(lines)-1]
			answer := "wrong"
			if strings.HasPrefix(lines[max(len(lines)-2, 0)], "shot7:") || strings.Contains(req.Prompt, "shot7:") && strings.ContainsAny(query, "02468") {
				answer = "right"
			}
			yield(sampling.Chunk{Text: " " + answer + "\n", Reason: sampling.EndOfText}, nil)
		}
	})}
}

func TestSearch(t *testing.T) {
	task := fewshot.Task[string, string]{Examples: append(pool(12), needs(3)...), Format: fewshot.Lines}
	search := func(seed uint64) *eval.SearchResult[string, string] {
		found, err := eval.Search(t.Context(), task, nil, orderly(), needs(6), eval.Exact, eval.SearchOptions{K: 3, Calls: 1200, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	found := search(1)
	if found.Report.Accuracy != 1 || found.Examples[2].In != "shot7" {
		t.Errorf("found %v with %v", found.Examples, found.Report)
	}
	if found.Baseline.Accuracy != 0 || found.Calls > 1200 || found.Calls != found.Tried*6 {
		t.Errorf("baseline %v, %d candidates, %d calls", found.Baseline, found.Tried, found.Calls)
	}
	for _, e := range found.Examples {
		if strings.HasPrefix(e.In, "need") {
			t.Errorf("a case is among the examples: %v", e)
		}
	}
	if again := search(1); cmp.Diff(found.Examples, again.Examples) != "" || again.Calls != found.Calls {
		t.Error("the same seed searched differently")
	}
	if found.Calls > 600 {
		t.Errorf("%d calls, where nothing was left to improve", found.Calls)
	}
	for _, tt := range []struct {
		s     eval.SearchOptions
		cases int
		want  string
	}{
		{eval.SearchOptions{K: 13, Calls: 100}, 6, "a search for 13 examples in a pool of 12"},
		{eval.SearchOptions{Calls: 100}, 6, "a search for 0 examples"},
		{eval.SearchOptions{K: 1, Calls: 5}, 6, "a budget of 5 calls, and one candidate needs 6"},
		{eval.SearchOptions{K: 1, Calls: 100}, 0, "no cases to search on"},
	} {
		if _, err := eval.Search(t.Context(), task, nil, orderly(), needs(tt.cases), eval.Exact, tt.s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// TestSearchClimbs has a model that gets two cases right for each example in the
// one place that it likes it in: a random draw never has all five, and one change
// at a time gets there.
func TestSearchClimbs(t *testing.T) {
	broken := errors.New("the server is gone")
	var calls atomic.Int64
	most := int64(math.MaxInt64)
	model := sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			if calls.Add(1) > most {
				yield(sampling.Chunk{}, broken)
				return
			}
			lines := strings.Split(req.Prompt, "\n")
			var need int
			fmt.Sscanf(lines[5], "need%d:", &need)
			answer := "wrong"
			if strings.HasPrefix(lines[need/2], []string{"shot11:", "shot5:", "shot8:", "shot0:", "shot1:"}[need/2]) {
				answer = "right"
			}
			yield(sampling.Chunk{Text: " " + answer, Reason: sampling.EndOfText}, nil)
		}
	})}
	task := fewshot.Task[string, string]{Examples: pool(12), Format: fewshot.Lines}
	last := fewshot.Progress{}
	search := eval.SearchOptions{K: 5, Calls: 10 * 300, Seed: 1, Evaluate: eval.EvaluateOptions{Progress: func(p fewshot.Progress) {
		if p.Done != last.Done+1 || p.All != 3000 {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}}}
	found, err := eval.Search(t.Context(), task, nil, model, needs(10), eval.Exact, search)
	if err != nil || found.Report.Accuracy != 1 || found.Calls != last.Done || found.Tried < 150 {
		t.Errorf("%+v, %+v, %v; want all cases right, and by climbing", found, last, err)
	}
	search.Evaluate.Progress = nil
	most = calls.Swap(0) - 15 // it fails at the last candidate but one
	if short, err := eval.Search(t.Context(), task, nil, model, needs(10), eval.Exact, search); !errors.Is(err, broken) || short.Tried != found.Tried-2 {
		t.Errorf("a model that fails: %+v, %v; want its error and the best so far", short, err)
	}
}

// A search ends when there is nothing left to try, whatever the budget.
func TestSearchEnds(t *testing.T) {
	for k, candidates := range map[int]int{1: 3, 3: 6} {
		task := fewshot.Task[string, string]{Examples: pool(3), Format: fewshot.Lines}
		found, err := eval.Search(t.Context(), task, nil, copycat(), needs(6), eval.Exact, eval.SearchOptions{K: k, Calls: 1000})
		if err != nil || found.Tried != candidates || found.Calls != 6*candidates {
			t.Errorf("%d of 3 examples: %+v, %v; want %d candidates", k, found, err, candidates)
		}
		found, err = eval.Search(t.Context(), task, nil, copycat(), needs(6), eval.Exact, eval.SearchOptions{K: k, Calls: 12})
		if err != nil || found.Tried != 2 || found.Calls != 12 {
			t.Errorf("%d of 3 examples for 12 calls: %+v, %v; want 2 candidates", k, found, err)
		}
	}
}
