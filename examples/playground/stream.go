package main

import (
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// An event is one line of an answer, which is JSON Lines. It has one field.
type event struct {
	Prompt *promptEvent `json:"prompt,omitzero"`
	Text   *textEvent   `json:"text,omitzero"`
	Beyond string       `json:"beyond,omitzero"` // the stop sequence and the text after it
	End    *endEvent    `json:"end,omitzero"`
	Error  *fault       `json:"error,omitzero"`
}

// A promptEvent is a prompt with its parts.
type promptEvent struct {
	Parts   []partObject `json:"parts"`
	Stop    []string     `json:"stop"`
	Tokens  int          `json:"tokens"`
	Bound   bool         `json:"bound"`   // Tokens is an upper bound, since the backend has no counter
	Shown   int          `json:"shown"`   // examples or turns
	Dropped int          `json:"dropped"` // since the window is full
}

type partObject struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// A textEvent is a piece of the continuation.
type textEvent struct {
	Text   string        `json:"text"`
	Tokens []tokenObject `json:"tokens,omitzero"`
}

type tokenObject struct {
	Text    string        `json:"text"`
	Logprob float64       `json:"logprob"`
	Top     []tokenObject `json:"top,omitzero"`
	Refused bool          `json:"refused,omitzero"` // the constraint does not allow it
}

// An endEvent has the reason of the end and the cost.
type endEvent struct {
	Reason     sampling.Reason `json:"reason"`
	Stop       string          `json:"stop"`
	Prompt     int             `json:"prompt_tokens"`
	Completion int             `json:"completion_tokens"`
	Estimated  bool            `json:"estimated"` // the backend did not report all tokens
	Cost       float64         `json:"cost"`      // dollars
	Answer     *string         `json:"answer,omitzero"`
	Problem    string          `json:"problem,omitzero"` // why the text is not an answer
	Turn       *assistant.Turn `json:"turn,omitzero"`
}

// A stream writes events as they arrive.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	meter   *wrap.Meter
	begun   bool
	allowed *sampling.Matcher // reads the continuation, where it is constrained
}

// send writes one event at once. A page that takes nothing for too long is gone.
func (s *stream) send(e event) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/jsonl")
		s.w.WriteHeader(http.StatusOK)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(maxStall)) // a test's recorder has none
	if _, err := s.w.Write(append(line, '\n')); err != nil {
		return err
	}
	return s.control.Flush()
}

// chunk writes a piece of a continuation.
func (s *stream) chunk(c sampling.Chunk) error {
	if c.Text == "" && len(c.Tokens) == 0 {
		return nil
	}
	e := textEvent{Text: c.Text}
	for _, t := range c.Tokens {
		token := tokenObject{Text: t.Text, Logprob: finite(t.Logprob)}
		for _, a := range t.Top {
			token.Top = append(token.Top, tokenObject{Text: a.Text, Logprob: finite(a.Logprob), Refused: s.refuses(a.Text)})
		}
		if s.allowed != nil {
			s.allowed.Add(t.Text)
		}
		e.Tokens = append(e.Tokens, token)
	}
	return s.send(event{Text: &e})
}

// refuses reports whether the constraint does not allow text to come next.
func (s *stream) refuses(text string) bool {
	if s.allowed == nil {
		return false
	}
	next := *s.allowed
	return !next.Add(text)
}

// finite replaces an infinite log probability, since JSON has no infinity.
func finite(logprob float64) float64 {
	if math.IsNaN(logprob) {
		return 0
	}
	return max(logprob, -1000)
}

// beyond writes the text that a stop sequence cut off.
func (s *stream) beyond(text string) {
	if text != "" {
		_ = s.send(event{Beyond: text}) // the end follows and fails too
	}
}

// end writes the reason of the end and the cost.
func (s *stream) end(last sampling.Chunk, e endEvent) error {
	bill := s.meter.Total()
	e.Reason, e.Stop = last.Reason, last.Stop
	e.Prompt, e.Completion, e.Estimated = bill.PromptTokens, bill.CompletionTokens, bill.Estimated > 0
	e.Cost = bill.Cost
	return s.send(event{End: &e})
}

// fail sends an error: with a status, or as the last event.
func (s *stream) fail(err error) {
	if !s.begun {
		refuse(s.w, err)
		return
	}
	_ = s.send(event{Error: asFault(err)}) // the page may be gone
}
