package fewshot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/foreword-go/foreword/fewshot/internal/journal"
	"github.com/foreword-go/foreword/sampling"
)

// A journalEntry is what the model said to one input of a [Task.Map].
type journalEntry struct {
	Index      int             `json:"index"`
	In         string          `json:"in"`
	Completion string          `json:"completion"`
	Reason     sampling.Reason `json:"reason"`
	Usage      sampling.Usage  `json:"usage"`
}

// open opens the journal, if there is to be one, and reads what it has.
func (w *mapping[In, Out]) open() error {
	if w.options.Journal == "" {
		return nil
	}
	print, err := w.fingerprint()
	if err != nil {
		return err
	}
	w.finished = map[int]journalEntry{}
	w.journal, err = journal.Open(w.options.Journal, print, func(line []byte) error {
		var e journalEntry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		w.finished[e.Index] = e
		return nil
	})
	if err != nil {
		return fmt.Errorf("fewshot: %w", err)
	}
	return nil
}

// fingerprint names what is done: what the task shows, how its answers are drawn,
// and what else its caller says that they depend on.
func (w *mapping[In, Out]) fingerprint() (string, error) {
	t := w.task
	c, err := t.column()
	if err != nil {
		return "", err
	}
	params, err := json.Marshal(t.Params)
	if err != nil {
		return "", fmt.Errorf("fewshot: Params cannot be written: %w", err)
	}
	f := &c.layout.format
	h := sha256.New()
	for _, part := range append([]string{
		"map 2", w.options.Work, c.text, f.Before, f.Between, f.After, fmt.Sprint(f.Quote, t.Shots, t.Select != nil, w.model.Window), string(params),
	}, c.layout.stops...) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// resume fills in a result that the journal has.
func (w *mapping[In, Out]) resume(r *Result[In, Out]) (bool, error) {
	e, ok := w.finished[r.Index]
	if !ok {
		return false, nil
	}
	in, err := w.task.In.encode(r.In)
	if err != nil || in != e.In {
		return false, fmt.Errorf("fewshot: input %d is not the one that %s has at this place; the journal is of other inputs", r.Index, w.options.Journal)
	}
	r.Out, r.Err = w.task.Read(&sampling.Completion{Text: e.Completion, Reason: e.Reason})
	r.Usage, r.Resumed = e.Usage, true
	return true, nil
}

// A journalError ends the whole: going on would pay for answers that a resumed
// run pays for again.
type journalError struct{ err error }

func (e *journalError) Error() string { return "fewshot: writing the journal: " + e.err.Error() }
func (e *journalError) Unwrap() error { return e.err }
