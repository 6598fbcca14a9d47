package eval_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// jobs are what the child process does with the model.
var jobs = map[string]func(context.Context, sampling.Model) (any, error){
	"Sweep": func(ctx context.Context, m sampling.Model) (any, error) {
		task := fewshot.Task[string, string]{Examples: pool(8), Format: fewshot.Lines, Params: sampling.Params{Temperature: 0.7, Seed: 3}}
		return eval.Sweep(ctx, task, nil, m, needs(20), eval.Exact, eval.SweepOptions{Shots: []int{0, 2, 8}, Orders: 2})
	},
	"Search": func(ctx context.Context, m sampling.Model) (any, error) {
		task := fewshot.Task[string, string]{Examples: pool(8), Format: fewshot.Lines}
		best, gains, err := eval.Search(ctx, task, nil, m, needs(10), eval.Exact, 150, eval.SweepOptions{Shots: []int{1, 2, 4}, Orders: 4, Seed: 1})
		return fmt.Sprintf("%v\n%v", best.Examples, gains), err
	},
	"Map": func(ctx context.Context, m sampling.Model) (any, error) {
		task := fewshot.Task[string, string]{Examples: pool(8), Format: fewshot.Lines, Params: sampling.Params{Temperature: 0.7, Seed: 3}}
		var answers []string
		for r, err := range task.MustCompile().Map(ctx, m, func(yield func(string) bool) {
			for _, c := range needs(200) {
				if !yield(c.In) {
					return
				}
			}
		}, fewshot.MapOptions{}) {
			if err != nil {
				return nil, err
			}
			answers = append(answers, r.Out)
		}
		return answers, nil
	},
}

// noting writes a line before each request and one after.
func noting(b sampling.Backend, log *os.File, before, after string) sampling.Backend {
	return sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			note := func(what string) {
				if what == "" {
					return
				}
				seed := req.Params.Seed
				if req.Params.Temperature == 0 {
					seed = 0 // nothing is drawn
				}
				fmt.Fprintf(log, "%s %q %d\n", what, req.Prompt, seed)
			}
			note(before)
			for chunk, err := range b.Sample(ctx, req) {
				if !yield(chunk, err) {
					break
				}
			}
			note(after)
		}
	})
}

// TestKilledChild is the child process: it does a job on a store until it is killed.
func TestKilledChild(t *testing.T) {
	dir, job := os.Getenv("KILLED_CHILD"), os.Getenv("KILLED_JOB")
	if dir == "" {
		t.Skip("for TestSurvivesKills")
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	store, err := wrap.OpenStore(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	most, _ := strconv.ParseInt(os.Getenv("KILLED_AFTER"), 10, 64)
	var begun atomic.Int64
	model := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		if n := begun.Add(1); most > 0 && n > most {
			time.Sleep(time.Hour) // until the parent, which may be slow, kills this process
		}
		time.Sleep(3 * time.Millisecond)
		return copycat().Backend.Sample(ctx, req)
	})
	cached := wrap.Around(noting(model, log, "asked", ""), &wrap.Cache{Store: store, Namespace: "copycat"})
	got, err := jobs[job](t.Context(), sampling.Model{Backend: noting(cached, log, "", "known")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "result"), shown(got), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown is a result as text, without the time that it took.
func shown(result any) []byte {
	if table, ok := result.(eval.Table); ok {
		var b bytes.Buffer
		for _, row := range table {
			for _, r := range row.Reports {
				fmt.Fprintln(&b, row.Shots, row.Mean, r, r.Usage)
				r.WriteJSONL(&b)
			}
		}
		return b.Bytes()
	}
	return fmt.Append(nil, result)
}

// TestSurvivesKills kills a process five times with SIGKILL in the middle of its
// work, and lets it finish. The result is that of one run. Nothing is asked
// twice, but what was under way at a kill.
func TestSurvivesKills(t *testing.T) {
	for job, do := range jobs {
		t.Run(job, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			start := func(most int) *exec.Cmd {
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledChild$")
				child.Env = append(os.Environ(), "KILLED_CHILD="+dir, "KILLED_JOB="+job, fmt.Sprint("KILLED_AFTER=", most))
				if err := child.Start(); err != nil {
					t.Fatal(err)
				}
				return child
			}
			asked := map[string]bool{} // every request so far
			var underWay []string      // at the last kill
			seen, again := 0, 0        // bytes of the log, requests sent twice
			for run, finished := 1, false; !finished; run++ {
				most := 0
				if run <= 5 {
					most = 12
				}
				child, done := start(most), make(chan error, 1)
				go func() { done <- child.Wait() }()
				for asks := 0; run <= 5 && asks < 8 && len(done) == 0; time.Sleep(time.Millisecond) {
					log, _ := os.ReadFile(filepath.Join(dir, "log"))
					asks = bytes.Count(log[seen:], []byte("asked "))
				}
				if run <= 5 {
					child.Process.Kill()
				}
				if err := <-done; err == nil {
					finished = true
				} else if run > 5 || child.ProcessState.Exited() {
					t.Fatalf("run %d: %v", run, err)
				}
				if finished && run <= 5 {
					t.Fatalf("run %d ended before it was killed", run)
				}
				log, err := os.ReadFile(filepath.Join(dir, "log"))
				if err != nil {
					t.Fatal(err)
				}
				var now []string
				for line := range strings.Lines(string(log[seen:])) {
					what, request, _ := strings.Cut(line, " ")
					if what == "known" {
						now = slices.DeleteFunc(now, func(r string) bool { return r == request })
						continue
					}
					if asked[request] {
						if again++; !slices.Contains(underWay, request) {
							t.Errorf("run %d asks again: %s", run, request)
						}
					}
					asked[request] = true
					now = append(now, request)
				}
				if len(now) > 4 || finished && len(now) > 0 {
					t.Errorf("run %d: %d requests under way, want at most 4, and none at the end", run, len(now))
				}
				underWay, seen = append(underWay, now...), len(log)
			}
			want, err := do(t.Context(), copycat())
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, "result"))
			if err != nil || string(got) != string(shown(want)) {
				t.Errorf("%v; the result after kills differs from that of one run:\n%s", err, cmp.Diff(string(shown(want)), string(got)))
			}
			t.Logf("%d requests, %d of them sent twice, %d were under way at kills", len(asked), again, len(underWay))
		})
	}
}
