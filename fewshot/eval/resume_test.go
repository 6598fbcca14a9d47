package eval_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

const sweptDir = "FOREWORD_TEST_SWEEP"

// TestMain lets the test binary be the program that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(sweptDir); dir != "" {
		table, err := sweep(dir, func(done, all int) { fmt.Println(done) })
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(table)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// sweep is a sweep whose every answer is drawn at random, by a model that is
// trained in a moment.
func sweep(dir string, done func(done, all int)) (*eval.Table, error) {
	var page strings.Builder
	for i := range 60 {
		fmt.Fprintf(&page, "thing%d: %s\n", i, []string{"good", "bad"}[i%2])
	}
	model, err := pocket.Train(fstest.MapFS{"page.txt": {Data: []byte(page.String())}})
	if err != nil {
		return nil, err
	}
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

// TestSweepSurvivesKills kills a sweep at 50 places, most of them in the middle
// of a case, and compares its table with that of one that ran through.
func TestSweepSurvivesKills(t *testing.T) {
	through, err := sweep("", nil)
	if err != nil {
		t.Fatal(err)
	}
	kills := 50
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	reached := 0
	for kill := range kills {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), sweptDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range kill*180/kills + rand.N(6) {
			if !lines.Scan() {
				break
			}
			reached++
		}
		child.Process.Kill()
		io.Copy(io.Discard, out)
		child.Wait()
	}
	resumed, err := sweep(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resumed.String() != through.String() {
		t.Errorf("killed %d times:\n%s\nran through:\n%s", kills, resumed, through)
	}
	t.Logf("killed %d times after %d cases in all:\n%s", kills, reached, resumed)

	// The files are those of this sweep, and of no other.
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	name := dir + "/" + files[0].Name()
	if err := os.WriteFile(name, []byte("something else\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := sweep(dir, nil); err == nil || !strings.Contains(err.Error(), "no journal") {
		t.Errorf("a file of something else: %v", err)
	}
}
