package assistant

import (
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/internal/filelock"
	"github.com/foreword-go/foreword/sampling"
)

// Errors of this package, for [errors.Is].
var (
	// ErrEmpty: the reply was empty twice.
	ErrEmpty = errors.New("the reply is empty; try another seed, or ask in another way")

	// ErrLoop: the reply repeated itself and was stopped.
	ErrLoop = errors.New("the reply repeats itself; set RepetitionPenalty to 1.1, or allow loops")

	// ErrInUse: another File, in this process or another, has the path open.
	ErrInUse = filelock.ErrInUse
)

// A ValueError is an error in a text or a file. Nothing was sent. It is a
// [sampling.ErrInvalid].
type ValueError struct {
	Where string // such as "user text", "turn 3: reply", "example 1, turn 2: user text", "persona" or a file's path
	Line  int    // of a file, counting from 1; 0 elsewhere
	Err   error
}

// Error names the text or file and its error.
func (e *ValueError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("assistant: %s: line %d %v", e.Where, e.Line, e.Err)
	}
	return fmt.Sprintf("assistant: %s %v", e.Where, e.Err)
}

// Unwrap returns sampling.ErrInvalid and e.Err.
func (e *ValueError) Unwrap() []error { return []error{sampling.ErrInvalid, e.Err} }
