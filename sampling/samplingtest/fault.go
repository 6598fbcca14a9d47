package samplingtest

import (
	"slices"
	"sync"
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

// Faults returns all faults, by what they befall: the connection, the status,
// the body of an answer, and streams.
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
