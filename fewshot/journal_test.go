package fewshot_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

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
