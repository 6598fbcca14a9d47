package openai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A pace is a model that takes its time for each of its events. It notes how
// many it had handed over when its connection closed.
type pace struct {
	every  time.Duration
	events int
	silent int // the event before which it falls silent; 0 is never
	handed int
	within time.Duration // since the last event, when the connection closed
	whole  bool          // whether the stream was read to its end
}

func (p *pace) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
	go func() {
		last := time.Now()
		for i := range p.events {
			if i == p.silent-1 {
				<-r.Context().Done()
			}
			time.Sleep(p.every)
			if _, err := io.WriteString(pw, "data: "+said("a")+"\n\n"); err != nil {
				p.within = time.Since(last)
				return
			}
			p.handed, last = i+1, time.Now()
		}
		_, err := io.WriteString(pw, "data: "+ended+"\n\ndata: [DONE]\n\n")
		p.whole = err == nil
		pw.Close()
	}()
	return response(r, pr), nil
}

// Ollama's model stays busy for ever when its stream is left at the wrong
// moment. In the bubble all times are exact.
func TestFarewell(t *testing.T) {
	for _, test := range []struct {
		name   string
		pace   pace
		cancel bool          // leave by the context and not by the loop
		handed int           // events that the server got rid of, or one less
		whole  bool          // the stream was read to its end
		took   time.Duration // for the leaving
	}{
		{name: "a slow model is left at once, right after an event", pace: pace{every: 50 * time.Millisecond, events: 100}, handed: 3},
		{name: "a fast model is heard to its end", pace: pace{every: time.Millisecond, events: 40}, handed: 40, whole: true, took: 37 * time.Millisecond},
		{name: "a fast model without an end is left after half a second", pace: pace{every: 3 * time.Millisecond, events: 100000}, handed: 169, took: 500 * time.Millisecond},
		{name: "a slow model is left at once when cancelled", pace: pace{every: 50 * time.Millisecond, events: 100}, cancel: true, handed: 3},
		{name: "a silent model is left after a tenth of a second", pace: pace{every: time.Millisecond, events: 100, silent: 4}, handed: 3, took: 100 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := test.pace
				b, err := openai.New(openai.Config{BaseURL: "http://model.test/v1", Model: "m", Dialect: openai.Ollama, HTTPClient: &http.Client{Transport: &p}})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var left time.Time
				n := 0
				for _, err := range b.Sample(ctx, &sampling.Request{Prompt: "x"}) {
					if n++; n == 3 {
						left = time.Now()
						if !test.cancel {
							break
						}
						cancel()
					}
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
				took := time.Since(left)
				time.Sleep(time.Second) // for the server to find out
				synctest.Wait()
				if p.handed < test.handed-1 || p.handed > test.handed || p.whole != test.whole || took != test.took {
					t.Errorf("the server handed over %d events, to the end: %v, and leaving took %v; want %d, %v, %v", p.handed, p.whole, took, test.handed, test.whole, test.took)
				}
			})
		})
	}
}

// With any other server leaving closes the connection at once.
func TestLeaveAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace{every: time.Millisecond, events: 1000}
		b, err := openai.New(openai.Config{BaseURL: "http://model.test/v1", Model: "m", Dialect: openai.LlamaCpp, HTTPClient: &http.Client{Transport: &p}})
		if err != nil {
			t.Fatal(err)
		}
		for range b.Sample(t.Context(), &sampling.Request{Prompt: "x"}) {
			break
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if p.handed != 1 || p.within > time.Millisecond {
			t.Errorf("the server handed over %d events and was left %v after the last", p.handed, p.within)
		}
	})
}
