package fewshot_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A harnessPrompt is a prompt as lm-evaluation-harness lays it out, with what it
// is made of.
type harnessPrompt struct {
	Name        string   `json:"name"`
	K           int      `json:"k"`
	Want        string   `json:"want"`
	Inputs      []string `json:"qs"`
	Outputs     []string `json:"as"`
	Query       string   `json:"q"`
	Description string   `json:"description"`
	Target      string   `json:"td"` // its target_delimiter
	Shot        string   `json:"fd"` // its fewshot_delimiter
	Lead        string   `json:"gen_prefix"`
	Before      string   `json:"prefix"` // what all inputs begin with
	Between     string   `json:"suffix"` // and end with
}

// TestHarnessPrompts writes prompts of lm-evaluation-harness 0.4.13 as Tasks, byte
// for byte. FOREWORD_LMEVAL may name a file with more of them.
func TestHarnessPrompts(t *testing.T) {
	path := os.Getenv("FOREWORD_LMEVAL")
	if path == "" {
		path = "testdata/harness.jsonl"
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, same, known := 0, 0, map[string]harnessPrompt{}
	var prompts []harnessPrompt
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 1<<24); lines.Scan(); {
		var p harnessPrompt
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if prompts = append(prompts, p); p.K > 0 {
			known[p.Name] = p
		}
	}
	for _, p := range prompts {
		if p.K == 0 { // what all inputs have in common only several can tell
			p.Before, p.Between = known[p.Name].Before, known[p.Name].Between
		}
		all++
		if why := p.layOut(t); why == "" {
			same++
		} else {
			t.Logf("%s with %d shots: %s", p.Name, p.K, why)
		}
	}
	t.Logf("%d of %d prompts have the same bytes", same, all)
	if same == 0 || same*1863 < all*1850 {
		t.Error("these are too few")
	}
}

// layOut returns "" where a Task gives the same bytes, and otherwise why not. What
// inputs have in common at their ends may be part of the Format, as far as a whole
// line or not at all.
func (p *harnessPrompt) layOut(t *testing.T) (why string) {
	line := func(s string) string { return s[:strings.LastIndexByte(s, '\n')+1] }
	rest := func(s string) string { return s[max(0, strings.IndexByte(s, '\n')):] }
	if !strings.Contains(p.Between, "\n") {
		rest = func(string) string { return "" }
	}
	lead := p.Target
	if p.Lead != "" {
		lead += p.Lead + " "
	}
	for i := range 18 {
		before := []string{p.Before, line(p.Before), ""}[i%3]
		between := []string{p.Between, rest(p.Between), ""}[i/3%3]
		stop := [][]string{nil, {}}[i/9] // derived, or none: the harness sends its own
		task := fewshot.Task[string, string]{Preamble: p.Description, Format: fewshot.Format{Before: before, Between: between + lead, After: p.Shot, Stop: stop}}
		cut := func(s string) (string, bool) {
			s, begins := strings.CutPrefix(s, before)
			s, ends := strings.CutSuffix(s, between)
			return s, begins && ends
		}
		query, fits := cut(p.Query)
		for i := range p.Inputs {
			in, ok := cut(p.Inputs[i])
			fits = fits && ok
			task.Add(in, p.Outputs[i])
		}
		if !fits {
			continue
		}
		compiled, err := task.Compile()
		if err != nil {
			why = err.Error()
			continue
		}
		got, err := compiled.Prompt(t.Context(), sampling.Model{}, query)
		if err != nil {
			why = err.Error()
			continue
		}
		if got.Text == p.Want {
			return ""
		}
		n := 0
		for n < min(len(got.Text), len(p.Want)) && got.Text[n] == p.Want[n] {
			n++
		}
		why = fmt.Sprintf("other bytes at %d: %.40q, want %.40q", n, got.Text[n:], p.Want[n:])
	}
	return why
}
