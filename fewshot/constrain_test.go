package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// A constrainer takes constraints, notes the last request, and answers as it is
// told, whatever the constraint is.
type constrainer struct {
	answer string
	err    error // of Constrains
	last   atomic.Pointer[sampling.Request]
}

func (b *constrainer) Constrains(sampling.Constraint) error { return b.err }

func (b *constrainer) Sample(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	b.last.Store(req)
	return func(yield func(sampling.Chunk, error) bool) {
		yield(sampling.Chunk{Text: b.answer, Reason: sampling.StopSequence}, nil)
	}
}

var labels = fewshot.OneOf("good", "bad")

func TestConstrain(t *testing.T) {
	unsupported := fmt.Errorf("%w: by this server", sampling.ErrUnsupported)
	for _, tt := range []struct {
		name        string
		constrain   fewshot.Constrain
		answer      string
		backend     error
		constrained bool
		err         error
	}{
		{"off", fewshot.ConstrainOff, " good", nil, false, nil},
		{"where supported", fewshot.ConstrainWhereSupported, " good", nil, true, nil},
		{"where it is not", fewshot.ConstrainWhereSupported, " good", unsupported, false, nil},
		{"required", fewshot.ConstrainRequired, " bad", nil, true, nil},
		{"required where it is not supported", fewshot.ConstrainRequired, " good", unsupported, false, sampling.ErrUnsupported},
		{"a server that ignores it", fewshot.ConstrainWhereSupported, " odd", nil, true, sampling.ErrConstraint},
		{"another fault", fewshot.ConstrainWhereSupported, " good", sampling.ErrInvalid, false, sampling.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &constrainer{answer: tt.answer, err: tt.backend}
			task := fewshot.Task[string, string]{Format: fewshot.Lines, Out: labels, Constrain: tt.constrain}
			task.Add("a fine film", "good")
			a, err := task.MustCompile().Do(t.Context(), sampling.Model{Backend: b}, "a film")
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil || a.Prompt != nil && a.Prompt.Constraint.IsZero() == tt.constrained {
				t.Fatalf("%+v, %v", a, err)
			}
			if b.last.Load() == nil {
				if tt.err == nil {
					t.Error("nothing was sent")
				}
				return
			}
			if !tt.constrained {
				if !b.last.Load().Constraint.IsZero() {
					t.Error("a constraint was sent")
				}
			} else if choices := b.last.Load().Constraint.Choices(); !slices.Equal(choices, []string{" good", " bad"}) {
				t.Errorf("the constraint allows %q", choices)
			}
		})
	}
}

func TestConstraintsOfTypes(t *testing.T) {
	good(t, 7, "0", "-12", "!", "-0", "!", "007", "!", "1.5")
	good(t, uint8(7), "0", "255", "!", "-1", "!", "01")
	good(t, 1.5, "0", "-0.25", "100", "!", ".5", "!", "1e5", "!", "NaN")
	good(t, true, "true", "false", "!", "True", "!", "1")
	type word string
	task := fewshot.Task[string, word]{Constrain: fewshot.ConstrainRequired}
	if _, err := task.Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("free text: %v", err)
	}
	own := fewshot.Task[string, string]{Constrain: fewshot.ConstrainRequired}
	own.Out.Constraint = func() (sampling.Constraint, error) { return sampling.Matching(`[a-z]+`) }
	if _, err := own.Compile(); err != nil {
		t.Errorf("a constraint of one's own: %v", err)
	}
	own.Out.Constraint = func() (sampling.Constraint, error) { return sampling.Matching(`[`) }
	if _, err := own.Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a constraint that does not parse: %v", err)
	}
	wrong := fewshot.Task[string, string]{Constrain: 7, Out: labels}
	if _, err := wrong.Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("Constrain 7: %v", err)
	}
}

// good checks which texts the constraint of T allows: those after "!" are not.
func good[T any](t *testing.T, example T, texts ...string) {
	t.Helper()
	task := fewshot.Task[string, T]{Format: fewshot.Lines, Constrain: fewshot.ConstrainRequired}
	task.Add("x", example)
	p, err := task.Compile()
	if err != nil {
		t.Fatal(err)
	}
	prompt, err := p.Prompt(t.Context(), sampling.Model{Backend: &constrainer{}}, "y")
	if err != nil {
		t.Fatal(err)
	}
	allowed := true
	for _, text := range texts {
		if text == "!" {
			allowed = false
			continue
		}
		if err := prompt.Constraint.Match(" " + text); (err == nil) != allowed {
			t.Errorf("%T: %q: %v", example, text, err)
		}
		allowed = true
	}
}

// TestExamplesKeepToTheConstraint: an example that the model could not write is
// an error of Compile, as is such a case of an evaluation.
func TestExamplesKeepToTheConstraint(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Constrain: fewshot.ConstrainWhereSupported}
	task.Out.Constraint = func() (sampling.Constraint, error) { return sampling.Matching(`[a-z]+`) }
	task.Add("one", "fine")
	p := task.MustCompile()
	if err := p.Accepts("two", "fine too"); err == nil {
		t.Error("a case that the model could not write is accepted")
	}
	task.Add("two", "Fine")
	var value *fewshot.ValueError
	if _, err := task.Compile(); !errors.As(err, &value) || value.Example != 1 || value.Field != "output" {
		t.Errorf("%v", err)
	}
}

// TestClassifierVotesUnderItsLabels: without scores and log probabilities, each
// answer that is drawn is a label.
func TestClassifierVotesUnderItsLabels(t *testing.T) {
	b := &constrainer{answer: " bad"}
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Constrain: fewshot.ConstrainWhereSupported, Out: labels}
	c, err := fewshot.NewClassifier(task.MustCompile(), []string{"good", "bad"}, fewshot.ClassifierOptions[string]{Samples: 3})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Classify(t.Context(), sampling.Model{Backend: b}, "x")
	if err != nil || got.Label != "bad" || got.Method != fewshot.ByVotes || got.Prompt.Constraint.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if choices := b.last.Load().Constraint.Choices(); !slices.Equal(choices, []string{" good", " bad"}) {
		t.Errorf("the constraint allows %q", choices)
	}
}

// TestConstrainedPocket: at a temperature where free answers are noise, each
// constrained one is a label.
func TestConstrainedPocket(t *testing.T) {
	task := fewshot.Task[string, string]{
		Format: fewshot.Lines, Out: labels, Constrain: fewshot.ConstrainRequired,
		Params: sampling.Params{Temperature: 1.5, Seed: 1},
	}
	task.Add("a fine film", "good")
	task.Add("a waste of time", "bad")
	inputs := make([]string, 20)
	for i := range inputs {
		inputs[i] = fmt.Sprint("film ", i)
	}
	n := 0
	for _, err := range task.MustCompile().Map(t.Context(), sampling.Model{Backend: pocket.Default()}, slices.Values(inputs), fewshot.MapOptions{}) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != len(inputs) {
		t.Errorf("%d results", n)
	}
}

// TestConstraintsInFormats: in each format, what the constraint of a struct allows
// is read back, and an answer of the examples is allowed.
func TestConstraintsInFormats(t *testing.T) {
	quoted := fewshot.Lines
	quoted.Quote = true
	for _, format := range []fewshot.Format{fewshot.Lines, fewshot.QA, fewshot.Labeled, fewshot.Fenced, fewshot.Arrow, quoted} {
		task := fewshot.Task[string, person]{Format: format, Constrain: fewshot.ConstrainRequired}
		task.Add("x", person{"Ada \"<&>\" ```\n나", 3})
		p, err := task.Compile()
		if err != nil {
			t.Errorf("%+v: %v", format, err)
			continue
		}
		text := `{"name":"b\n\nA: \"c\"","age":-4}`
		if format.Between == "\n```\nOutput:\n```\n" {
			text = `{"name":"b\n","age":-4}`
		} else {
			text = " " + text
		}
		b := &constrainer{answer: text}
		if got, err := p.Run(t.Context(), sampling.Model{Backend: b}, "y"); err != nil || got.Age != -4 {
			t.Errorf("%+v: %v, %v", format, got, err)
		}
	}
}
