package faultwire

import (
	"slices"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// A Fault is one way in which a server, or what lies before it, misbehaves.
// Some are not faults at all but rare forms of a right answer, which a careless
// reader takes for one.
type Fault struct {
	Name string // short and unique
	Does string // what happens, for people

	// outcome is what must come of it. When midway is set, a stream brings the
	// first words before.
	outcome Outcome
	midway  bool

	stream *Outcome // what must come of it in a stream, when that is different

	api   API  // the only protocol in which it has a meaning, or "" for both
	modes mode // the only mode, or both
	serve func(x *exchange)
	url   func(s *FaultServer) string // the base URL, where it is not the plain server's
}

// A mode is how an answer comes.
type mode int

const (
	both mode = iota
	wholeOnly
	streamOnly
)

// Outcome returns what must come of the fault in an API, streamed or whole. It
// is false where the fault has no meaning.
func (f Fault) Outcome(api API, stream bool) (Outcome, bool) {
	if !f.applies(api, stream) {
		return Outcome{}, false
	}
	o := f.outcome
	if stream && f.stream != nil {
		o = *f.stream
	}
	if stream && f.midway {
		o.Text = faultStart
	}
	return o, true
}

func (f Fault) applies(api API, stream bool) bool {
	switch {
	case f.api != "" && f.api != api:
		return false
	case stream:
		return f.modes != wholeOnly
	}
	return f.modes != streamOnly
}

// TestFaults lets a backend meet each of the [Faults] of an API, streamed and
// whole, and checks what comes of it: the text or the typed error, and that
// nothing hangs, no text is lost and no key is told. newBackend makes a backend
// for the server at a base URL, to which it gives [FaultKey] as its key:
//
//	func TestFaults(t *testing.T) {
//		faultwire.TestFaults(t, faultwire.Completions, func(t *testing.T, url string, stream bool) sampling.Backend {
//			return mymodel.New(url+"/v1", faultwire.FaultKey, stream)
//		})
//	}
//
// Each fault is a subtest, which runs beside the others. A backend that cannot
// do without streams, or with them, skips those subtests.
func TestFaults(t *testing.T, api API, newBackend func(t *testing.T, url string, stream bool) sampling.Backend) {
	t.Helper()
	server := NewFaultServer(t)
	for _, fault := range Faults() {
		for _, stream := range []bool{true, false} {
			outcome, ok := fault.Outcome(api, stream)
			if !ok {
				continue
			}
			t.Run(fault.Name+"/"+modeName(stream), func(t *testing.T) {
				t.Parallel()
				backend := newBackend(t, server.URL(fault), stream)
				ctx, cancel := outcome.Context(t.Context())
				defer cancel()
				c, err := sampling.Model{Backend: backend}.Complete(ctx, &sampling.Request{Prompt: "Once upon a time"})
				t.Log(err)
				if err := outcome.Check(c, err); err != nil {
					t.Errorf("%s: %v", fault.Does, err)
				}
			})
		}
	}
}

func modeName(stream bool) string {
	if stream {
		return "streamed"
	}
	return "whole"
}

// Faults returns all faults: of the connection, the status, the body of an answer, and
// streams.
func Faults() []Fault { return slices.Clone(allFaults()) }

var allFaults = sync.OnceValue(func() []Fault {
	return slices.Concat(connectionFaults(), statusFaults(), redirectFaults(), bodyFaults(), streamErrorFaults(), streamFaults(), lineFaults())
})

// right is the outcome of an answer that is right after all.
func right() Outcome { return Outcome{Class: Success, Text: FaultText} }

// either is the outcome of an answer that may be refused.
func either() Outcome { return Outcome{Class: Either, Text: FaultText} }

// broken is the outcome of an answer that is not whole.
func broken() Outcome { return Outcome{Class: Broken} }

// failed is the outcome of an answer that is an error.
func failed(v Verdict, status ...int) Outcome {
	return Outcome{Class: Failed, Status: status, Temporary: v}
}

// saying adds the server's own words.
func (o Outcome) saying(words string) Outcome {
	o.Words = words
	return o
}
