package eval_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

const (
	sweptDir = "FOREWORD_TEST_SWEEP"
	failed   = 3 // the exit status of a child whose sweep fails
)

// TestMain lets the test binary be the program that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(sweptDir); dir != "" {
		table, err := sweep(dir, new(atomic.Int64), func(done, all int) { fmt.Println(done) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(failed)
		}
		fmt.Println(table)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// swept is how many answers the sweep has.
const swept = 3 * 3 * 20

// sweep is a sweep whose every answer is drawn at random, by a model that is
// trained in a moment, and whose calls are counted.
func sweep(dir string, calls *atomic.Int64, done func(done, all int)) (*eval.Table, error) {
	var page strings.Builder
	for i := range 60 {
		fmt.Fprintf(&page, "thing%d: %s\n", i, []string{"good", "bad"}[i%2])
	}
	trained, err := pocket.Train(fstest.MapFS{"page.txt": {Data: []byte(page.String())}})
	if err != nil {
		return nil, err
	}
	model := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		calls.Add(1)
		time.Sleep(time.Millisecond) // as a model would take its time
		return trained.Sample(ctx, req)
	})
	var cases, pool []pair
	for i := range 40 {
		e := pair{In: fmt.Sprintf("thing%d", i), Out: []string{"good", "bad"}[i%2]}
		if i < 20 {
			cases = append(cases, e)
		} else {
			pool = append(pool, e)
		}
	}
	task := &fewshot.Task[string, string]{Examples: pool, Format: fewshot.Lines, Params: sampling.Params{Temperature: 3, MaxTokens: 4, Seed: 1}}
	return eval.Sweep(context.Background(), task, sampling.Model{Backend: model}, cases, eval.Exact[string], eval.Grid{
		Shots: []int{0, 1, 4}, Orders: []uint64{1, 2, 3}, Dir: dir, Done: done,
	})
}

// entries counts the answers that are whole in the files of a sweep.
func entries(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n += max(bytes.Count(text, []byte("\n"))-1, 0) // but for the header
	}
	return n
}

// tear cuts the end off one of the files, as a crash of the machine may do to
// what was written last.
func tear(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		return
	}
	file := files[rand.N(len(files))]
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, int64(rand.N(min(len(text), 300)+1)+max(len(text)-300, 0))); err != nil {
		t.Fatal(err)
	}
}

// TestSweepSurvivesKills kills a sweep with SIGKILL at 50 random points all along
// its way, and tears some of its files in the middle of a line. No answer that
// stood in a file is lost or asked for again, and the table is that of a sweep
// that ran through.
func TestSweepSurvivesKills(t *testing.T) {
	through, err := sweep("", new(atomic.Int64), nil)
	if err != nil {
		t.Fatal(err)
	}
	kills := 50
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	kept, killed := 0, 0
	for range 3 * kills { // some children are done before they are killed
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), sweptDir+"="+dir)
		var complaint strings.Builder
		child.Stderr = &complaint
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		answers := kept + rand.N(2*swept/kills) // to wait for
		if rand.N(4) == 0 {
			answers = rand.N(kept + 1) // while it reads its files
		}
		for lines := bufio.NewScanner(out); answers > 0 && lines.Scan(); answers-- {
		}
		time.Sleep(rand.N(2 * time.Millisecond))
		child.Process.Kill()
		io.Copy(io.Discard, out)
		child.Wait()
		switch {
		case child.ProcessState.ExitCode() == failed:
			t.Fatalf("after %d kills the sweep fails: %s", killed, &complaint)
		case !child.ProcessState.Success():
			killed++
		}
		now := entries(t, dir)
		if now < kept {
			t.Errorf("kill %d lost %d of %d answers", killed, kept-now, kept)
		}
		if kept = now; killed%3 == 2 {
			tear(t, dir)
			kept = entries(t, dir)
		}
		if killed < kills && kept > swept*3/4 { // leave the next ones something to do
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files[len(files)/3:] {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			kept = entries(t, dir)
		}
		if killed == kills {
			break
		}
	}
	if killed < kills {
		t.Fatalf("only %d of %d were killed", killed, kills)
	}
	var calls atomic.Int64
	resumed, err := sweep(dir, &calls, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resumed.String() != through.String() {
		t.Errorf("killed %d times:\n%s\nran through:\n%s", kills, resumed, through)
	}
	if int(calls.Load()) != swept-kept {
		t.Errorf("%d answers were in the files, and %d of %d were asked for", kept, calls.Load(), swept)
	}
	t.Logf("killed %d times; %d of %d answers were in the files:\n%s", killed, kept, swept, resumed)

	// The files are those of this sweep, and of no other.
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	name := dir + "/" + files[0].Name()
	if err := os.WriteFile(name, []byte("something else\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := sweep(dir, new(atomic.Int64), nil); err == nil || !strings.Contains(err.Error(), "no journal") {
		t.Errorf("a file of something else: %v", err)
	}
}
