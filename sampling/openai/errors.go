package openai

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// backendName is sampling.Error.Backend in every error.
const backendName = "openai"

func invalid(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrInvalid, fmt.Sprintf(format, args...))}
}

func unsupported(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrUnsupported, fmt.Sprintf(format, args...))}
}

// misread is the error for an answer that arrived and cannot be right. err may repeat
// the answer, so it is made fit for an error text.
func (b *Backend) misread(err error) error {
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		return e
	}
	return &sampling.Error{Backend: backendName, Status: http.StatusOK, Err: errors.New(b.wire.Quote([]byte(err.Error())))}
}

// badRequest reports whether the server refused the request itself, and not the
// length of its prompt.
func badRequest(err error) bool {
	e, ok := errors.AsType[*sampling.Error](err)
	return ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) && !errors.Is(err, sampling.ErrBudget)
}

// notDone marks an error as something that the server does not do, if it has one of the
// statuses or if none is given.
func notDone(err error, statuses ...int) error {
	if e, ok := errors.AsType[*sampling.Error](err); ok && (statuses == nil || slices.Contains(statuses, e.Status)) {
		e.Err = fmt.Errorf("%w: %w", sampling.ErrUnsupported, e.Err)
	}
	return err
}

// wholeAddress is what to check if something else answers. llama.cpp's server
// answers without /v1 too, in a protocol of its own.
const wholeAddress = "Config.BaseURL ends in /v1"

// hint returns the way out of an error, where there is a known one.
func (b *Backend) hint(e *sampling.Error) string {
	dial, ok := errors.AsType[*net.OpError](e)
	switch {
	case errors.Is(e, httpwire.ErrNoModel):
		return fmt.Sprintf("check Config.Model; the server lists its models at %s/models", b.base)
	case e.Status == http.StatusOK && !e.Temporary || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotFound:
		return "check that " + wholeAddress
	case errors.Is(e, sampling.ErrBudget):
		return "shorten the prompt, lower Params.MaxTokens, or set Model.Window, as sampling.Discover does"
	case ok && dial.Op == "dial":
		return fmt.Sprintf("is a server running at %s?", b.base)
	}
	return ""
}

// tooManyLogprobs marks a refusal of the log probabilities as ErrUnsupported, so that
// a caller can ask for fewer.
func tooManyLogprobs(err error, p *sampling.Params) error {
	if !p.Logprobs || !badRequest(err) {
		return err
	}
	text := strings.ToLower(err.Error())
	greater := regexp.MustCompile(fmt.Sprintf(`\b%d (>|is greater than|exceeds|is larger than)`, logprobCount(p)))
	if strings.Contains(text, "logprob") || strings.Contains(text, "log prob") || greater.MatchString(text) {
		return notDone(err)
	}
	return err
}
