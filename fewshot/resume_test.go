package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// tallying is a server that counts how often each request arrives.
type tallying struct {
	mu    sync.Mutex
	asked map[string]int
}

func (s *tallying) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		s.mu.Lock()
		s.asked[fmt.Sprint(req.Prompt, req.Params.Seed)]++
		s.mu.Unlock()
		yield(sampling.Chunk{Text: fmt.Sprintf(" answer %d\n", req.Params.Seed), Reason: sampling.EndOfText}, nil)
	}
}

func (s *tallying) Describe(context.Context) (sampling.Info, error) {
	return sampling.Info{Model: "m"}, nil
}

// TestMapResumes maps 1,000 inputs through a Cache in a file, is interrupted half
// way, and runs again: greedy and drawn with a seed, then with an input inserted in
// the middle, then with one more example that the Selector does not choose. No
// request arrives twice.
func TestMapResumes(t *testing.T) {
	for _, params := range []sampling.Params{{}, {Temperature: 0.7, Seed: 3}} {
		path := filepath.Join(t.TempDir(), "cache")
		server := &tallying{asked: map[string]int{}}
		task := fewshot.Task[string, string]{Format: fewshot.Lines, Examples: tenPairs, Select: fewshot.First(3), Params: params}
		run := func(task fewshot.Task[string, string], inputs []string, most int) map[string]string {
			store, err := wrap.OpenStore(path)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			m := sampling.Model{Backend: (&wrap.Cache{Store: store}).Wrap(server)}
			got := map[string]string{}
			for r, err := range task.MustCompile().Map(t.Context(), m, slices.Values(inputs), fewshot.MapOptions{Parallel: 8}) {
				if err != nil {
					t.Fatal(err)
				}
				if got[r.In] = r.Out; len(got) == most {
					break
				}
			}
			return got
		}
		inputs := numbered(1000)
		half := run(task, inputs, 500)
		all := run(task, inputs, 0)
		for in, out := range half {
			if all[in] != out {
				t.Fatalf("%s: %q, and then %q", in, out, all[in])
			}
		}
		inserted := run(task, slices.Insert(slices.Clone(inputs), 500, "inserted"), 0)
		if len(inserted) != 1001 {
			t.Errorf("%d answers", len(inserted))
		}
		task.Add("one more", "example")
		run(task, inputs, 0)
		// The interrupted run had calls under way, whose answers nobody waited for.
		twice := 0
		for _, n := range server.asked {
			twice += n - 1
		}
		if len(server.asked) != 1001 || twice > 8*5 {
			t.Errorf("%+v: %d requests, %d of them sent again", params, len(server.asked), twice)
		}
		server.asked = map[string]int{}
		run(task, inputs, 0)
		if len(server.asked) > 0 {
			t.Errorf("%+v: %d requests of what is in the cache", params, len(server.asked))
		}
	}
}

// Map resumes work that was interrupted: run it again with the same cache, and only
// what is missing is asked.
func ExamplePrompter_Map_resume() {
	dir, err := os.MkdirTemp("", "map")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	words := slices.Values([]string{"teacher", "river", "school"})
	for _, most := range []int{1, 3} { // the first run ends after one word
		store, err := wrap.OpenStore(filepath.Join(dir, "answers.jsonl"))
		if err != nil {
			log.Fatal(err)
		}
		cache := &wrap.Cache{Store: store, Namespace: "pocket"}
		model := sampling.Model{Backend: cache.Wrap(pocket.Default())}
		n := 0
		for r, err := range task.MustCompile().Map(context.Background(), model, words, fewshot.MapOptions{Parallel: 1}) {
			if errors.Is(err, fewshot.ErrStopped) {
				log.Fatal(err)
			}
			fmt.Println(r.In, r.Out, err)
			if n++; n == most {
				break
			}
		}
		fmt.Println("from the cache:", cache.Stats().Hits)
		store.Close()
	}
	// Output:
	// teacher 선생님 <nil>
	// from the cache: 0
	// teacher 선생님 <nil>
	// river 강 <nil>
	// school 학교 <nil>
	// from the cache: 1
}
