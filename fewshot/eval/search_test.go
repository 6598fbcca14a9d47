package eval_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
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
	task := &fewshot.Task[string, string]{Examples: append(pool(12), needs(3)...), Format: fewshot.Lines}
	search := func(seed uint64) *eval.Found[string, string] {
		found, err := eval.Search(t.Context(), task, orderly(), needs(6), eval.Exact[string], eval.Searching{K: 3, Calls: 1200, Seed: seed})
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
	var file strings.Builder
	if err := found.Write(&file, fewshot.Columns{}); err != nil {
		t.Fatal(err)
	}
	back, err := fewshot.Collect(fewshot.ReadJSONL[string, string](strings.NewReader(file.String()), fewshot.Columns{}))
	if diff := cmp.Diff(found.Examples, back); err != nil || diff != "" {
		t.Errorf("%v (-found +read):\n%s", err, diff)
	}
	for _, tt := range []struct {
		s     eval.Searching
		cases int
		want  string
	}{
		{eval.Searching{K: 13, Calls: 100}, 6, "a search for 13 examples in a pool of 12"},
		{eval.Searching{Calls: 100}, 6, "a search for 0 examples"},
		{eval.Searching{K: 1, Calls: 5}, 6, "a budget of 5 calls, and one candidate needs 6"},
		{eval.Searching{K: 1, Calls: 100}, 0, "no cases to search on"},
	} {
		if _, err := eval.Search(t.Context(), task, orderly(), needs(tt.cases), eval.Exact[string], tt.s); err == nil || !strings.Contains(err.Error(), tt.want) {
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
	task := &fewshot.Task[string, string]{Examples: pool(12), Format: fewshot.Lines}
	tried, best := 0, -1.0
	search := eval.Searching{
		K: 5, Calls: 10 * 300, Seed: 1,
		Tried: func(candidate int, r *eval.Report, isBest bool) {
			if tried++; candidate != tried || isBest != (r.Accuracy > best) {
				t.Errorf("candidate %d: %v, best %v, after %v", candidate, r, isBest, best)
			}
			best = max(best, r.Accuracy)
		},
	}
	found, err := eval.Search(t.Context(), task, model, needs(10), eval.Exact[string], search)
	if err != nil || found.Report.Accuracy != 1 || found.Tried != tried || found.Tried < 150 {
		t.Errorf("%+v after %d candidates, %v; want all cases right, and by climbing", found, tried, err)
	}
	search.Tried = nil
	most = calls.Swap(0) - 15 // it fails at the last candidate but one
	if short, err := eval.Search(t.Context(), task, model, needs(10), eval.Exact[string], search); !errors.Is(err, broken) || short.Tried != found.Tried-2 {
		t.Errorf("a model that fails: %+v, %v; want its error and the best so far", short, err)
	}
}

// A search ends when there is nothing left to try, whatever the budget.
func TestSearchEnds(t *testing.T) {
	for k, candidates := range map[int]int{1: 3, 3: 6} {
		task := &fewshot.Task[string, string]{Examples: pool(3), Format: fewshot.Lines}
		found, err := eval.Search(t.Context(), task, copycat(), needs(6), eval.Exact[string], eval.Searching{K: k, Calls: 1000})
		if err != nil || found.Tried != candidates || found.Calls != 6*candidates {
			t.Errorf("%d of 3 examples: %+v, %v; want %d candidates", k, found, err, candidates)
		}
		found, err = eval.Search(t.Context(), task, copycat(), needs(6), eval.Exact[string], eval.Searching{K: k, Calls: 12})
		if err != nil || found.Tried != 2 || found.Calls != 12 {
			t.Errorf("%d of 3 examples for 12 calls: %+v, %v; want 2 candidates", k, found, err)
		}
	}
}

// TestSearchGoesOn interrupts a search, goes on with it, and then gives it a
// larger budget: nothing is asked twice, and what is found is the same.
func TestSearchGoesOn(t *testing.T) {
	var calls atomic.Int64
	broken := errors.New("the server is gone")
	counted := func(most int64) sampling.Model {
		backend := orderly().Backend
		return sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			if calls.Add(1) > most {
				return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
			}
			return backend.Sample(ctx, req)
		})}
	}
	search := func(m sampling.Model, s eval.Searching) (*eval.Found[string, string], error) {
		task := &fewshot.Task[string, string]{Examples: pool(12), Format: fewshot.Lines}
		s.K, s.Seed = 3, 1
		return eval.Search(t.Context(), task, m, needs(6), eval.Exact[string], s)
	}
	through, err := search(orderly(), eval.Searching{Calls: 120})
	if err != nil {
		t.Fatal(err)
	}
	s := eval.Searching{Calls: 120, Dir: filepath.Join(t.TempDir(), "not", "there", "yet")}
	if found, err := search(counted(40), s); !errors.Is(err, broken) || found == nil || found.Report == nil {
		t.Fatalf("interrupted: %+v, %v; want the best so far and the error", found, err)
	}
	calls.Store(0)
	found, err := search(counted(1000), s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(through.Examples, found.Examples); diff != "" || found.Calls != through.Calls || found.Tried != through.Tried {
		t.Errorf("%d calls and %d tried, and without interruption %d and %d (-through +gone on):\n%s", found.Calls, found.Tried, through.Calls, through.Tried, diff)
	}
	if n := int(calls.Load()); n > found.Calls-36 {
		t.Errorf("%d of %d calls were made again, where six candidates were whole", n, found.Calls)
	}
	calls.Store(0)
	if again, err := search(counted(0), s); err != nil || calls.Load() != 0 || again.Report.Accuracy != found.Report.Accuracy {
		t.Errorf("the same search again: %d calls, %v", calls.Load(), err)
	}
	s.Calls = 600
	longer, err := search(counted(1000), s)
	if err != nil || longer.Report.Accuracy < found.Report.Accuracy || int(calls.Load()) > longer.Calls-60 {
		t.Errorf("with a larger budget: %v after %v, %d new calls of %d, %v", longer.Report, found.Report, calls.Load(), longer.Calls, err)
	}
	other := s
	other.Work = "another model"
	if _, err := search(counted(1000), other); err == nil || !strings.Contains(err.Error(), "other work") {
		t.Errorf("another model in the same folder: %v", err)
	}
}
