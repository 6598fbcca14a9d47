package eval_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

type pair = fewshot.Example[string, string]

// copycat is a model that is right when the prompt is of lines and shows at
// least as many shots as the number in the query asks for, and draws nothing at
// random.
func copycat() sampling.Model {
	return sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			shots := strings.Count(req.Prompt, "\n")
			query := strings.TrimSuffix(req.Prompt[strings.LastIndex(req.Prompt, "\n")+1:], ":")
			var need int
			fmt.Sscanf(query, "need%d", &need)
			answer := "right"
			if shots < need || !strings.HasSuffix(req.Prompt, ":") {
				answer = "wrong"
			}
			yield(sampling.Chunk{Text: " " + answer + "\n", Reason: sampling.EndOfText, Usage: &sampling.Usage{PromptTokens: 100, CompletionTokens: 10, CachedTokens: 90}}, nil)
		}
	})}
}

func needs(n int) []pair {
	cases := make([]pair, n)
	for i := range cases {
		cases[i] = pair{In: fmt.Sprintf("need%d", i), Out: "right"}
	}
	return cases
}

func pool(n int) []pair {
	shots := make([]pair, n)
	for i := range shots {
		shots[i] = pair{In: fmt.Sprintf("shot%d", i), Out: "right"}
	}
	return shots
}

func TestEvaluate(t *testing.T) {
	task := &fewshot.Task[string, string]{Examples: pool(4), Format: fewshot.Lines}
	r, err := eval.Evaluate(t.Context(), task, copycat(), needs(10), eval.Exact[string], eval.Options{Price: eval.Price{Prompt: 4, Completion: 8}})
	if err != nil {
		t.Fatal(err)
	}
	low, high := eval.Wilson(0.5, 10)
	want := &eval.Report{
		Cases: 10, Accuracy: 0.5, Low: low, High: high,
		Usage: sampling.Usage{PromptTokens: 1000, CompletionTokens: 100, CachedTokens: 900}, Cost: 0.0048,
	}
	if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(eval.Report{}, "Time", "Failures"), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.Failures) != 5 || r.Failures[0].Case != 5 || r.Failures[0].Got != "wrong" || r.Failures[0].Want != "right" {
		t.Errorf("failures %+v", r.Failures)
	}
	if got := r.String(); got != "50.0 % of 10 cases (95 % interval 23.7 to 76.3)" {
		t.Errorf("the report says %q", got)
	}
}

// TestWilson compares with the worked figures of Newcombe (1998, table I), who
// took them as the standard for the method.
func TestWilson(t *testing.T) {
	for _, tt := range []struct {
		right, n  int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{29, 29, 0.8830, 1},
	} {
		low, high := eval.Wilson(float64(tt.right)/float64(tt.n), tt.n)
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tt.right, tt.n, low, high, tt.low, tt.high)
		}
	}
	if low, high := eval.Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("nothing is known of no cases: %v to %v", low, high)
	}
}

func TestMetrics(t *testing.T) {
	for _, tt := range []struct {
		want, got    string
		exact, loose float64
	}{
		{"Paris", "Paris", 1, 1},
		{"Paris", " paris.", 0, 1},
		{"나비", "나비!", 0, 1},
		{"ten", "tin", 0, 0},
		{"+", "-", 0, 0}, // no letters: the punctuation is the answer
		{"+", "+ ", 0, 1},
		{"", "!", 0, 0},
	} {
		exact, _ := eval.Exact(tt.want, tt.got)
		loose, _ := eval.Loose(tt.want, tt.got)
		if exact != tt.exact || loose != tt.loose {
			t.Errorf("%q for %q: exact %v, loose %v", tt.got, tt.want, exact, loose)
		}
	}
}

func TestEvaluateMistakes(t *testing.T) {
	task := func(examples ...pair) *fewshot.Task[string, string] {
		return &fewshot.Task[string, string]{Examples: examples, Format: fewshot.Lines}
	}
	labels := task()
	labels.Out = fewshot.OneOf("yes", "no")
	broken := errors.New("the server is gone")
	gone := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})}
	tests := []struct {
		name   string
		task   *fewshot.Task[string, string]
		model  sampling.Model
		cases  []pair
		metric eval.Metric[string]
		want   string
	}{
		{"no cases", task(), copycat(), nil, eval.Exact[string], "no cases"},
		{"a case among its examples", task(needs(2)...), copycat(), needs(2)[1:], eval.Exact[string], `case 1, "need1", is among the examples`},
		{"a case twice", task(), copycat(), append(needs(2), needs(2)[0]), eval.Exact[string], "cases 1 and 3 are the same"},
		{"a case that breaks the layout", task(), copycat(), []pair{{In: "a\nb"}}, eval.Exact[string], "case 1: fewshot: input contains a line break"},
		{"a label that is none", labels, copycat(), []pair{{In: "x", Out: "yes"}, {In: "y", Out: "maybe"}}, eval.Exact[string], `case 2: output cannot be encoded: "maybe" is none of the labels`},
		{"no metric", task(), gone, needs(2), nil, "the metric is nil"},
		{"a metric that fails", task(), copycat(), needs(2), func(string, string) (float64, error) { return 0, errors.New("no idea") }, "the metric on case 1: no idea"},
		{"a score of 2", task(), copycat(), needs(2), func(string, string) (float64, error) { return 2, nil }, "a score of 2"},
		{"a score that is not a number", task(), copycat(), needs(2), func(string, string) (float64, error) { return math.NaN(), nil }, "a score of NaN"},
		{"a model that fails", task(), gone, needs(2), eval.Exact[string], "the server is gone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := eval.Evaluate(t.Context(), tt.task, tt.model, tt.cases, tt.metric, eval.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// TestSelectorsAreAskedOnce counts how often a Selector, which may have to pay for
// an embedding, is asked; and has it choose from a pool with the cases in it.
func TestSelectorsAreAskedOnce(t *testing.T) {
	var asked atomic.Int64
	first := fewshot.First(2)
	task := &fewshot.Task[string, string]{Examples: append(needs(3), pool(2)...), Format: fewshot.Lines}
	task.Select = func(ctx context.Context, query string, pool []pair) ([]int, error) {
		asked.Add(1)
		return first(ctx, query, pool)
	}
	r, err := eval.Evaluate(t.Context(), task, copycat(), needs(3), eval.Exact[string], eval.Options{})
	if err != nil || r.Accuracy != 1 || asked.Load() != 3 {
		t.Errorf("%v, %v; the Selector was asked %d times for 3 cases", r, err, asked.Load())
	}
	if _, err := eval.Evaluate(t.Context(), task, copycat(), append(needs(3), pair{In: "a\nb"}), eval.Exact[string], eval.Options{}); err == nil || asked.Load() != 3 {
		t.Errorf("a case that breaks the layout: %v, after the Selector was asked %d times", err, asked.Load()-3)
	}
}

func TestUnreadAnswersAreWrong(t *testing.T) {
	task := &fewshot.Task[string, int]{Format: fewshot.Lines}
	r, err := eval.Evaluate(t.Context(), task, copycat(), []eval.Case[string, int]{{In: "need0", Out: 1}}, eval.Exact[int], eval.Options{})
	if err != nil || r.Unread != 1 || r.Accuracy != 0 || len(r.Failures) != 1 || r.Failures[0].Err == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSweep(t *testing.T) {
	task := &fewshot.Task[string, string]{Examples: pool(8), Format: fewshot.Lines}
	calls, last := 0, 0
	table, err := eval.Sweep(t.Context(), task, copycat(), needs(8), eval.Exact[string], eval.Grid{
		Shots:  []int{0, 1, 4, 8},
		Orders: []uint64{1, 2, 3},
		Done: func(done, all int) {
			calls++
			if done != last+1 || all != 96 {
				t.Errorf("after %d of 96: %d of %d", last, done, all)
			}
			last = done
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `shots  mean %  spread  least   most
    0    12.5     0.0   12.5   12.5
    1    25.0     0.0   25.0   25.0
    4    62.5     0.0   62.5   62.5
    8   100.0     0.0  100.0  100.0
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if calls != 96 {
		t.Errorf("%d calls of Done", calls)
	}
	if !strings.HasPrefix(table.Markdown(), "| shots | mean % | spread | least | most |\n| ---: |") {
		t.Errorf("Markdown:\n%s", table.Markdown())
	}
	var csv strings.Builder
	if err := table.WriteCSV(&csv); err != nil || strings.Count(csv.String(), "\n") != 13 {
		t.Errorf("CSV, %v:\n%s", err, csv.String())
	}
}

func TestSweepOverAll(t *testing.T) {
	task := &fewshot.Task[string, string]{Examples: pool(4)}
	table, err := eval.Sweep(t.Context(), task, copycat(), needs(4), eval.Exact[string], eval.Grid{
		Shots:     []int{1, 2},
		Formats:   []eval.Format{{Name: "lines", Format: fewshot.Lines}, {Name: "arrow", Format: fewshot.Arrow}},
		Selectors: []eval.Selector{{Name: "first", Choose: fewshot.First}, {Name: "random", Choose: func(k int) fewshot.Selector { return fewshot.Random(k, 1) }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 8 || table.Rows[1].Mean != 0.75 || table.Rows[6].Format != "arrow" || table.Rows[6].Selector != "random" {
		t.Errorf("the table is\n%s", table)
	}
	for want, grid := range map[string]eval.Grid{
		"5 shots, and the pool has 4":         {Shots: []int{5}},
		"-1 shots":                            {Shots: []int{-1}},
		"sweep over 2 shots twice":            {Shots: []int{2, 1, 2}},
		`sweep over the format "lines" twice`: {Formats: []eval.Format{{"lines", fewshot.Lines}, {"lines", fewshot.Arrow}}},
		`the selector "x" has no Choose`:      {Selectors: []eval.Selector{{Name: "x"}}},
		`sweep over the selector "x" twice`:   {Selectors: []eval.Selector{{"x", fewshot.First}, {"x", fewshot.First}}},
		"sweep over the order 7 twice":        {Orders: []uint64{7, 7}},
	} {
		if _, err := eval.Sweep(t.Context(), task, copycat(), needs(4), eval.Exact[string], grid); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// TestSweepVaries has a model that is right when it is shown one example, which a
// shuffled pool may have in front or not, and which one selector never takes.
func TestSweepVaries(t *testing.T) {
	var mu sync.Mutex
	seeds := map[uint64]bool{}
	prompt := "" // the last one
	model := sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			mu.Lock()
			defer mu.Unlock()
			seeds[req.Params.Seed], prompt = true, req.Prompt
			answer := "wrong"
			if strings.Contains(req.Prompt, "shot0") {
				answer = "right"
			}
			yield(sampling.Chunk{Text: " " + answer, Reason: sampling.EndOfText}, nil)
		}
	})}
	never := func(int) fewshot.Selector {
		return func(_ context.Context, _ string, pool []pair) ([]int, error) {
			return []int{slices.IndexFunc(pool, func(p pair) bool { return p.In != "shot0" })}, nil
		}
	}
	task := &fewshot.Task[string, string]{Examples: pool(4), Shots: 2, Params: sampling.Params{Temperature: 1, Seed: 1}}
	grid := eval.Grid{
		Formats:   []eval.Format{{Name: "a|b", Format: fewshot.Lines}},
		Selectors: []eval.Selector{{Name: "first", Choose: fewshot.First}, {Name: "never", Choose: never}},
		Orders:    []uint64{1, 2, 3, 4},
	}
	table, err := eval.Sweep(t.Context(), task, model, needs(1), eval.Exact[string], grid)
	if err != nil {
		t.Fatal(err)
	}
	// Three of the four orders have it in front: a deviation of one half.
	want := `format  selector  shots  mean %  spread  least   most
a|b     first         2    75.0    50.0    0.0  100.0
a|b     never         2     0.0     0.0    0.0    0.0
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = `| format | selector | shots | mean % | spread | least | most |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
| a\|b | first | 2 | 75.0 | 50.0 | 0.0 | 100.0 |
| a\|b | never | 2 | 0.0 | 0.0 | 0.0 | 0.0 |
`
	if diff := cmp.Diff(want, table.Markdown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(seeds) != 4 {
		t.Errorf("four orders were drawn with the seeds %v", seeds)
	}
	_, err = eval.Sweep(t.Context(), task, model, needs(1), eval.Exact[string], eval.Grid{Shots: []int{4}, Formats: grid.Formats})
	if want := "shot0: right\nshot1: right\nshot2: right\nshot3: right\nneed0:"; err != nil || prompt != want {
		t.Errorf("without an order it is that of the pool: %v\n%s", err, prompt)
	}
	model.Window = 8
	if _, err := eval.Sweep(t.Context(), task, model, needs(1), eval.Exact[string], grid); err == nil || !strings.HasPrefix(err.Error(), "a|b, first, 2 shots: ") {
		t.Errorf("a window without room: %v", err)
	}
}

// TestSweepFiles has names that differ in what no file name may hold, and one that
// is too long for one.
func TestSweepFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	task := &fewshot.Task[string, string]{Examples: pool(1)}
	_, err := eval.Sweep(t.Context(), task, copycat(), needs(1), eval.Exact[string], eval.Grid{
		Formats:   []eval.Format{{"Q/A 09", fewshot.Lines}, {"Q&A 09", fewshot.Lines}, {strings.Repeat("azAZ", 100), fewshot.Lines}},
		Selectors: []eval.Selector{{"first", fewshot.First}},
		Dir:       dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	want := regexp.MustCompile(`^Q_A_09-first-[0-9a-f]{8}-1-0\.jsonl Q_A_09-first-[0-9a-f]{8}-1-0\.jsonl (azAZ){15}-[0-9a-f]{8}-1-0\.jsonl$`)
	if got := strings.Join(names, " "); !want.MatchString(got) {
		t.Errorf("the files are %q, want %v", names, want)
	}
}

func TestChoose(t *testing.T) {
	task := &fewshot.Task[string, string]{Examples: pool(4)}
	table, err := eval.Choose(t.Context(), task, copycat(), needs(4), eval.Exact[string], []eval.Format{{Name: "arrow", Format: fewshot.Arrow}, {Name: "lines", Format: fewshot.Lines}}, eval.Options{})
	if err != nil || table.Rows[0].Format != "lines" || table.Rows[0].Mean != 1 {
		t.Errorf("%v, %v", table, err)
	}
}
