package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// backendName is sampling.Error.Backend in every fault.
const backendName = "openai"

func invalid(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrInvalid, fmt.Sprintf(format, args...))}
}

func unsupported(format string, args ...any) error {
	return &sampling.Error{Backend: backendName, Err: fmt.Errorf("%w: %s", sampling.ErrUnsupported, fmt.Sprintf(format, args...))}
}

// A wrongAnswer is an answer that no completions server should give.
type wrongAnswer string

func (w wrongAnswer) Error() string { return string(w) }

func wrong(format string, args ...any) error { return wrongAnswer(fmt.Sprintf(format, args...)) }

// misread is the fault of an answer that arrived and cannot be right. What it
// says may repeat the answer, and so it is made fit for an error text here.
func (b *Backend) misread(err error) error {
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		return e
	}
	return &sampling.Error{Backend: backendName, Status: http.StatusOK, Err: wrongAnswer(b.say([]byte(err.Error())))}
}

// truncated is the fault of an answer that ended too early.
func truncated(err error) error {
	return &sampling.Error{Backend: backendName, Status: http.StatusOK, Temporary: true, Err: both(sampling.ErrTruncated, err)}
}

// both is err with a sentinel that errors.Is finds in it.
func both(sentinel, err error) error { return fmt.Errorf("%w: %w", sentinel, err) }

// fault describes an error of the network, or hands on what is a fault already.
// The caller's own cancellation is told from all others by the caller's context.
func (b *Backend) fault(caller context.Context, err error) error { return b.wire.Fault(caller, err) }

// wholeAddress is what to check if something else answers. llama.cpp's server
// answers without /v1 too, in a protocol of its own.
const wholeAddress = "Config.BaseURL ends in /v1"

// refused adds the way out to a refusal, where there is a known one.
func (b *Backend) refused(e *sampling.Error) error {
	missing := e.Status == http.StatusNotFound && !strings.Contains(e.Err.Error(), "model") // the address, then
	switch {
	case e.Status == http.StatusOK && !e.Temporary || e.Status == http.StatusMethodNotAllowed || missing:
		e.Err = fmt.Errorf("%w; see that %s", e.Err, wholeAddress)
	case e.Status == http.StatusUnauthorized && b.wire.Key.Reveal() == "":
		e.Err = fmt.Errorf("%w; Config.Key is empty", e.Err)
	}
	return e
}

// tooManyLogprobs marks a refusal that is about log probabilities as something
// that the server does not do, so that a caller can ask for fewer.
func tooManyLogprobs(err error, p *sampling.Params) error {
	e, ok := errors.AsType[*sampling.Error](err)
	if !ok || !p.Logprobs || e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return err
	}
	text := strings.ToLower(e.Err.Error())
	greater := regexp.MustCompile(fmt.Sprintf(`\b%d (>|is greater than|exceeds|is larger than)`, logprobCount(p)))
	if strings.Contains(text, "logprob") || strings.Contains(text, "log prob") || greater.MatchString(text) {
		e.Err = both(sampling.ErrUnsupported, e.Err)
	}
	return e
}

// announced describes an error that came as an event of a stream.
func (b *Backend) announced(raw []byte) error {
	return b.wire.Announced(http.StatusOK, raw)
}

// keptWords is how much of what a server says is kept for an error text, in
// bytes. It is more than the text will have, so that the key is found in it
// wherever the text is shortened.
const keptWords = 4 << 10

// say makes what a server sent fit for an error text: on one line, not too
// long, and without the key.
func (b *Backend) say(raw []byte) string {
	return b.wire.Announced(http.StatusOK, raw[:min(len(raw), keptWords)]).Err.Error()
}
