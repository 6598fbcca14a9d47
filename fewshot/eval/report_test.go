package eval_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

// told is a Predictor that answers as its predictions say.
type told map[string]fewshot.Prediction[string]

func (p told) Predict(_ context.Context, _ sampling.Model, in string) (*fewshot.Prediction[string], error) {
	prediction := p[in]
	if prediction.Value == "invalid" {
		return &fewshot.Prediction[string]{}, &fewshot.AnswerError{Text: "?", Err: errors.New("is not a label")}
	}
	return &prediction, nil
}

// A row is one case: the label, the answer and its probability.
type row struct {
	want, got   string
	probability float64
}

func evaluated(t *testing.T, rows ...row) *eval.Report {
	t.Helper()
	p := told{}
	var cases []pair
	for i, r := range rows {
		in := fmt.Sprintf("case%d", i)
		cases = append(cases, pair{In: in, Out: r.want})
		p[in] = fewshot.Prediction[string]{Value: r.got, Probability: r.probability, Abstained: r.got == ""}
	}
	report, err := eval.Evaluate(t.Context(), p, sampling.Model{}, cases, eval.Exact, eval.EvaluateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func five(t *testing.T) *eval.Report {
	return evaluated(t,
		row{"good", "good", 0.9}, row{"good", "bad", 0.6}, row{"bad", "bad", 1},
		row{"bad", "", 0.4}, row{"odd", "invalid", 0})
}

func TestConfusion(t *testing.T) {
	r := five(t)
	if r.Invalid != 1 || !r.Results[3].Abstained || r.Accuracy != 0.4 {
		t.Errorf("%d invalid, accuracy %v, %+v", r.Invalid, r.Accuracy, r.Results[3])
	}
	c := r.Confusion()
	want := &eval.Confusion{
		Labels:    []string{"bad", "good", "odd"},
		Counts:    [][]int{{1, 0, 0, 1}, {1, 1, 0, 0}, {0, 0, 0, 1}},
		Precision: []float64{0.5, 1, 0}, Recall: []float64{0.5, 0.5, 0}, F1: []float64{0.5, 2.0 / 3, 0},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := `expected  bad  good  odd  none  precision  recall     F1
bad         1     0    0     1      0.500   0.500  0.500
good        1     1    0     0      1.000   0.500  0.667
odd         0     0    0     1      0.000   0.000  0.000
macro F1 0.389
`
	if diff := cmp.Diff(text, c.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReliability(t *testing.T) {
	// 0.5 is in the lower of the two bins that it parts. Invalid answers and
	// abstentions are in none.
	r := evaluated(t, row{"a", "a", 0.5}, row{"a", "b", 0.3}, row{"b", "b", 0.8}, row{"b", "", 0.9}, row{"b", "invalid", 0})
	got := r.Reliability(2)
	want := &eval.Reliability{ECE: (0.1*2 + 0.2) / 3, Cases: []int{2, 1}, Probability: []float64{0.4, 0.8}, Accuracy: []float64{0.5, 1}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := `probability   cases   mean  accuracy
0.00 to 0.50      2  0.400     0.500
0.50 to 1.00      1  0.800     1.000
expected calibration error 0.133
`
	if diff := cmp.Diff(text, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSelective(t *testing.T) {
	r := five(t)
	for _, tt := range []struct{ threshold, coverage, accuracy float64 }{
		{0, 0.6, 2.0 / 3}, {0.6, 0.6, 2.0 / 3}, {0.61, 0.4, 1}, {1, 0.2, 1}, {1.1, 0, 0},
	} {
		if coverage, accuracy := r.Selective(tt.threshold); coverage != tt.coverage || math.Abs(accuracy-tt.accuracy) > 1e-12 {
			t.Errorf("from %v: coverage %v, accuracy %v, want %v, %v", tt.threshold, coverage, accuracy, tt.coverage, tt.accuracy)
		}
	}
}

func TestWriteJSONL(t *testing.T) {
	var b strings.Builder
	if err := five(t).WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	want := []string{
		`{"case":1,"in":"case1","want":"good","got":"bad","score":0,"probability":0.6}`,
		`{"case":3,"in":"case3","want":"bad","got":"","score":0,"probability":0.4,"abstained":true}`,
		`{"case":4,"in":"case4","want":"odd","got":"","score":0,"error":"fewshot: the answer \"?\" is not a label"}`,
	}
	if len(lines) != 5 || lines[1] != want[0] || lines[3] != want[1] || lines[4] != want[2] {
		t.Errorf("got\n%s\nwant lines 2, 4 and 5\n%s", b.String(), strings.Join(want, "\n"))
	}
}

func TestCompare(t *testing.T) {
	rows := func(right string) (all []row) {
		for _, r := range right {
			all = append(all, row{"a", map[rune]string{'+': "a", '-': "b"}[r], 1})
		}
		return all
	}
	first, second := evaluated(t, rows("++--------++")...), evaluated(t, rows("+-++++++++++")...)
	c, err := eval.Compare(first, second)
	if err != nil {
		t.Fatal(err)
	}
	// Of 9 cases that differ, 8 are better: 2·(1 + 9)/2⁹.
	if c.Better != 8 || c.Worse != 1 || math.Abs(c.P-20.0/512) > 1e-12 || math.Abs(c.Difference-7.0/12) > 1e-12 {
		t.Errorf("%+v", c)
	}
	if !(c.Low > 0 && c.Low < c.Difference && c.Difference < c.High && c.High <= 1) {
		t.Errorf("the interval is %v to %v", c.Low, c.High)
	}
	back, err := eval.Compare(second, first)
	if err != nil || back.Better != 1 || back.Worse != 8 || back.P != c.P || back.Difference != -c.Difference {
		t.Errorf("the other way round: %+v, %v", back, err)
	}
	same, err := eval.Compare(first, first)
	if err != nil || same.P != 1 || same.Low != 0 || same.High != 0 {
		t.Errorf("a report and itself: %+v, %v", same, err)
	}
	for name, other := range map[string]*eval.Report{
		"fewer cases":   evaluated(t, rows("++")...),
		"no cases":      {},
		"no report":     nil,
		"another label": evaluated(t, append(rows("++--------+"), row{"c", "c", 1})...),
	} {
		if _, err := eval.Compare(first, other); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSplit(t *testing.T) {
	examples := pool(100)
	first, second := eval.Split(examples, 0.3, 1)
	if len(first) != 30 || len(second) != 70 {
		t.Fatalf("%d and %d examples", len(first), len(second))
	}
	at := func(e pair) int { return slices.Index(examples, e) }
	for _, part := range [][]pair{first, second} {
		if !slices.IsSortedFunc(part, func(a, b pair) int { return at(a) - at(b) }) {
			t.Error("a part is not in the order of the examples")
		}
	}
	other, _ := eval.Split(examples, 0.3, 2)
	if slices.Equal(first, other) {
		t.Error("two seeds split alike")
	}
	// One example more, in the middle, moves at most one other.
	more, _ := eval.Split(slices.Insert(slices.Clone(examples), 50, pair{In: "new"}), 0.3, 1)
	kept := 0
	for _, e := range first {
		if slices.Contains(more, e) {
			kept++
		}
	}
	if kept < 29 {
		t.Errorf("%d of 30 examples stay where one was added", kept)
	}
	// The same input is on one side, whatever its outputs.
	double := append(slices.Clone(examples), pool(100)...)
	for share := 0.0; share <= 1; share += 0.1 {
		first, second := eval.Split(double, share, 3)
		if len(first)+len(second) != 200 || len(first)%2 != 0 {
			t.Errorf("share %v: %d and %d", share, len(first), len(second))
		}
	}
}

// TestAgainstScikitLearn compares random reports with scikit-learn and statsmodels,
// where they are installed.
func TestAgainstScikitLearn(t *testing.T) {
	if testing.Short() {
		t.Skip("starting Python takes seconds")
	}
	python := os.Getenv("FOREWORD_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import sklearn, statsmodels").Run() != nil {
		t.Skip("scikit-learn and statsmodels are not installed; FOREWORD_PYTHON names a Python that has them")
	}
	random := rand.New(rand.NewPCG(1, 2))
	type compared struct {
		Want, First, Second []string
		Probability         []float64
		ECE, P              float64
		Precision, Recall   []float64
		F1                  []float64
		Labels              []string
	}
	var all []compared
	for range 20 {
		labels := []string{"a", "b", "c", "d", "e"}[:2+random.IntN(4)]
		var first, second []row
		x := compared{}
		for range 5 + random.IntN(400) {
			r := row{labels[random.IntN(len(labels))], labels[random.IntN(len(labels))], 0.01 + 0.98*random.Float64()}
			first = append(first, r)
			x.Want, x.First, x.Probability = append(x.Want, r.want), append(x.First, r.got), append(x.Probability, r.probability)
			if random.IntN(3) == 0 {
				r.got = r.want
			}
			second = append(second, r)
			x.Second = append(x.Second, r.got)
		}
		a, b := evaluated(t, first...), evaluated(t, second...)
		c, err := eval.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		confusion := a.Confusion()
		x.ECE, x.P, x.Labels = a.Reliability(10).ECE, c.P, confusion.Labels
		x.Precision, x.Recall, x.F1 = confusion.Precision, confusion.Recall, confusion.F1
		all = append(all, x)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(python, "testdata/scikit.py")
	check.Stdin = strings.NewReader(string(text))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
