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

// An echo answers with the last line of the prompt in capitals, after a while that
// differs by input, and fails for inputs that begin with "bad". It counts its calls.
type echo struct{ calls, running, most atomic.Int64 }

func (e *echo) model() sampling.Model {
	return sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			e.calls.Add(1)
			now := e.running.Add(1)
			defer e.running.Add(-1)
			for {
				if old := e.most.Load(); now <= old || e.most.CompareAndSwap(old, now) {
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
	synctest.Test(t, func(t *testing.T) {
		var e echo
		inputs := numbered(200)
		inputs[17], inputs[63] = "bad1", "two\nlines"
		got := map[string]string{}
		next := 0
		for r, err := range mapOf(t.Context(), mapTask(), e.model(), slices.Values(inputs), fewshot.MapOptions{Parallel: 5}) {
			if errors.Is(err, fewshot.ErrStopped) {
				t.Fatal(err)
			}
			if r.Index != next || inputs[r.Index] != r.In {
				t.Errorf("result %d is of input %d, %q", next, r.Index, r.In)
			}
			next++
			if (err != nil) != (r.Index == 17 || r.Index == 63) {
				t.Errorf("result %d: %v", r.Index, err)
			}
			if err == nil {
				got[r.In] = r.Out
			}
		}
		if next != 200 || len(got) != 198 || got["word5"] != "WORD5" {
			t.Errorf("%d results, %d answers, word5 is %q", next, len(got), got["word5"])
		}
		if e.most.Load() != 5 {
			t.Errorf("%d were under way at once, asked for 5", e.most.Load())
		}
		if e.running.Load() != 0 || e.calls.Load() != 199 {
			t.Errorf("%d still run, %d calls", e.running.Load(), e.calls.Load())
		}
	})
}

// A seed makes the whole repeatable. Each input's own seed follows from its prompt,
// so that an input that is inserted changes no other.
func TestMapSeeds(t *testing.T) {
	model, _ := bySeed(func(seed uint64) string { return fmt.Sprint("seed ", seed) })
	task := mapTask()
	answers := func(seed uint64, inputs ...string) map[string]string {
		task.Params.Seed = seed
		got := map[string]string{}
		for r, err := range mapOf(t.Context(), task, model, slices.Values(inputs), fewshot.MapOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			got[r.In] = r.Out
		}
		return got
	}
	first, inserted := answers(5, "a", "b", "c"), answers(5, "a", "new", "b", "c")
	for in, out := range first {
		if inserted[in] != out {
			t.Errorf("%s: %q, and with an inserted input %q", in, out, inserted[in])
		}
	}
	if first["a"] == first["b"] || first["a"] == answers(6, "a")["a"] {
		t.Errorf("inputs and seeds share their draws: %v", first)
	}
}

// TestMapEndsWhereAllWouldFail has faults that every input meets, and some that
// are one input's own.
func TestMapEndsWhereAllWouldFail(t *testing.T) {
	for _, tt := range []struct {
		fault error
		ends  bool
	}{
		{&sampling.Error{Backend: "x", Status: 401, Err: errors.New("wrong key")}, true},
		{&sampling.Error{Backend: "x", Status: 403, Err: errors.New("not yours")}, true},
		{&sampling.Error{Backend: "x", Status: 404, Err: errors.New("no such model")}, true},
		{fmt.Errorf("top-k: %w", sampling.ErrUnsupported), true},
		{&sampling.Error{Backend: "x", Status: 400, Err: fmt.Errorf("too long: %w", sampling.ErrBudget)}, false},
		{&sampling.Error{Backend: "x", Status: 500, Err: errors.New("oops")}, false},
		{fmt.Errorf("left it: %w", sampling.ErrConstraint), false},
		{sampling.ErrTruncated, false},
	} {
		model := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, tt.fault) }
		})}
		for _, keepGoing := range []bool{false, true} {
			n := 0
			var last error
			for _, err := range mapOf(t.Context(), mapTask(), model, slices.Values(numbered(30)), fewshot.MapOptions{Parallel: 1, KeepGoing: keepGoing}) {
				n++
				if last = err; err == nil {
					t.Errorf("%v: a result without an error", tt.fault)
				}
			}
			want := 30
			if tt.ends && !keepGoing {
				want = 2 // the input's own error, and that of the whole
			}
			if n != want || errors.Is(last, fewshot.ErrStopped) != (want == 2) || !errors.Is(last, tt.fault) {
				t.Errorf("%v, keep going %v: %d pairs, the last %v", tt.fault, keepGoing, n, last)
			}
		}
	}
}

// TestMapPanics has a Codec that panics: the caller of the loop can recover.
func TestMapPanics(t *testing.T) {
	task := mapTask()
	task.Out.Decode = func(string) (string, error) { panic("a bug") }
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "a bug") {
			t.Errorf("recovered %v", p)
		}
	}()
	for range mapOf(t.Context(), task, new(echo).model(), slices.Values(numbered(10)), fewshot.MapOptions{}) {
	}
	t.Error("the panic was lost")
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
		for r, err := range mapOf(t.Context(), mapTask(), model, slices.Values(numbered(6)), fewshot.MapOptions{Parallel: 2, Unordered: true}) {
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
	n := 0
	for r, err := range mapOf(t.Context(), mapTask(), new(echo).model(), slices.Values(numbered(20)), fewshot.MapOptions{Parallel: math.MaxInt}) {
		if err != nil || r.Index != n {
			t.Fatalf("result %d is %+v, %v", n, r, err)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d results of 20", n)
	}
}

func TestMapEnds(t *testing.T) {
	var e echo
	model := e.model()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	endless := func(yield func(string) bool) {
		for yield("word") {
		}
	}
	for _, err := range mapOf(ctx, mapTask(), model, endless, fewshot.MapOptions{}) {
		last = err
		if n++; n == 20 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || !errors.Is(last, fewshot.ErrStopped) {
		t.Errorf("after cancelling: %v", last)
	}

	for range mapOf(t.Context(), mapTask(), model, endless, fewshot.MapOptions{}) {
		break // leaving the loop
	}
	if e.running.Load() != 0 {
		t.Errorf("%d calls outlive their loops", e.running.Load())
	}
	var err error
	for _, err = range mapOf(t.Context(), mapTask(), model, endless, fewshot.MapOptions{Parallel: -1}) {
	}
	if !errors.Is(err, sampling.ErrInvalid) || !errors.Is(err, fewshot.ErrStopped) {
		t.Errorf("a negative Parallel: %v", err)
	}
}

// Many inputs, some at once, one of which cannot be asked at all.
func ExamplePrompter_Map() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	model := sampling.Model{Backend: pocket.Default()}
	inputs := slices.Values([]string{"teacher", "two\nlines", "river"})
	for r, err := range task.MustCompile().Map(context.Background(), model, inputs, fewshot.MapOptions{Parallel: 2}) {
		if errors.Is(err, fewshot.ErrStopped) {
			log.Fatal(err) // the rest is not answered
		}
		fmt.Printf("%d. %q: %q, %v\n", r.Index, r.In, r.Out, err)
	}
	// Output:
	// 0. "teacher": "선생님", <nil>
	// 1. "two\nlines": "", fewshot: input contains a line break, the separator "\n" of the Format; use a Format of several lines such as Labeled, or set Format.Quote to have it written as a JSON string
	// 2. "river": "강", <nil>
}
