package eval_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
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
			yield(sampling.Chunk{Text: " " + answer + "\n", Reason: sampling.EndOfText, Usage: sampling.Usage{PromptTokens: 100, CompletionTokens: 10, CachedTokens: 90}}, nil)
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
	task := fewshot.Task[string, string]{Examples: pool(4), Format: fewshot.Lines}
	r, err := eval.Evaluate(t.Context(), task.MustCompile(), copycat(), needs(10), eval.Exact, eval.EvaluateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := &eval.Report{Accuracy: 0.5, Usage: sampling.Usage{PromptTokens: 1000, CompletionTokens: 100, CachedTokens: 900}}
	if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(eval.Report{}, "Results")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, one := range r.Results {
		want := eval.Result{In: fmt.Sprintf("need%d", i), Want: "right", Got: "right", Score: 1, Usage: sampling.Usage{PromptTokens: 100, CompletionTokens: 10, CachedTokens: 90}}
		if i >= 5 {
			want.Got, want.Score = "wrong", 0
		}
		if one != want {
			t.Errorf("case %d: %+v, want %+v", i, one, want)
		}
	}
	if len(r.Results) != 10 {
		t.Errorf("%d results", len(r.Results))
	}
	if got := r.String(); got != "50.0 % of 10 cases (95 % interval 23.7 to 76.3)" {
		t.Errorf("the report says %q", got)
	}
	r.Invalid = 2
	if got := r.String(); !strings.HasSuffix(got, ", 2 invalid") {
		t.Errorf("a report with 2 invalid answers says %q", got)
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
		c := pair{Out: tt.want}
		exact, _ := eval.Exact(t.Context(), c, tt.got)
		loose, _ := eval.Loose(t.Context(), c, tt.got)
		if exact != tt.exact || loose != tt.loose {
			t.Errorf("%q for %q: exact %v, loose %v", tt.got, tt.want, exact, loose)
		}
	}
}

func TestEvaluateMistakes(t *testing.T) {
	task := func(examples ...pair) *fewshot.Prompter[string, string] {
		return fewshot.Task[string, string]{Examples: examples, Format: fewshot.Lines}.MustCompile()
	}
	labels := fewshot.Task[string, string]{Format: fewshot.Lines, Out: fewshot.OneOf("yes", "no")}.MustCompile()
	broken := errors.New("the server is gone")
	gone := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})}
	noIdea := errors.New("no idea")
	scores := func(score float64, err error) eval.Metric[string, string] {
		return func(context.Context, pair, string) (float64, error) { return score, err }
	}
	for _, tt := range []struct {
		name   string
		task   *fewshot.Prompter[string, string]
		model  sampling.Model
		cases  []pair
		metric eval.Metric[string, string]
		want   error
	}{
		{"no cases", task(), gone, nil, eval.Exact[string, string], sampling.ErrInvalid},
		{"a case twice", task(), gone, append(needs(2), needs(2)[0]), eval.Exact[string, string], sampling.ErrInvalid},
		{"a case that breaks the layout", task(), gone, []pair{{In: "a\nb"}}, eval.Exact[string, string], sampling.ErrInvalid},
		{"an unknown label", labels, gone, []pair{{In: "x", Out: "yes"}, {In: "y", Out: "maybe"}}, eval.Exact[string, string], sampling.ErrInvalid},
		{"no metric", task(), gone, needs(2), nil, sampling.ErrInvalid},
		{"a metric that fails", task(), copycat(), needs(2), scores(0, noIdea), noIdea},
		{"a score of 2", task(), copycat(), needs(2), scores(2, nil), sampling.ErrInvalid},
		{"a score that is not a number", task(), copycat(), needs(2), scores(math.NaN(), nil), sampling.ErrInvalid},
		{"a model that fails", task(), gone, needs(2), eval.Exact[string, string], broken},
	} {
		if _, err := eval.Evaluate(t.Context(), tt.task, tt.model, tt.cases, tt.metric, eval.EvaluateOptions{}); !errors.Is(err, tt.want) || !named(err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for name, p := range map[string]eval.Predictor[string, string]{"no Predictor": nil, "no prediction": silent{}} {
		if _, err := eval.Evaluate(t.Context(), p, gone, needs(2), eval.Exact, eval.EvaluateOptions{}); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// named reports whether an error names the package, and once.
func named(err error) bool {
	return strings.HasPrefix(err.Error(), "eval: ") && strings.Count(err.Error(), "eval:") == 1
}

type silent struct{}

func (silent) Predict(context.Context, sampling.Model, string) (*fewshot.Prediction[string], error) {
	return nil, nil
}

// TestSelectorsAreAskedOnce counts how often a Picker, which may have to pay for
// an embedding, is asked; and has it pick from a pool with the cases in it.
func TestSelectorsAreAskedOnce(t *testing.T) {
	var asked atomic.Int64
	task := fewshot.Task[string, string]{Examples: append(pool(2), needs(3)...), Format: fewshot.Lines}
	task.Select = func(examples []pair) (fewshot.Picker, error) {
		first, err := fewshot.First(4)(examples)
		return func(ctx context.Context, query string) (fewshot.Picks, error) {
			asked.Add(1)
			return first(ctx, query)
		}, err
	}
	p := task.MustCompile()
	r, err := eval.Evaluate(t.Context(), p, copycat(), needs(3), eval.Exact, eval.EvaluateOptions{})
	if err != nil || r.Accuracy != 1 || asked.Load() != 3 {
		t.Errorf("%v, %v; the Picker was asked %d times for 3 cases", r, err, asked.Load())
	}
	if _, err := eval.Evaluate(t.Context(), p, copycat(), append(needs(3), pair{In: "a\nb"}), eval.Exact, eval.EvaluateOptions{}); err == nil || asked.Load() != 3 {
		t.Errorf("a case that breaks the layout: %v, after the Picker was asked %d times", err, asked.Load()-3)
	}
}

func TestUnreadAnswersAreWrong(t *testing.T) {
	task := fewshot.Task[string, int]{Format: fewshot.Lines}
	r, err := eval.Evaluate(t.Context(), task.MustCompile(), copycat(), []fewshot.Example[string, int]{{In: "need0", Out: 1}}, eval.Exact, eval.EvaluateOptions{})
	if err != nil || r.Invalid != 1 || r.Accuracy != 0 || len(r.Results) != 1 || r.Results[0].Err == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSweep(t *testing.T) {
	task := fewshot.Task[string, string]{Examples: pool(8), Format: fewshot.Lines}
	calls, last := 0, 0
	table, err := eval.Sweep(t.Context(), task, nil, copycat(), needs(8), eval.Exact, eval.SweepOptions{
		Shots:  []int{0, 1, 4, 8},
		Orders: 3,
		Evaluate: eval.EvaluateOptions{Progress: func(p fewshot.Progress) {
			calls++
			if p.Done != last+1 || p.All != 96 {
				t.Errorf("after %d of 96: %+v", last, p)
			}
			last = p.Done
		}},
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
}

func TestSweepOverAll(t *testing.T) {
	task := fewshot.Task[string, string]{Examples: pool(4)}
	table, err := eval.Sweep(t.Context(), task, nil, copycat(), needs(4), eval.Exact, eval.SweepOptions{
		Shots:     []int{1, 2},
		Formats:   map[string]fewshot.Format{"lines": fewshot.Lines, "arrow": fewshot.Arrow},
		Selectors: map[string]func(int) fewshot.Selector{"first": fewshot.First, "random": func(k int) fewshot.Selector { return fewshot.Random(k, 1) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `format  selector  shots  mean %  spread  least  most
arrow   first         1     0.0     0.0    0.0   0.0
arrow   first         2     0.0     0.0    0.0   0.0
arrow   random        1     0.0     0.0    0.0   0.0
arrow   random        2     0.0     0.0    0.0   0.0
lines   first         1    50.0     0.0   50.0  50.0
lines   first         2    75.0     0.0   75.0  75.0
lines   random        1    50.0     0.0   50.0  50.0
lines   random        2    75.0     0.0   75.0  75.0
`
	if diff := cmp.Diff(want, table.String()); diff != "" || table[5].Mean != 0.75 || table[5].Shots != 2 {
		t.Errorf("%+v (-want +got):\n%s", table[5], diff)
	}
	for _, o := range []eval.SweepOptions{
		{Shots: []int{5}}, {Shots: []int{-1}}, {Shots: []int{2, 1, 2}}, {Orders: -1},
		{Selectors: map[string]func(int) fewshot.Selector{"x": nil}},
		{Instructions: []string{"a", "b", "a"}}, {Instructions: []string{"a\n\n", "b"}},
		{Constrain: []fewshot.Constrain{fewshot.ConstrainOff, fewshot.ConstrainOff}},
		{Formats: map[string]fewshot.Format{"good": fewshot.Lines, "without an end": {Stop: []string{}}}},
	} {
		if _, err := eval.Sweep(t.Context(), task, nil, sampling.Model{}, needs(4), eval.Exact, o); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", o, err)
		}
	}
	task.Select = fewshot.First(2)
	if _, err := eval.Sweep(t.Context(), task, nil, sampling.Model{}, needs(4), eval.Exact, eval.SweepOptions{Shots: []int{1}}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("shots of a task with a Selector: %v", err)
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
		return func(pool []pair) (fewshot.Picker, error) {
			return func(context.Context, string) (fewshot.Picks, error) {
				return fewshot.Picks{Chosen: []int{slices.IndexFunc(pool, func(p pair) bool { return p.In != "shot0" })}}, nil
			}, nil
		}
	}
	task := fewshot.Task[string, string]{Examples: pool(4), Params: sampling.Params{Temperature: 1, Seed: 1}}
	grid := eval.SweepOptions{
		Shots:     []int{2},
		Formats:   map[string]fewshot.Format{"a|b": fewshot.Lines},
		Selectors: map[string]func(int) fewshot.Selector{"first": fewshot.First, "never": never},
		Orders:    4,
	}
	table, err := eval.Sweep(t.Context(), task, nil, model, needs(1), eval.Exact, grid)
	if err != nil {
		t.Fatal(err)
	}
	// Three of the four orders have it in front: a deviation of one half.
	want := `selector  shots  mean %  spread  least   most
first         2    75.0    50.0    0.0  100.0
never         2     0.0     0.0    0.0    0.0
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(seeds) < 4 {
		t.Errorf("four orders were drawn with the seeds %v", seeds)
	}
	_, err = eval.Sweep(t.Context(), task, nil, model, needs(1), eval.Exact, eval.SweepOptions{Shots: []int{4}, Formats: grid.Formats})
	if want := "shot0: right\nshot1: right\nshot2: right\nshot3: right\nneed0:"; err != nil || prompt != want {
		t.Errorf("without an order it is that of the pool: %v\n%s", err, prompt)
	}
	model.Window = 8
	if _, err := eval.Sweep(t.Context(), task, nil, model, needs(1), eval.Exact, grid); !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("a window without room: %v", err)
	}
}

// TestSweepOverAClassifier builds a Classifier of each variant, and calibrates it.
func TestSweepOverAClassifier(t *testing.T) {
	var page strings.Builder
	for i := range 40 {
		fmt.Fprintf(&page, "thing%d: %s\n", i, []string{"good", "bad"}[i%2])
	}
	trained, err := pocket.Train(fstest.MapFS{"page.txt": {Data: []byte(page.String())}})
	if err != nil {
		t.Fatal(err)
	}
	model := sampling.Model{Backend: trained}
	var cases, shots []pair
	for i := range 16 {
		e := pair{In: fmt.Sprintf("thing%d", i), Out: []string{"good", "bad"}[i%2]}
		if i < 8 {
			cases = append(cases, e)
		} else {
			shots = append(shots, e)
		}
	}
	built := 0
	build := func(p *fewshot.Prompter[string, string]) (eval.Predictor[string, string], error) {
		built++
		c, err := fewshot.NewClassifier(p, []string{"good", "bad"}, fewshot.ClassifierOptions[string]{})
		if err != nil {
			return nil, err
		}
		return c.Calibrate(t.Context(), model)
	}
	task := fewshot.Task[string, string]{Examples: shots, Format: fewshot.Lines}
	table, err := eval.Sweep(t.Context(), task, build, model, cases, eval.Exact, eval.SweepOptions{Shots: []int{0, 4}})
	if err != nil || built != 2 || table[1].Mean != 1 {
		t.Errorf("%v, %d classifiers:\n%v", err, built, table)
	}
}

// TestSweepConstrain compares free answers with constrained ones. At a high
// temperature free answers are often no label, and constrained ones always are.
func TestSweepConstrain(t *testing.T) {
	task := fewshot.Task[string, string]{
		Examples: []pair{{In: "a fine film", Out: "good"}, {In: "a waste of time", Out: "bad"}},
		Format:   fewshot.Lines, Out: fewshot.OneOf("good", "bad"),
		Params: sampling.Params{Temperature: 1.5, Seed: 1},
	}
	var cases []pair
	for i := range 20 {
		cases = append(cases, pair{In: fmt.Sprint("film ", i), Out: "good"})
	}
	model := sampling.Model{Backend: pocket.Default()}
	table, err := eval.Sweep(t.Context(), task, nil, model, cases, eval.Exact, eval.SweepOptions{
		Constrain: []fewshot.Constrain{fewshot.ConstrainOff, fewshot.ConstrainRequired},
		Shots:     []int{0, 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range table {
		required := i >= 2
		if invalid := r.Reports[0].Invalid; (invalid == 0) != required && r.Shots == 0 {
			t.Errorf("required %t, %d shots: %d of 20 invalid", required, r.Shots, invalid)
		}
		for j, one := range r.Reports[0].Results {
			if one.Usage.PromptTokens == 0 || one.Usage.CompletionTokens == 0 {
				t.Errorf("row %d, case %d: a usage of %+v for %q", i, j, one.Usage, one.Got)
			}
		}
	}
	if text := table.String(); len(table) != 4 || !strings.HasPrefix(text, "constrained  shots") || !strings.Contains(text, "\nyes ") {
		t.Errorf("%s", text)
	}
}
