package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/gonames"
	"github.com/foreword-go/foreword/sampling"
)

// A fault is an error in the form that the page gets.
type fault struct {
	Message string `json:"message"`
	Field   string `json:"field,omitzero"`   // of the request, or "input" or "output" of a pair
	Example int    `json:"example,omitzero"` // the pair to blame, counting from 1
	status  int
}

func (f *fault) Error() string { return f.Message }

// invalid is a mistake in a field of the request.
func invalid(field, format string, args ...any) error {
	return &fault{Message: fmt.Sprintf(format, args...), Field: field, status: http.StatusBadRequest}
}

// hinted adds a hint for the page, which asks for log probabilities by default.
func hinted(err error, p sampling.Params) error {
	if !p.Logprobs || !errors.Is(err, sampling.ErrUnsupported) {
		return err
	}
	f := *asFault(err)
	f.Message += " (the page asks for the probabilities of the tokens; its settings can do without them)"
	return &f
}

// asFault returns the fault and the status of an error.
func asFault(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	f := &fault{Message: gonames.Plain(err), status: http.StatusBadGateway}
	if v, ok := errors.AsType[*fewshot.ValueError](err); ok {
		f.Field, f.Example, f.status = v.Field, v.Example+1, http.StatusBadRequest
		if f.Example > 0 { // the page has no Examples with an index
			f.Message = fmt.Sprintf("pair %d: %s %s", f.Example, v.Field, gonames.Plain(v.Err))
		}
		return f
	}
	if v, ok := errors.AsType[*assistant.ValueError](err); ok {
		f.Field, f.status = v.Where, http.StatusBadRequest
		return f
	}
	for _, mistake := range []error{sampling.ErrInvalid, sampling.ErrBudget, sampling.ErrUnsupported} {
		if errors.Is(err, mistake) {
			f.status = http.StatusBadRequest
		}
	}
	return f
}
