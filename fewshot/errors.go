package fewshot

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// noExample is ValueError.Example where the value does not belong to an example.
const noExample = -1

var errNotUTF8 = errors.New("is not valid UTF-8; convert it, or replace the bytes with strings.ToValidUTF8")

// A ValueError names a value that would break the prompt, and says why. Nothing was
// sent. It wraps [sampling.ErrInvalid].
type ValueError struct {
	Example int    // index into Task.Examples, or -1 for the query, preamble or instruction
	At      string // where the example came from, if that is known
	Field   string // "input", "output", "instruction" or "preamble"
	Err     error  // the reason and a fix
}

// Error names the example by its place in a file and its index.
func (e *ValueError) Error() string {
	if e.Example == noExample {
		return fmt.Sprintf("fewshot: %s %v", e.Field, e.Err)
	}
	at := ""
	if e.At != "" {
		at = e.At + ": "
	}
	return fmt.Sprintf("fewshot: %sExamples[%d]: %s %v", at, e.Example, e.Field, e.Err)
}

// Unwrap returns [sampling.ErrInvalid] and the reason.
func (e *ValueError) Unwrap() []error { return []error{sampling.ErrInvalid, e.Err} }

// An AnswerError says that the model's text is not a valid answer: it cannot be
// decoded, or it was cut off. The second wraps [sampling.ErrTokenLimit] or
// [sampling.ErrTruncated].
type AnswerError struct {
	Text string // the answer's text, with the layout undone
	Err  error
}

// Error quotes the text, shortened when it is long.
func (e *AnswerError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("fewshot: the answer %v", e.Err)
	}
	return fmt.Sprintf("fewshot: the answer %q %v", shorten(e.Text, 80), e.Err)
}

// Unwrap returns the reason.
func (e *AnswerError) Unwrap() error { return e.Err }

// mistake is an error in a Task. errors.Is takes it for [sampling.ErrInvalid].
func mistake(format string, args ...any) error {
	return &mistakeError{fmt.Errorf("fewshot: "+format, args...)}
}

type mistakeError struct{ error }

func (e *mistakeError) Is(target error) bool { return target == sampling.ErrInvalid }
func (e *mistakeError) Unwrap() error        { return e.error }

// shorten cuts s to about n bytes, at a whole rune.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
