package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// TestCalibrateOn has a scorer whose log probabilities are twice too sure and
// lean to one label. Fitting on cases finds both, and other cases profit.
func TestCalibrateOn(t *testing.T) {
	for _, labels := range [][]string{{"good", "bad"}, {"good", "bad", "odd", "new"}} {
		random := rand.New(rand.NewPCG(7, uint64(len(labels))))
		lean := make([]float64, len(labels))
		for i := range lean {
			lean[i] = 2 * random.NormFloat64()
		}
		logprobs := map[string]float64{}
		cases := make([]fewshot.Example[string, string], 2000)
		for n := range cases {
			weights := make([]float64, len(labels)) // log weights, up to a constant
			sum := 0.0
			for i := range weights {
				weights[i] = 1.5 * random.NormFloat64()
				sum += math.Exp(weights[i])
			}
			at, drawn := 0, random.Float64()*sum
			for drawn -= math.Exp(weights[0]); drawn > 0; drawn -= math.Exp(weights[at]) {
				at++
			}
			in := fmt.Sprintf("case %d", n)
			cases[n] = fewshot.Example[string, string]{In: in, Out: labels[at]}
			for i, label := range labels {
				logprobs[in+": "+label] = 2*weights[i] + lean[i]
			}
		}
		model := sampling.Model{Backend: unlocked{logprobs}}
		task := fewshot.Task[string, string]{Format: fewshot.Lines}
		plain, err := fewshot.NewClassifier(task.MustCompile(), labels, fewshot.ClassifierOptions[string]{})
		if err != nil {
			t.Fatal(err)
		}
		fitted, err := plain.CalibrateOn(t.Context(), model, cases[:1000])
		if err != nil {
			t.Fatal(err)
		}
		loss := func(c *fewshot.Classifier[string, string]) (sum float64) {
			for _, e := range cases[1000:] {
				got, err := c.Classify(t.Context(), model, e.In)
				if err != nil {
					t.Fatal(err)
				}
				for i, label := range labels {
					if label == e.Out {
						sum -= math.Log(got.Probabilities[i]) / 1000
					}
				}
			}
			return sum
		}
		best := 0.0 // the loss of the truth, from which the cases were drawn
		for _, e := range cases[1000:] {
			sum, own := 0.0, 0.0
			for i, label := range labels {
				w := math.Exp((logprobs[e.In+": "+label] - lean[i]) / 2)
				if sum += w; label == e.Out {
					own = w
				}
			}
			best -= math.Log(own/sum) / 1000
		}
		before, after := loss(plain), loss(fitted)
		if after > best+0.02 || before < best+0.05 {
			t.Errorf("%d labels: loss %.4f before and %.4f after, and the truth has %.4f", len(labels), before, after, best)
		}
	}
}

// unlocked is a scorer that any number of goroutines may ask.
type unlocked struct{ logprobs map[string]float64 }

func (s unlocked) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	calls := 0
	return scorer{logprobs: s.logprobs, calls: &calls}.Score(ctx, req, continuations)
}

func (s unlocked) Sample(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, errors.New("not asked")) }
}

// TestCalibrateOnFew: one case, and cases that are all of one label, leave finite
// probabilities, and a label that the model gives nothing stays possible.
func TestCalibrateOnFew(t *testing.T) {
	logprobs := map[string]float64{": good": -1, ": bad": -800, "x: good": -1, "x: bad": -2, "y: good": -1, "y: bad": -1.5}
	for _, cases := range [][]fewshot.Example[string, string]{
		{{In: "x", Out: "good"}},
		{{In: "x", Out: "bad"}},
		{{In: "x", Out: "good"}, {In: "y", Out: "good"}},
	} {
		task := fewshot.Task[string, string]{Format: fewshot.Lines}
		c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{})
		if err != nil {
			t.Fatal(err)
		}
		model := sampling.Model{Backend: unlocked{logprobs}}
		if c, err = c.CalibrateOn(t.Context(), model, cases); err != nil {
			t.Fatal(err)
		}
		got, err := c.Classify(t.Context(), model, "x")
		if err != nil || !got.Calibrated || !(got.Probability > 0.5 && got.Probability < 1) {
			t.Errorf("%v: %+v, %v", cases, got, err)
		}
	}
}

// TestCalibrateOnTheOpposite: where a label is less often right the more likely the
// model finds it, the fitted probabilities are close to how often each is right.
func TestCalibrateOnTheOpposite(t *testing.T) {
	logprobs := map[string]float64{}
	cases := make([]fewshot.Example[string, string], 200)
	for i := range cases {
		in, right, wrong := fmt.Sprint(i), "good", "bad"
		if i%10 == 0 {
			right, wrong = wrong, right
		}
		logprobs[in+": "+right], logprobs[in+": "+wrong] = -2*float64(i%4+1), -0.01
		cases[i] = fewshot.Example[string, string]{In: in, Out: right}
	}
	model := sampling.Model{Backend: unlocked{logprobs}}
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = c.CalibrateOn(t.Context(), model, cases); err != nil {
		t.Fatal(err)
	}
	got, err := c.Classify(t.Context(), model, "1")
	if err != nil || got.Label != "good" || math.Abs(got.Probability-0.9) > 0.005 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCalibrateOnMistakes(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{})
	if err != nil {
		t.Fatal(err)
	}
	model := sampling.Model{Backend: unlocked{}}
	if _, err := c.CalibrateOn(t.Context(), model, nil); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("no cases: %v", err)
	}
	var value *fewshot.ValueError
	if _, err := c.CalibrateOn(t.Context(), model, []fewshot.Example[string, string]{{In: "x", Out: "good"}, {In: "y", Out: "odd", At: "f:2"}}); !errors.As(err, &value) || value.Example != 1 || value.At != "f:2" {
		t.Errorf("another label: %v", err)
	}
	unasked := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		t.Error("asked, though the input of a case breaks the layout")
		return func(func(sampling.Chunk, error) bool) {}
	})}
	if _, err := c.CalibrateOn(t.Context(), unasked, []fewshot.Example[string, string]{{In: "x", Out: "good"}, {In: "y\nz", Out: "good", At: "f:2"}}); !errors.As(err, &value) || value.Example != 1 || value.At != "f:2" {
		t.Errorf("an input of two lines: %v", err)
	}
	votes := sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		if !req.Params.Logprobs {
			t.Error("a vote was drawn, though votes cannot be calibrated")
		}
		return func(yield func(sampling.Chunk, error) bool) {
			yield(sampling.Chunk{Text: " good", Reason: sampling.EndOfText}, nil)
		}
	})}
	if _, err := c.CalibrateOn(t.Context(), votes, []fewshot.Example[string, string]{{In: "x", Out: "good"}}); !errors.Is(err, sampling.ErrUnsupported) || strings.Count(err.Error(), "fewshot: ") != 1 {
		t.Errorf("votes: %v", err)
	}
}

// TestCalibrateFails: where one content-free input fails, no other is sent.
func TestCalibrateFails(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{})
	if err != nil {
		t.Fatal(err)
	}
	backend := &cannotScore{}
	if _, err := c.Calibrate(t.Context(), sampling.Model{Backend: backend}); !errors.Is(err, errCannotScore) || backend.asked != 1 {
		t.Errorf("asked %d times, %v", backend.asked, err)
	}
}

type cannotScore struct {
	sampling.Backend
	asked int
}

var errCannotScore = errors.New("a wrong key")

func (b *cannotScore) Score(context.Context, *sampling.Request, []string) ([]sampling.Score, error) {
	b.asked++
	return nil, errCannotScore
}

func TestAbstain(t *testing.T) {
	model := sampling.Model{Backend: unlocked{map[string]float64{
		"sure: good": math.Log(0.9), "sure: bad": math.Log(0.1), "unsure: good": math.Log(0.6), "unsure: bad": math.Log(0.4),
	}}}
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{Abstain: 0.7})
	if err != nil {
		t.Fatal(err)
	}
	for in, label := range map[string]string{"sure": "good", "unsure": ""} {
		got, err := c.Classify(t.Context(), model, in)
		if err != nil || got.Label != label || got.Abstained != (label == "") || got.Probability < 0.59 {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
		p, err := c.Predict(t.Context(), model, in)
		if err != nil || p.Value != label || p.Abstained != (label == "") || p.Probability != got.Probability {
			t.Errorf("%s predicted: %+v, %v", in, p, err)
		}
	}
	for _, bad := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{Abstain: bad}); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("abstaining below %v: %v", bad, err)
		}
	}
}
