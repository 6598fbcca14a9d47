package wrap_test

import (
	"errors"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A backend that keeps the rules still keeps them in every wrapper, and in all
// of them together: leaving early, cancelling, goroutines and all the rest.
func TestConformance(t *testing.T) {
	for name, wrappers := range everyWrapper() {
		if name == "none" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			samplingtest.Kit{MaxTokens: 8}.TestBackend(t, func(t *testing.T) sampling.Backend {
				return wrap.Around(pocket.Default(), wrappers...)
			})
		})
	}
}

// The first wrapper is the innermost.
func TestAround(t *testing.T) {
	inner, outer := new(wrap.Meter), new(wrap.Meter)
	var unset wrap.Wrapper // is left out
	b := wrap.Around(able(), inner, unset, &wrap.Cache{}, outer)
	for range 3 {
		for range b.Sample(t.Context(), &sampling.Request{}) {
		}
	}
	if in, out := inner.Total().Calls, outer.Total().Calls; in != 1 || out != 3 {
		t.Errorf("inside the cache %d calls were counted, and %d outside", in, out)
	}
}

// A backend that is nil is told, and no wrapper panics with it.
func TestAroundNil(t *testing.T) {
	for name, wrappers := range everyWrapper() {
		if name == "none" {
			continue
		}
		_, err := sampling.Model{Backend: wrap.Around(nil, wrappers...)}.Complete(t.Context(), &sampling.Request{})
		if !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
