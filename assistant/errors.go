package assistant

import (
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/internal/filelock"
	"github.com/foreword-go/foreword/sampling"
)

// What went wrong, for [errors.Is].
var (
	// ErrEmpty: the model had nothing to say, not even when asked again.
	ErrEmpty = errors.New("the model had nothing to say")

	// ErrLoop: the reply went on repeating itself and was stopped.
	ErrLoop = errors.New("the reply repeats itself")

	// ErrInUse: another Log has the transcript file open.
	ErrInUse = filelock.ErrInUse
)

// errNoTurn: there is no turn to undo or to reply to anew.
var errNoTurn = fmt.Errorf("assistant: there is no turn yet: %w", sampling.ErrInvalid)

// A ValueError says which text cannot stand in the prompt, and why. Nothing was
// sent. errors.Is takes it for [sampling.ErrInvalid].
type ValueError struct {
	Where string // such as "user text", "turn 3: reply" or "example 1, turn 2: user text", counting from 1
	Err   error
}

// Error names the text and what is wrong with it.
func (e *ValueError) Error() string {
	return fmt.Sprintf("assistant: %s %v", e.Where, e.Err)
}

// Unwrap returns what is wrong with the text.
func (e *ValueError) Unwrap() error { return e.Err }

// Is reports whether target is [sampling.ErrInvalid].
func (e *ValueError) Is(target error) bool { return target == sampling.ErrInvalid }

// A LogError says what is wrong with a transcript file, and where.
type LogError struct {
	Path string // "" when it was read from a stream
	Line int    // counting from 1; 0 where no line is to blame
	Err  error
}

// Error gives the file and the line.
func (e *LogError) Error() string {
	where := e.Path
	if where == "" {
		where = "transcript"
	}
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, e.Line)
	}
	return fmt.Sprintf("assistant: %s: %v", where, e.Err)
}

// Unwrap returns what is wrong.
func (e *LogError) Unwrap() error { return e.Err }
