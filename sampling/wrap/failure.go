package wrap

import (
	"context"
	"errors"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A failure is an error in a file of exchanges: what errors.Is and errors.As
// can see of it, and its text.
type failure struct {
	Text  string   `json:"text"`
	Is    []string `json:"is,omitempty"`
	Fault *fault   `json:"fault,omitempty"`
}

// A fault is a sampling.Error.
type fault struct {
	Backend    string   `json:"backend"`
	Status     int      `json:"status,omitempty"`
	RetryAfter duration `json:"retry_after,omitempty"`
	Temporary  bool     `json:"temporary,omitempty"`
	Text       string   `json:"text"`
}

// sentinels are the errors that a program may ask for, by the names that they
// have in a file.
var sentinels = []struct {
	name string
	err  error
}{
	{"invalid", sampling.ErrInvalid},
	{"budget", sampling.ErrBudget},
	{"truncated", sampling.ErrTruncated},
	{"unsupported", sampling.ErrUnsupported},
	{"spent", ErrSpent},
	{"canceled", context.Canceled},
	{"deadline", context.DeadlineExceeded},
}

func writeFailure(err error) *failure {
	f := &failure{Text: err.Error()}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			f.Is = append(f.Is, s.name)
		}
	}
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		f.Fault = &fault{Backend: e.Backend, Status: e.Status, RetryAfter: duration(e.RetryAfter), Temporary: e.Temporary}
		if e.Err != nil {
			f.Fault.Text = e.Err.Error()
		}
	}
	return f
}

// err returns an error with the text of the one that was written, which wraps
// what that one wrapped.
func (f *failure) err() error {
	e := &replayed{text: f.Text}
	for _, name := range f.Is {
		for _, s := range sentinels {
			if s.name == name {
				e.wraps = append(e.wraps, s.err)
			}
		}
	}
	if f.Fault == nil {
		return e
	}
	inside := &sampling.Error{
		Backend: f.Fault.Backend, Status: f.Fault.Status, RetryAfter: time.Duration(f.Fault.RetryAfter),
		Temporary: f.Fault.Temporary,
	}
	if f.Fault.Text != "" {
		inside.Err = &replayed{text: f.Fault.Text, wraps: e.wraps}
	}
	if inside.Error() == f.Text {
		return inside // it was not wrapped
	}
	return &replayed{text: f.Text, wraps: append(e.wraps, inside)}
}

// A replayed error was read from a file.
type replayed struct {
	text  string
	wraps []error
}

func (e *replayed) Error() string   { return e.text }
func (e *replayed) Unwrap() []error { return e.wraps }

// A duration is written as people write one: "1.5s".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}
