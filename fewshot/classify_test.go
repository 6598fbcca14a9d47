package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// scorer is a backend that scores as it is told. A score of a continuation is
// looked up with the last line of the prompt, then without it.
type scorer struct {
	sampling.BackendFunc
	logprobs map[string]float64
	calls    *int
}

func (s scorer) Score(_ context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	*s.calls++
	last := req.Prompt[strings.LastIndex(req.Prompt, "\n")+1:]
	scores := make([]sampling.Score, len(continuations))
	for i, text := range continuations {
		p, ok := s.logprobs[last+text]
		if !ok {
			p, ok = s.logprobs[text]
		}
		if !ok {
			return nil, fmt.Errorf("no score for %q", last+text)
		}
		scores[i] = sampling.Score{Logprob: p, Tokens: make([]sampling.Token, len(strings.Fields(text)))}
	}
	return scores, nil
}

// A classifying is a Task, its labels and how they are weighed.
type classifying struct {
	task    fewshot.Task[string, string]
	labels  []string
	options fewshot.ClassifierOptions[string]
}

func sentiment(labels ...string) *classifying {
	return &classifying{task: fewshot.Task[string, string]{Format: fewshot.Lines}, labels: labels}
}

// classifier makes the Classifier, calibrated for b where there are content-free
// inputs.
func (c *classifying) classifier(ctx context.Context, b sampling.Backend) (*fewshot.Classifier[string, string], error) {
	p, err := c.task.Compile()
	if err != nil {
		return nil, err
	}
	made, err := fewshot.NewClassifier(p, c.labels, c.options)
	if err != nil || c.options.ContentFree == nil {
		return made, err
	}
	return made.Calibrate(ctx, sampling.Model{Backend: b})
}

func (c *classifying) classify(ctx context.Context, b sampling.Backend, in string) (*fewshot.Classification[string], error) {
	made, err := c.classifier(ctx, b)
	if err != nil {
		return nil, err
	}
	return made.Classify(ctx, sampling.Model{Backend: b}, in)
}

func probabilities(t *testing.T, c *classifying, b sampling.Backend, in string) (*fewshot.Classification[string], []float64) {
	t.Helper()
	got, err := c.classify(t.Context(), b, in)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, p := range got.Probabilities {
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities %v sum to %v", got.Probabilities, sum)
	}
	return got, got.Probabilities
}

var closeEnough = cmpopts.EquateApprox(0, 1e-9)

func TestClassifyByScore(t *testing.T) {
	logprobs := map[string]float64{
		" good": math.Log(0.2), " quite bad": math.Log(0.1), // 2 tokens and more bytes
		": good": math.Log(0.4), ": quite bad": math.Log(0.02), // nothing before
		" New\n": math.Log(0.1), " New York\n": math.Log(0.3),
		"N/A: good": math.Log(0.08), "N/A: quite bad": math.Log(0.01),
	}
	perToken := []float64{0.2, math.Sqrt(0.1)}
	perByte := []float64{math.Pow(0.2, 1.0/4), math.Pow(0.1, 1.0/9)}
	share := func(w []float64) []float64 { return []float64{w[0] / (w[0] + w[1]), w[1] / (w[0] + w[1])} }
	tests := []struct {
		name  string
		why   string
		c     *classifying
		want  []float64
		label string
	}{
		{"sum", "the likelier label", sentiment("good", "quite bad"), share([]float64{0.2, 0.1}), "good"},
		{"per token", "a long label is not punished for its length", &classifying{options: fewshot.ClassifierOptions[string]{Normalize: fewshot.PerToken}}, share(perToken), "quite bad"},
		{"per byte", "the same, by bytes", &classifying{options: fewshot.ClassifierOptions[string]{Normalize: fewshot.PerByte}}, share(perByte), "quite bad"},
		{"unconditional", "a common word is not preferred for that", &classifying{options: fewshot.ClassifierOptions[string]{Normalize: fewshot.Unconditional}}, share([]float64{0.5, 5}), "quite bad"},
		{"calibrated", "what an empty input gets is divided out", &classifying{options: fewshot.ClassifierOptions[string]{ContentFree: []string{"N/A"}}}, share([]float64{0.2 / 8, 0.1 / 1}), "quite bad"},
		{"a label that begins another", "each is scored with what ends it", sentiment("New", "New York"), share([]float64{0.1, 0.3}), "New York"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.c.labels == nil {
				options := tt.c.options
				tt.c = sentiment("good", "quite bad")
				tt.c.options = options
			}
			calls := 0
			got, p := probabilities(t, tt.c, scorer{logprobs: logprobs, calls: &calls}, "a film")
			if diff := cmp.Diff(tt.want, p, closeEnough); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
			if got.Label != tt.label || got.Method != fewshot.ByScore {
				t.Errorf("%s: %q %v, want %q by score", tt.why, got.Label, got.Method, tt.label)
			}
		})
	}
}

// TestBiasIsMeasuredOnce counts scorings: those of the content-free inputs, and
// then one for each input. The Classifier that was calibrated does not change.
func TestBiasIsMeasuredOnce(t *testing.T) {
	calls := 0
	c := sentiment("good", "bad")
	b := scorer{logprobs: map[string]float64{" good": -1, " bad": -2, "N/A: good": -3, "N/A: bad": -1, "[MASK]: good": -3, "[MASK]: bad": -1, ": good": -3, ": bad": -1}, calls: &calls}
	plain, err := c.classifier(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	m := sampling.Model{Backend: &b}
	calibrated, err := plain.Calibrate(t.Context(), m) // by the default inputs, of which one is empty
	if err != nil || calls != 3 {
		t.Fatalf("%d scorings, %v", calls, err)
	}
	for range 3 {
		before, err1 := plain.Classify(t.Context(), m, "a film")
		after, err2 := calibrated.Classify(t.Context(), m, "a film")
		if err1 != nil || err2 != nil || before.Calibrated || !after.Calibrated || after.Probability <= before.Probability {
			t.Errorf("%+v, %v; %+v, %v", before, err1, after, err2)
		}
	}
	if calls != 3+6 {
		t.Errorf("%d scorings for 6 inputs and 3 content-free ones", calls)
	}
}

// TestCalibrationNeedsTheSameMethod has a backend that reports no label among the
// first tokens after an input that says nothing: then the bias is not known.
func TestCalibrationNeedsTheSameMethod(t *testing.T) {
	good := alternatives(20, sampling.Token{Text: " good", Logprob: -0.1})
	other := alternatives(20, sampling.Token{Text: " well", Logprob: -0.1})
	model := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		if strings.Contains(req.Prompt, "N/A") {
			return other.Sample(ctx, req)
		}
		return good.Sample(ctx, req)
	})
	c := sentiment("good", "bad")
	if got, _ := probabilities(t, c, model, "a film"); got.Method != fewshot.ByFirstToken {
		t.Errorf("uncalibrated: %v", got.Method)
	}
	c.options.ContentFree = []string{"N/A"}
	if _, err := c.classifier(t.Context(), model); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("only votes for an input that says nothing: %v", err)
	}
	votes := alternatives(0, sampling.Token{Text: " good"})
	if _, err := c.classifier(t.Context(), votes); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a backend that only votes was calibrated: %v", err)
	}
	c.options.ContentFree = []string{"N/A", "-"} // scored, and by the first token
	if _, err := c.classifier(t.Context(), scoresSome{good}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("calibrated by two methods: %v", err)
	}
}

// scoresSome scores after "N/A" only.
type scoresSome struct{ sampling.Backend }

func (scoresSome) Score(_ context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if !strings.Contains(req.Prompt, "N/A") {
		return nil, sampling.ErrUnsupported
	}
	return make([]sampling.Score, len(continuations)), nil
}

func TestClassifierMistakes(t *testing.T) {
	with := func(o fewshot.ClassifierOptions[string]) *classifying {
		c := sentiment("a", "b")
		c.options = o
		return c
	}
	for want, c := range map[string]*classifying{
		"a Classifier of 1 labels; name at least two":           sentiment("a"),
		`label 3, "a": its text is the same as that of label 1`: sentiment("a", "b", "a"),
		`label 2, "": its text is empty`:                        sentiment("a", ""),
		`label 2, "b\nc": its text contains a line break`:       sentiment("a", "b\nc"),
		"ClassifierOptions.Samples is -1":                       with(fewshot.ClassifierOptions[string]{Samples: -1}),
		"ClassifierOptions.Normalize is 4":                      with(fewshot.ClassifierOptions[string]{Normalize: 4}),
		"ClassifierOptions.ContentFree is empty":                with(fewshot.ClassifierOptions[string]{ContentFree: []string{}}),
	} {
		if _, err := c.classifier(t.Context(), nil); !errors.Is(err, sampling.ErrInvalid) || !strings.HasPrefix(err.Error(), "fewshot: "+want) {
			t.Errorf("got  %v\nwant fewshot: %s", err, want)
		}
	}
	if _, err := fewshot.NewClassifier[string](nil, []string{"a", "b"}, fewshot.ClassifierOptions[string]{}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("no Prompter: %v", err)
	}
	c := sentiment("good", "bad")
	calls := 0
	for name, p := range map[string]float64{"NaN": math.NaN(), "nothing is likely": math.Inf(-1)} {
		if _, err := c.classify(t.Context(), scorer{logprobs: map[string]float64{" good": p, " bad": p}, calls: &calls}, "x"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	broken := errors.New("the server is gone")
	gone := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})
	if _, err := c.classify(t.Context(), gone, "x"); !errors.Is(err, broken) {
		t.Errorf("a backend that fails: %v", err)
	}
	none := alternatives(0, sampling.Token{Text: " dunno"})
	var answer *fewshot.AnswerError
	got, err := c.classify(t.Context(), none, "x")
	if !errors.As(err, &answer) {
		t.Errorf("samples that are not labels: %v", err)
	}
	if p := got.Probability; p != 0 {
		t.Errorf("no label was chosen, with a probability of %v", p)
	}
}

// TestCalibrationNamesTheInput has a content-free input that cannot be written.
func TestCalibrationNamesTheInput(t *testing.T) {
	c := sentiment("good", "bad")
	c.task.In.Encode = func(s string) (string, error) {
		if s == "N/A" {
			return "", errors.New("no such film")
		}
		return s, nil
	}
	c.options.ContentFree = []string{"nothing", "N/A"}
	if _, err := c.classifier(t.Context(), nil); err == nil || !strings.HasPrefix(err.Error(), "fewshot: content-free input 2: ") {
		t.Error(err)
	}
}

// TestCalibrationUndoesABias trains a model on a corpus in which one label
// stands far more often than the other, and has it classify words that are
// equally common under both.
func TestCalibrationUndoesABias(t *testing.T) {
	var page strings.Builder
	for i := range 40 {
		label := "good"
		if i%8 == 7 {
			label = "bad"
		}
		fmt.Fprintf(&page, "thing %d: %s\n", i, label)
	}
	page.WriteString("sun: good\nrain: bad\nflower: good\nmud: bad\n")
	model, err := pocket.Train(fstest.MapFS{"page.txt": {Data: []byte(page.String())}})
	if err != nil {
		t.Fatal(err)
	}
	c := sentiment("good", "bad")
	biased, p := probabilities(t, c, model, "a word it has not read")
	t.Logf("uncalibrated: P(good) = %.2f", p[0])
	if biased.Label != "good" || p[0] < 0.7 {
		t.Errorf("the bias that was planted does not show: %v", p)
	}
	c = sentiment("good", "bad")
	c.options.ContentFree = []string{"N/A", "nothing", "something else"}
	_, p = probabilities(t, c, model, "a word it has not read")
	t.Logf("calibrated: P(good) = %.2f", p[0])
	if math.Abs(p[0]-0.5) > 0.1 {
		t.Errorf("calibrated, a word that says nothing is %v", p)
	}
	for word, want := range map[string]string{"sun": "good", "rain": "bad", "flower": "good", "mud": "bad"} {
		got, err := c.classify(t.Context(), model, word)
		if err != nil || got.Label != want {
			t.Errorf("calibrated, %s is %+v, %v; want %s", word, got, err, want)
		}
	}
}

// Each label gets a probability, from which the model's bias for some label is
// divided out.
func ExampleClassifier() {
	task := fewshot.Task[string, string]{Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
	task.Add("The soup arrived cold and the waiter never came back.", "negative")
	task.Add("A wonderful book, I loved every page of it.", "positive")
	ctx, model := context.Background(), sampling.Model{Backend: pocket.Default()}

	classifier, err := fewshot.NewClassifier(task.MustCompile(), []string{"positive", "negative"}, fewshot.ClassifierOptions[string]{})
	if err != nil {
		log.Fatal(err)
	}
	classifier, err = classifier.Calibrate(ctx, model)
	if err != nil {
		log.Fatal(err)
	}
	for _, review := range []string{"The pasta was delicious.", "A dull film, and far too long."} {
		c, err := classifier.Classify(ctx, model, review)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s (%v, more than 60 %%: %t): %s\n", c.Label, c.Method, c.Probability > 0.6, review)
	}
	// Output:
	// positive (by score, more than 60 %: true): The pasta was delicious.
	// negative (by score, more than 60 %: true): A dull film, and far too long.
}
