package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// echo is a model that answers with the last line of the prompt in capitals,
// after a while that differs by input, and fails for inputs that begin with
// "bad".
func echo(calls, running, most *atomic.Int64) sampling.Model {
	return sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			calls.Add(1)
			now := running.Add(1)
			defer running.Add(-1)
			for {
				if old := most.Load(); now <= old || most.CompareAndSwap(old, now) {
					break
				}
			}
			in := strings.TrimSuffix(req.Prompt[strings.LastIndex(req.Prompt, "\n")+1:], ":")
			select {
			case <-time.After(time.Duration(len(in)%3) * time.Millisecond):
			case <-ctx.Done():
				yield(sampling.Chunk{}, ctx.Err())
				return
			}
			if strings.HasPrefix(in, "bad") {
				yield(sampling.Chunk{}, errors.New("no answer to "+in))
				return
			}
			yield(sampling.Chunk{Text: " " + strings.ToUpper(in) + "\n", Reason: sampling.EndOfText}, nil)
		}
	})}
}

func mapTask() *fewshot.Task[string, string] {
	return &fewshot.Task[string, string]{Format: fewshot.Lines, Examples: tenPairs[:2:2]}
}

func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("word%d", i)
	}
	return all
}

func TestMap(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		t.Run(fmt.Sprintf("unordered=%v", unordered), func(t *testing.T) {
			var calls, running, most atomic.Int64
			inputs := numbered(200)
			inputs[17], inputs[63] = "bad1", "two\nlines"
			var last fewshot.Progress
			got := map[string]string{}
			next := 0
			for r, err := range mapTask().Map(t.Context(), echo(&calls, &running, &most), slices.Values(inputs), fewshot.Mapping{Parallel: 5, Unordered: unordered, Progress: func(p fewshot.Progress) { last = p }}) {
				if err != nil {
					t.Fatal(err)
				}
				if !unordered && r.Index != next {
					t.Errorf("result %d comes after %d", r.Index, next-1)
				}
				next++
				if inputs[r.Index] != r.In {
					t.Errorf("result %d is of input %q", r.Index, r.In)
				}
				if (r.Err != nil) != (r.Index == 17 || r.Index == 63) {
					t.Errorf("result %d: %v", r.Index, r.Err)
				}
				if r.Err == nil {
					got[r.In] = r.Out
				}
			}
			if len(got) != 198 || got["word5"] != "WORD5" {
				t.Errorf("%d answers, word5 is %q", len(got), got["word5"])
			}
			if want := (fewshot.Progress{Done: 200, Failed: 2}); last != want {
				t.Errorf("progress ends at %+v, want %+v", last, want)
			}
			if most.Load() > 5 || most.Load() < 2 {
				t.Errorf("%d were under way at once, asked for 5", most.Load())
			}
			if running.Load() != 0 || calls.Load() != 199 {
				t.Errorf("%d still run, %d calls", running.Load(), calls.Load())
			}
		})
	}
}

// A seed makes the whole repeatable, and no input has that of another.
func TestMapSeeds(t *testing.T) {
	model, _ := bySeed(func(seed uint64) string { return fmt.Sprint("seed ", seed) })
	task := mapTask()
	task.Params.Seed = 5
	var got []string
	for r, err := range task.Map(t.Context(), model, slices.Values(numbered(3)), fewshot.Mapping{}) {
		if err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		got = append(got, r.Out)
	}
	if !slices.Equal(got, []string{"seed 5", "seed 6", "seed 7"}) {
		t.Errorf("the answers are %q", got)
	}
}

// A slow input holds up none of the others where the order does not matter.
func TestMapUnordered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		model := sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				if strings.HasSuffix(req.Prompt, "word0:") {
					<-held
				}
				yield(sampling.Chunk{Text: " x", Reason: sampling.EndOfText}, nil)
			}
		})}
		var order []int
		for r, err := range mapTask().Map(t.Context(), model, slices.Values(numbered(6)), fewshot.Mapping{Parallel: 2, Unordered: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if order = append(order, r.Index); len(order) == 5 {
				close(held)
			}
		}
		if !slices.Equal(order, []int{1, 2, 3, 4, 5, 0}) {
			t.Errorf("the results come in the order %v", order)
		}
	})
}

// TestMapAllAtOnce asks for more at once than there can be: as many as there are.
func TestMapAllAtOnce(t *testing.T) {
	var calls, running, most atomic.Int64
	n := 0
	for r, err := range mapTask().Map(t.Context(), echo(&calls, &running, &most), slices.Values(numbered(20)), fewshot.Mapping{Parallel: math.MaxInt}) {
		if err != nil || r.Err != nil || r.Index != n {
			t.Fatalf("result %d is %+v, %v", n, r, err)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d results of 20", n)
	}
}

func TestMapEnds(t *testing.T) {
	var calls, running, most atomic.Int64
	model := echo(&calls, &running, &most)
	forever := func(yield func(string) bool) {
		for i := 0; yield(fmt.Sprintf("bad%d", i)); i++ {
		}
	}
	n := 0
	var last error
	for r, err := range mapTask().Map(t.Context(), model, forever, fewshot.Mapping{MaxFailed: 10}) {
		if last = err; err == nil {
			n++
			if r.Err == nil {
				t.Errorf("result %d has no error", r.Index)
			}
		}
	}
	if !errors.Is(last, fewshot.ErrTooManyFailed) || n != 11 {
		t.Errorf("after %d failures: %v", n, last)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	last, n = nil, 0
	endless := func(yield func(string) bool) {
		for yield("word") {
		}
	}
	for _, err := range mapTask().Map(ctx, model, endless, fewshot.Mapping{}) {
		last = err
		if n++; n == 20 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("after cancelling: %v", last)
	}

	for range mapTask().Map(t.Context(), model, endless, fewshot.Mapping{}) {
		break // leaving the loop
	}
	if running.Load() != 0 {
		t.Errorf("%d calls outlive their loops", running.Load())
	}
	for _, err := range mapTask().Map(t.Context(), model, endless, fewshot.Mapping{Parallel: -1}) {
		if err == nil || !strings.Contains(err.Error(), "Parallel is -1") {
			t.Errorf("a negative Parallel: %v", err)
		}
	}
}

// Many inputs, some at once, one of which cannot be asked at all. With a Journal
// the same call would go on where it was interrupted.
func ExampleTask_Map() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	model := sampling.Model{Backend: pocket.Default()}
	inputs := slices.Values([]string{"teacher", "two\nlines", "river"})
	for r, err := range task.Map(context.Background(), model, inputs, fewshot.Mapping{Parallel: 2}) {
		if err != nil {
			log.Fatal(err) // the whole cannot go on
		}
		fmt.Printf("%d. %q: %q, %v\n", r.Index, r.In, r.Out, r.Err)
	}
	// Output:
	// 0. "teacher": "선생님", <nil>
	// 1. "two\nlines": "", fewshot: input contains a line break, the separator "\n" of the Format; use a Format of several lines such as Labeled, or set Format.Quote to have it written as a JSON string
	// 2. "river": "강", <nil>
}
