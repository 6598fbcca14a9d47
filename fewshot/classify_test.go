package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"math"
	"strings"
	"sync"
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

func sentiment(labels ...string) *fewshot.Classifier[string, string] {
	return &fewshot.Classifier[string, string]{Task: &fewshot.Task[string, string]{Format: fewshot.Lines}, Labels: labels}
}

func probabilities(t *testing.T, c *fewshot.Classifier[string, string], b sampling.Backend, in string) (*fewshot.Classification[string], []float64) {
	t.Helper()
	got, err := c.Classify(t.Context(), sampling.Model{Backend: b}, in)
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
		c     *fewshot.Classifier[string, string]
		want  []float64
		label string
	}{
		{"sum", "the likelier label", sentiment("good", "quite bad"), share([]float64{0.2, 0.1}), "good"},
		{"per token", "a long label is not punished for its length", &fewshot.Classifier[string, string]{Normalize: fewshot.PerToken}, share(perToken), "quite bad"},
		{"per byte", "the same, by bytes", &fewshot.Classifier[string, string]{Normalize: fewshot.PerByte}, share(perByte), "quite bad"},
		{"unconditional", "a common word is not preferred for that", &fewshot.Classifier[string, string]{Normalize: fewshot.Unconditional}, share([]float64{0.5, 5}), "quite bad"},
		{"calibrated", "what an empty input gets is divided out", &fewshot.Classifier[string, string]{ContentFree: []string{"N/A"}}, share([]float64{0.2 / 8, 0.1 / 1}), "quite bad"},
		{"a label that begins another", "each is scored with what ends it", sentiment("New", "New York"), share([]float64{0.1, 0.3}), "New York"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.c.Task == nil {
				tt.c.Task, tt.c.Labels = &fewshot.Task[string, string]{Format: fewshot.Lines}, []string{"good", "quite bad"}
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

func TestBiasIsMeasuredOnce(t *testing.T) {
	calls := 0
	c := sentiment("good", "bad")
	c.ContentFree = []string{"N/A", "nothing"}
	b := scorer{logprobs: map[string]float64{" good": -1, " bad": -2, " fair": -3}, calls: &calls}
	m := sampling.Model{Backend: &b}
	for range 3 {
		if _, err := c.Classify(t.Context(), m, "a film"); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 3+2 {
		t.Errorf("%d scorings for 3 inputs and 2 content-free ones", calls)
	}
	for _, change := range []struct {
		what string
		do   func()
	}{
		{"new examples", func() { c.Task.Add("x", "good"); c.Task.Add("y", "bad") }},
		{"fewer shots", func() { c.Task.Shots = 1 }},
		{"other inputs that say nothing", func() { c.ContentFree = []string{"-", "?"} }},
		{"another normalization", func() { c.Normalize = fewshot.PerByte }},
		{"other parameters", func() { c.Task.Params.TopK = 9 }},
		{"one more label", func() { c.Labels = append(c.Labels, "fair") }},
	} {
		change.do()
		calls = 0
		if _, err := c.Classify(t.Context(), m, "a film"); err != nil || calls != 3 {
			t.Errorf("%s: %d scorings, %v; want the bias measured anew", change.what, calls, err)
		}
	}
	calls = 0
	other := b
	for range 3 {
		for _, backend := range []sampling.Backend{&b, &other} {
			if _, err := c.Classify(t.Context(), sampling.Model{Backend: backend}, "a film"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if calls != 6+2 {
		t.Errorf("%d scorings for 6 inputs and the 2 content-free ones of another backend", calls)
	}
}

// TestBiasIsThatOfTheShots has a window in which a long input leaves no room for
// the example: then the bias is measured without it too, and each time, since what
// is left out may differ by input.
func TestBiasIsThatOfTheShots(t *testing.T) {
	calls := 0
	c := sentiment("good", "bad")
	c.Task.Add("a book", "good")
	c.Task.Params.MaxTokens = 1
	c.ContentFree = []string{"N/A"}
	b := scorer{logprobs: map[string]float64{" good": -1, " bad": -2}, calls: &calls}
	m := sampling.Model{Backend: &b, Window: 1 + 25} // bytes
	for _, step := range []struct {
		input string
		calls int
	}{{"a film", 2}, {"a film", 1}, {"a film of three hours", 2}, {"a film of three hours", 2}, {"a film", 1}} {
		calls = 0
		if _, err := c.Classify(t.Context(), m, step.input); err != nil || calls != step.calls {
			t.Errorf("%s: %d scorings, want %d; %v", step.input, calls, step.calls, err)
		}
	}
}

// TestCalibrationNeedsTheSameWay has a backend that reports no label among the
// first tokens behind an input that says nothing: then the bias is not known, and
// answers vote.
func TestCalibrationNeedsTheSameWay(t *testing.T) {
	good := alternatives(20, sampling.Token{Text: " good", Logprob: -1})
	other := alternatives(20, sampling.Token{Text: " well", Logprob: -1})
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
	c.ContentFree = []string{"N/A"}
	if got, _ := probabilities(t, c, model, "a film"); got.Method != fewshot.ByVotes || got.Label != "good" {
		t.Errorf("calibrated: %q %v, want good by votes", got.Label, got.Method)
	}
}

func TestClassifierMistakes(t *testing.T) {
	for want, c := range map[string]*fewshot.Classifier[string, string]{
		"Classifier.Task is nil":                                {Labels: []string{"a", "b"}},
		"a Classifier of 1 labels; name at least two":           sentiment("a"),
		`label 3, "a": its text is the same as that of label 1`: sentiment("a", "b", "a"),
		`label 2, "": its text is empty`:                        sentiment("a", ""),
		`label 2, "b\nc": its text contains a line break`:       sentiment("a", "b\nc"),
		"Classifier.Samples is -1":                              {Task: &fewshot.Task[string, string]{}, Labels: []string{"a", "b"}, Samples: -1},
		"Classifier.Normalize is 4":                             {Task: &fewshot.Task[string, string]{}, Labels: []string{"a", "b"}, Normalize: 4},
		"Shots is -2":                                           {Task: &fewshot.Task[string, string]{Shots: -2}, Labels: []string{"a", "b"}},
	} {
		if _, err := c.Classify(t.Context(), sampling.Model{Backend: alternatives(0, sampling.Token{Text: "a"})}, "x"); err == nil || !strings.HasPrefix(err.Error(), "fewshot: "+want) {
			t.Errorf("got  %v\nwant fewshot: %s", err, want)
		}
	}
	if got := fewshot.Method(3).String(); got != "unknown" {
		t.Errorf("a Method that there is not is %q", got)
	}
	c := sentiment("good", "bad")
	calls := 0
	for name, p := range map[string]float64{"NaN": math.NaN(), "nothing is likely": math.Inf(-1)} {
		if _, err := c.Classify(t.Context(), sampling.Model{Backend: scorer{logprobs: map[string]float64{" good": p, " bad": p}, calls: &calls}}, "x"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	broken := errors.New("the server is gone")
	gone := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{}, broken) }
	})
	if _, err := c.Classify(t.Context(), sampling.Model{Backend: gone}, "x"); !errors.Is(err, broken) {
		t.Errorf("a backend that fails: %v", err)
	}
	none := alternatives(0, sampling.Token{Text: " dunno"})
	var answer *fewshot.AnswerError
	got, err := c.Classify(t.Context(), sampling.Model{Backend: none}, "x")
	if !errors.As(err, &answer) {
		t.Errorf("samples that are no label: %v", err)
	}
	if p := got.Probability(); p != 0 {
		t.Errorf("no label was chosen, with a probability of %v", p)
	}
}

// TestCalibrationNamesTheInput has a content-free input that cannot be written.
func TestCalibrationNamesTheInput(t *testing.T) {
	c := sentiment("good", "bad")
	c.Task.In.Encode = func(s string) (string, error) {
		if s == "N/A" {
			return "", errors.New("no such film")
		}
		return s, nil
	}
	c.ContentFree = []string{"nothing", "N/A"}
	calls := 0
	b := scorer{logprobs: map[string]float64{" good": -1, " bad": -2}, calls: &calls}
	_, err := c.Classify(t.Context(), sampling.Model{Backend: b}, "a film")
	if err == nil || err.Error() != "ContentFree[1]: fewshot: input cannot be encoded: no such film" {
		t.Error(err)
	}
}

// TestClassifierIsShared has many goroutines measure the bias at once. The race
// detector watches.
func TestClassifierIsShared(t *testing.T) {
	c := sentiment("good", "bad")
	c.ContentFree = []string{"N/A", "nothing"}
	c.Task.Add("sun", "good")
	c.Task.Add("mud", "bad")
	m := sampling.Model{Backend: pocket.Default()}
	want, err := c.Classify(t.Context(), m, "rain")
	if err != nil {
		t.Fatal(err)
	}
	fresh := &fewshot.Classifier[string, string]{Task: c.Task, Labels: c.Labels, ContentFree: c.ContentFree}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := fresh.Classify(t.Context(), m, "rain")
			if err != nil || !cmp.Equal(got.Probabilities, want.Probabilities, closeEnough) {
				t.Errorf("%+v, %v; want %v", got, err, want.Probabilities)
			}
		})
	}
	wg.Wait()
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
	m := sampling.Model{Backend: model}
	c := sentiment("good", "bad")
	biased, p := probabilities(t, c, model, "a word it has not read")
	t.Logf("uncalibrated: P(good) = %.2f", p[0])
	if biased.Label != "good" || p[0] < 0.7 {
		t.Errorf("the bias that was planted does not show: %v", p)
	}
	c = sentiment("good", "bad")
	c.ContentFree = []string{"N/A", "nothing", "something else"}
	_, p = probabilities(t, c, model, "a word it has not read")
	t.Logf("calibrated: P(good) = %.2f", p[0])
	if math.Abs(p[0]-0.5) > 0.1 {
		t.Errorf("calibrated, a word that says nothing is %v", p)
	}
	for word, want := range map[string]string{"sun": "good", "rain": "bad", "flower": "good", "mud": "bad"} {
		got, err := c.Classify(t.Context(), m, word)
		if err != nil || got.Label != want {
			t.Errorf("calibrated, %s is %+v, %v; want %s", word, got, err, want)
		}
	}
}

// Each label gets a probability, from which the model's liking for some label is
// divided out.
func ExampleClassifier() {
	task := &fewshot.Task[string, string]{Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
	task.Add("The soup arrived cold and the waiter never came back.", "negative")
	task.Add("A wonderful book, I loved every page of it.", "positive")
	classifier := fewshot.Classifier[string, string]{
		Task:        task,
		Labels:      []string{"positive", "negative"},
		ContentFree: []string{"N/A", "..."},
	}
	model := sampling.Model{Backend: pocket.Default()}
	for _, review := range []string{"The pasta was delicious.", "A dull film, and far too long."} {
		c, err := classifier.Classify(context.Background(), model, review)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s (%v, more than 60 %%: %t): %s\n", c.Label, c.Method, c.Probability() > 0.6, review)
	}
	// Output:
	// positive (by score, more than 60 %: true): The pasta was delicious.
	// negative (by score, more than 60 %: true): A dull film, and far too long.
}
