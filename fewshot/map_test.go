package fewshot_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestMapJournalOfOtherWork(t *testing.T) {
	var calls, running, most atomic.Int64
	model := echo(&calls, &running, &most)
	file := filepath.Join(t.TempDir(), "journal")
	run := func(task *fewshot.Task[string, string], inputs ...string) error {
		for _, err := range task.Map(t.Context(), model, slices.Values(inputs), fewshot.Mapping{Journal: file}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := run(mapTask(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	before := calls.Load()
	if err := run(mapTask(), "a", "b", "c"); err != nil || calls.Load() != before+1 {
		t.Errorf("one more input made %d calls, %v", calls.Load()-before, err)
	}
	if err := run(mapTask(), "a", "x"); err == nil || !strings.Contains(err.Error(), "other inputs") {
		t.Errorf("other inputs: %v", err)
	}
	asked := calls.Load()
	variant := func(change func(*fewshot.Task[string, string], *sampling.Model, *fewshot.Mapping)) error {
		task, m, o := mapTask(), model, fewshot.Mapping{Journal: file}
		change(task, &m, &o)
		for _, err := range task.Map(t.Context(), m, slices.Values([]string{"a", "b"}), o) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for name, change := range map[string]func(*fewshot.Task[string, string], *sampling.Model, *fewshot.Mapping){
		"other parameters": func(task *fewshot.Task[string, string], _ *sampling.Model, _ *fewshot.Mapping) {
			task.Params.Temperature = 1
		},
		"other examples": func(task *fewshot.Task[string, string], _ *sampling.Model, _ *fewshot.Mapping) {
			task.Add("moon", "달")
		},
		"another format": func(task *fewshot.Task[string, string], _ *sampling.Model, _ *fewshot.Mapping) {
			task.Format.Quote = true
		},
		"a Selector": func(task *fewshot.Task[string, string], _ *sampling.Model, _ *fewshot.Mapping) {
			task.Select = fewshot.First(1)
		},
		"a Window":      func(_ *fewshot.Task[string, string], m *sampling.Model, _ *fewshot.Mapping) { m.Window = 1000 },
		"another model": func(_ *fewshot.Task[string, string], _ *sampling.Model, o *fewshot.Mapping) { o.Work = "another model" },
	} {
		if err := variant(change); err == nil || !strings.Contains(err.Error(), "other work") || calls.Load() != asked {
			t.Errorf("%s: %v, and %d calls", name, err, calls.Load()-asked)
		}
	}
	if err := os.WriteFile(file, []byte("my notes\nnot a journal\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(mapTask(), "a"); err == nil || !strings.Contains(err.Error(), "no journal") {
		t.Errorf("some other file: %v", err)
	}
	if notes, _ := os.ReadFile(file); string(notes) != "my notes\nnot a journal\n" {
		t.Errorf("some other file was changed: %q", notes)
	}
}

const killedJournal = "FOREWORD_TEST_JOURNAL"

// TestMain lets the test binary be the program that is killed.
func TestMain(m *testing.M) {
	if file := os.Getenv(killedJournal); file != "" {
		var calls, running, most atomic.Int64
		for r, err := range mapTask().Map(context.Background(), echo(&calls, &running, &most), slices.Values(numbered(60)), fewshot.Mapping{Journal: file}) {
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println(r.Index, r.Out)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestMapSurvivesKills kills a mapping again and again, and checks that what one
// run finished the next does not ask again, and that the whole is as if it had
// run through.
func TestMapSurvivesKills(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal")
	for kill := range 15 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), killedJournal+"="+file)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range rand.N(6) + kill*4 {
			lines.Scan()
		}
		child.Process.Kill()
		child.Wait()
	}
	var calls, running, most atomic.Int64
	var got []string
	resumed := 0
	for r, err := range mapTask().Map(t.Context(), echo(&calls, &running, &most), slices.Values(numbered(60)), fewshot.Mapping{Journal: file}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Out)
		if r.Resumed {
			resumed++
		}
	}
	want := numbered(60)
	for i := range want {
		want[i] = strings.ToUpper(want[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if resumed < 40 || resumed+int(calls.Load()) != 60 {
		t.Errorf("%d answers were kept, and %d asked for again", resumed, calls.Load())
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
	// 1. "two\nlines": "", fewshot: input contains a line break, the separator "\n" of the Format; use a Format of several lines such as Labeled, or encode it as JSON
	// 2. "river": "강", <nil>
}
