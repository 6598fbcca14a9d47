package faultwire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A Class is the kind of end that a call must come to.
type Class string

const (
	Success Class = "success" // the whole text comes, with a Reason and no error
	Failed  Class = "failed"  // the error is a [sampling.Error] with what the Outcome says
	Broken  Class = "broken"  // not whole, or senseless: [sampling.ErrTruncated] or any [sampling.Error]
	Endless Class = "endless" // an error comes when the caller's context ends, or sooner

	// Either is Success or Failed: the backend may be as lenient as servers are, but
	// not take the answer for something else.
	Either Class = "either"
)

// A Verdict says whether an error must be marked as temporary.
type Verdict string

const (
	Unsure    Verdict = ""          // the backend decides
	Temporary Verdict = "temporary" // trying again may help
	Permanent Verdict = "permanent" // trying again is in vain
)

// An Outcome is the required result of a call in which a [Fault] happens.
type Outcome struct {
	Class     Class
	Status    []int // one of them must be in the Error; nil is any
	Temporary Verdict

	// RetryAtLeast and RetryAtMost are the bounds of the Error's RetryAfter.
	// Both 0 means that there is none.
	RetryAtLeast, RetryAtMost time.Duration

	// Words are the server's own, and must be in the error.
	Words string

	// Text is the whole text of a success, or else what came before the fault
	// and must not be lost. With TextMayStop it may stop short, as when the
	// network drops what was under way; with TextMayDiffer it may be anything
	// that is valid UTF-8.
	Text                       string
	TextMayStop, TextMayDiffer bool
}

// FaultKey is the API key to give to a backend that is tested against a
// [FaultServer]. The server repeats the key it gets in some of its errors, and
// [Outcome.Check] finds it in the backend's.
const FaultKey = "sk-fault-2b7e151628aed2a6abf7158809cf4f3c"

// longestError is how long an error text may be, in bytes. A server can send
// megabytes of HTML, which belong in no log.
const longestError = 8 << 10

// Context returns the context to call with. It ends soon if the answer never ends, and
// otherwise only keeps a test from hanging.
func (o Outcome) Context(parent context.Context) (context.Context, context.CancelFunc) {
	limit := 2 * time.Minute
	if o.Class == Endless {
		limit = 20 * time.Millisecond
	}
	return context.WithTimeout(parent, limit)
}

// Check returns an error that says how the result of a call differs from the Outcome,
// or nil. c may be nil if there was no text.
func (o Outcome) Check(c *sampling.Completion, err error) error {
	if c == nil {
		c = new(sampling.Completion)
	}
	if !utf8.ValidString(c.Text) {
		return fmt.Errorf("the text is not valid UTF-8: %.200q", c.Text)
	}
	if err := checkLeaks(err); err != nil {
		return err
	}
	fault, typed := errors.AsType[*sampling.Error](err)
	switch {
	case err == nil && (o.Class == Success || o.Class == Either):
		if c.Reason == sampling.Unfinished {
			return errors.New("there is neither an error nor a reason")
		}
		return o.checkText(c.Text)
	case err == nil:
		return fmt.Errorf("want %v, got a success in silence: %.200q, %v", o.Class, c.Text, c.Reason)
	case o.Class == Success:
		return fmt.Errorf("want a success, got the error %q after %.200q", err, c.Text)
	case o.Class == Endless:
		return nil
	case o.Class == Broken && errors.Is(err, sampling.ErrTruncated):
		return o.checkText(c.Text)
	case !typed:
		return fmt.Errorf("want %v, the error is not a *sampling.Error: %T %q", o.Class, err, err)
	}
	if o.Class == Either {
		return nil
	}
	return errors.Join(o.checkError(fault, err), o.checkText(c.Text))
}

func (o Outcome) checkText(text string) error {
	if o.TextMayDiffer || text == o.Text || o.TextMayStop && strings.HasPrefix(o.Text, text) {
		return nil
	}
	return fmt.Errorf("want the text %.200q, got %.200q", o.Text, text)
}

func (o Outcome) checkError(e *sampling.Error, err error) error {
	var wrong []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	expect(o.Status == nil || slices.Contains(o.Status, e.Status), "want the status %v, got %d", o.Status, e.Status)
	expect(o.Temporary == Unsure || e.Temporary == (o.Temporary == Temporary), "want it %s, got Temporary %v", o.Temporary, e.Temporary)
	expect(e.RetryAfter >= o.RetryAtLeast && e.RetryAfter <= o.RetryAtMost, "want RetryAfter from %v to %v, got %v", o.RetryAtLeast, o.RetryAtMost, e.RetryAfter)
	expect(strings.Contains(err.Error(), o.Words), "the server's own words %q are missing in %q", o.Words, err)
	expect(e.Backend != "" && e.Err != nil, "the Error lacks its Backend or Err")
	return errors.Join(wrong...)
}

// checkLeaks looks for the key in everything that can be printed of an error and of
// those that it wraps, and for an error too long to print.
func checkLeaks(err error) error {
	if err == nil {
		return nil
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, FaultKey) {
			return fmt.Errorf("the error, a %T, contains the API key: %.200s", err, strings.ReplaceAll(err.Error(), FaultKey, "[the key]"))
		}
	}
	if n := len(err.Error()); n > longestError {
		return fmt.Errorf("the error is %d bytes long: %.200q", n, err)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return checkLeaks(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if err := checkLeaks(one); err != nil {
				return err
			}
		}
	}
	return nil
}
