package assistant

import (
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/internal/filelock"
	"github.com/foreword-go/foreword/sampling"
)

// What went wrong, for [errors.Is].
var (
	// ErrEmpty: the reply was empty, also when it was asked for again.
	ErrEmpty = errors.New("the reply is empty")

	// ErrLoop: the reply repeated itself and was stopped. A RepetitionPenalty of 1.1
	// often helps.
	ErrLoop = errors.New("the reply repeats itself; set RepetitionPenalty to 1.1, or allow loops")

	// ErrInUse: the transcript file is open already.
	ErrInUse = filelock.ErrInUse
)

// errNoTurn: there is no turn to undo or to reply to again.
var errNoTurn = fmt.Errorf("assistant: there is no turn yet: %w", sampling.ErrInvalid)

// A ValueError says which text cannot be used, and why. Nothing was sent.
// errors.Is takes it for [sampling.ErrInvalid].
type ValueError struct {
	Where string // such as "user text", "turn 3: reply", "example 1, turn 2: user text", "persona" or a file's path
	Line  int    // of a file, counting from 1; 0 elsewhere
	Err   error
}

// Error names the text and what is wrong with it.
func (e *ValueError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("assistant: %s: line %d %v", e.Where, e.Line, e.Err)
	}
	return fmt.Sprintf("assistant: %s %v", e.Where, e.Err)
}

// Unwrap returns sampling.ErrInvalid and what is wrong with the text.
func (e *ValueError) Unwrap() []error { return []error{sampling.ErrInvalid, e.Err} }
