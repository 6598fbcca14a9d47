package faultwire

import (
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/foreword-go/foreword/sampling"
)

// A Fault is one way in which a server, or what lies before it, misbehaves.
// Some are not faults at all but rare forms of a right answer, which a careless
// reader takes for one.
type Fault struct {
	Name string // short and unique
	Does string // what happens, for people

	outcome       Outcome
	textInStreams bool // only streams bring the text of outcome

	only   []string           // the API and the mode in which alone it has a meaning
	reply  string             // the right answer, or "" for the server's
	header *template.Template // nil is that of a right answer
	answer *template.Template
	url    string // the base URL, or "" for the plain server's
}

// Outcome returns what must come of the fault in an API, streamed or whole. It
// is false where the fault has no meaning.
func (f Fault) Outcome(api API, stream bool) (Outcome, bool) {
	if !f.applies(api, stream) {
		return Outcome{}, false
	}
	o := f.outcome
	if f.textInStreams && !stream {
		o.Text = ""
	}
	return o, true
}

func (f Fault) applies(api API, stream bool) bool {
	way := string(api) + " " + modeName(stream)
	return !slices.ContainsFunc(f.only, func(word string) bool { return !strings.Contains(way, word) })
}

// TestFaults lets a backend meet each of the [Faults] of an API, streamed and
// whole, and checks what comes of it: the text or the typed error, and that
// nothing hangs, no text is lost and no key is told. newBackend makes a backend
// for the server at a base URL, to which it gives [FaultKey] as its key.
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
