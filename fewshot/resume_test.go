package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A remembering backend keeps what it answered, as a cache does, and notes what it
// was asked a second time.
type remembering struct {
	mu    sync.Mutex
	known map[string]bool
	asked int // requests that it could not answer from memory

	holds func(query string) bool // requests to hold until they are cancelled; nil is none
	held  int                     // those that were under way
}

func (b *remembering) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		params := req.Params
		if params.Temperature == 0 {
			params.Seed = 0 // nothing is drawn
		}
		key := fmt.Sprintf("%q %q %+v", req.Prompt, req.Stop, params)
		if req.Params.Temperature > 0 && req.Params.Seed == 0 {
			yield(sampling.Chunk{}, errors.New("a sampled request without a seed is not found again"))
			return
		}
		query := strings.TrimSuffix(req.Prompt[strings.LastIndex(req.Prompt, "\n")+1:], ":")
		b.mu.Lock()
		held := b.holds != nil && b.holds(query)
		if held {
			b.held++
		} else if !b.known[key] {
			b.known[key] = true
			b.asked++
		}
		b.mu.Unlock()
		if held {
			<-ctx.Done()
			yield(sampling.Chunk{}, ctx.Err())
			return
		}
		yield(sampling.Chunk{Text: " " + strings.ToUpper(query), Reason: sampling.StopSequence}, nil)
	}
}

// TestMapResumes leaves a Map half way and runs it again on the same memory: no
// request is new. An input inserted in the middle is one new request, and an
// example that no query gets is none.
func TestMapResumes(t *testing.T) {
	for _, params := range []sampling.Params{{}, {Temperature: 0.7, Seed: 3}} {
		t.Run(fmt.Sprintf("temperature %v", params.Temperature), func(t *testing.T) {
			b := &remembering{known: map[string]bool{}}
			task := fewshot.Task[string, string]{Examples: slices.Clone(tenPairs[:3]), Select: fewshot.First(2), Format: fewshot.Lines, Params: params}
			run := func(inputs []string, most int) (n int) {
				t.Helper()
				for r, err := range task.MustCompile().Map(t.Context(), sampling.Model{Backend: b}, slices.Values(inputs), fewshot.MapOptions{}) {
					if err != nil || r.Out != strings.ToUpper(r.In) {
						t.Fatalf("%+v, %v", r, err)
					}
					if n++; n == most {
						break
					}
				}
				return n
			}
			inputs := numbered(1000)
			b.holds = func(query string) bool { return slices.Index(inputs, query) >= 500 }
			if n := run(inputs, 500); n != 500 || b.asked != 500 || b.held > 4 {
				t.Errorf("%d results of %d requests, with %d under way at the end; want 500 and at most 4", n, b.asked, b.held)
			}
			b.holds = nil
			for _, step := range []struct {
				what   string
				inputs []string
				asked  int
			}{
				{"run again", inputs, 1000},
				{"once more", inputs, 1000},
				{"with a row inserted", slices.Insert(slices.Clone(inputs), 500, "inserted"), 1001},
				{"with an example that is not chosen", inputs, 1001},
			} {
				if step.what == "with an example that is not chosen" {
					task.Add("whisper", "속삭임")
				}
				if n := run(step.inputs, -1); n != len(step.inputs) || b.asked != step.asked {
					t.Errorf("%s: %d results, and %d requests so far, want %d", step.what, n, b.asked, step.asked)
				}
			}
		})
	}
}

// A Selector of one's own reads the pool once and returns what picks for each
// query. This one shows the examples that begin like the query.
func ExampleSelector() {
	alike := func(pool []fewshot.Example[string, string]) (fewshot.Picker, error) {
		byLetter := map[byte][]int{}
		for i, e := range pool {
			byLetter[e.In[0]] = append(byLetter[e.In[0]], i)
		}
		return func(_ context.Context, query string) (fewshot.Picks, error) {
			return fewshot.Picks{Chosen: byLetter[query[0]]}, nil
		}, nil
	}
	task := fewshot.Task[string, string]{Format: fewshot.Arrow, Select: alike}
	task.Add("one", "1")
	task.Add("two", "2")
	task.Add("three", "3")
	prompt, err := task.MustCompile().Prompt(context.Background(), sampling.Model{}, "twelve")
	if err != nil {
		panic(err)
	}
	fmt.Println(prompt.Text)
	// Output:
	// two => 2
	// three => 3
	// twelve =>
}
