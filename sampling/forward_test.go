package sampling_test

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// able has every ability, and tells what it was asked for.
type able struct {
	sampling.Backend
	asked *[]string
	info  sampling.Info
	err   error
}

func (a able) Sample(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	*a.asked = append(*a.asked, "Sample")
	return func(yield func(sampling.Chunk, error) bool) { yield(sampling.Chunk{Reason: sampling.EndOfText}, nil) }
}
func (a able) Count(context.Context, string) (int, error) {
	*a.asked = append(*a.asked, "Count")
	return 7, a.err
}
func (a able) Score(context.Context, *sampling.Request, []string) ([]sampling.Score, error) {
	*a.asked = append(*a.asked, "Score")
	return nil, a.err
}
func (a able) Draw(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
	*a.asked = append(*a.asked, "Draw")
	return nil, a.err
}
func (a able) Describe(context.Context) (sampling.Info, error) {
	*a.asked = append(*a.asked, "Describe")
	return a.info, a.err
}
func (a able) Constrains(sampling.Constraint) error {
	*a.asked = append(*a.asked, "Constrains")
	return a.err
}

// callAll calls every method of a Forward and returns the errors by name.
func callAll(f sampling.Forward) map[string]error {
	ctx, req := context.Background(), &sampling.Request{}
	errs := map[string]error{}
	for range f.Sample(ctx, req) {
	}
	_, errs["Count"] = f.Count(ctx, "x")
	_, errs["Score"] = f.Score(ctx, req, nil)
	_, errs["Draw"] = f.Draw(ctx, req, 2)
	_, errs["Describe"] = f.Describe(ctx)
	errs["Constrains"] = f.Constrains(sampling.Constraint{})
	return errs
}

// TestForward finds every method of Forward by reflection, so that an ability
// that is added and not passed on fails here.
func TestForward(t *testing.T) {
	var asked []string
	boom := errors.New("boom")
	for name, err := range callAll(sampling.Forward{Backend: able{asked: &asked, err: boom}}) {
		if !errors.Is(err, boom) {
			t.Errorf("%s returned %v", name, err)
		}
	}
	if methods := reflect.TypeFor[sampling.Forward]().NumMethod(); len(asked) != methods {
		t.Errorf("Forward has %d methods, and %d calls arrived: %v", methods, len(asked), asked)
	}
	for name, err := range callAll(sampling.Forward{Backend: sampling.BackendFunc(capitals)}) {
		if !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s of a backend without it returned %v", name, err)
		}
	}
}

func TestDiscover(t *testing.T) {
	asked := new([]string)
	m, err := sampling.Discover(t.Context(), able{asked: asked, info: sampling.Info{Model: "m", Window: 2048}})
	if err != nil || m.Window != 2048 || m.Counter != nil {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := sampling.Discover(t.Context(), sampling.BackendFunc(capitals)); err != nil || m.Window != 0 {
		t.Errorf("a backend that tells nothing: %+v, %v", m, err)
	}
	boom := errors.New("boom")
	if _, err := sampling.Discover(t.Context(), able{asked: asked, err: boom}); !errors.Is(err, boom) {
		t.Errorf("a server that does not answer: %v", err)
	}
	if _, err := sampling.Discover(t.Context(), nil); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("no backend: %v", err)
	}
}
