package wrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// A Record writes each call and what came of it to a file, from which a [Replay]
// answers. So a program's tests are recorded once with a server, and then run
// without.
//
// The file is JSON Lines, meant to be read and kept beside the tests. The first
// line tells what the backend can do, and each other line is one call:
//
//	{"ask":{"method":"sample","prompt":"butterfly:",…},"answer":{"chunks":[{"text":" 나비"},…]}}
//
// It has the prompts and the texts in full, and no key and no header. A call is
// written when it is over, in one write, so calls under way when the program
// ends are not in it.
//
// What cannot be written is an error of the call, in place of its last chunk,
// and of [Record.Err]: a recording with a hole is of no use.
//
// A Record must not be copied, and is for one backend. It is safe for concurrent
// use.
type Record struct {
	// To is where the exchanges go, such as a file that os.Create opened. The
	// Record does not close it.
	To io.Writer

	mu      sync.Mutex
	began   bool
	counted map[string]bool
	err     error
}

// format is what the first line of a file says it is.
const format = "foreword exchanges 1"

// A header is the first line.
type header struct {
	Format    string   `json:"format"`
	Abilities []string `json:"abilities"`
}

// An exchange is any other line.
type exchange struct {
	Ask    *question `json:"ask"`
	Answer *answer   `json:"answer"`
}

// Wrap returns a backend whose calls are recorded.
func (r *Record) Wrap(backend sampling.Backend) sampling.Backend {
	in := look(backend)
	rec := &recorder{r, in}
	if in.counts != nil {
		return expose(rec, rec, in.scores != nil, in.draws != nil)
	}
	return in.expose(rec)
}

// Err returns the first error of writing, or nil. A call that was left early
// cannot report one itself, so a program that records asks at its end.
func (r *Record) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// recorder is a backend with a Record around it.
type recorder struct {
	record *Record
	inner
}

// write adds a line to the file. err is what was wrong with the question.
func (r *recorder) write(q *question, err error, a *answer) error {
	rec := r.record
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if err == nil {
		err = r.writeLine(q, a)
	}
	if err != nil {
		err = fmt.Errorf("recording an exchange: %w", err)
		if rec.err == nil {
			rec.err = err
		}
	}
	return err
}

func (r *recorder) writeLine(q *question, a *answer) error {
	rec := r.record
	if rec.To == nil {
		return fmt.Errorf("%w: Record.To is nil; set it to a file", sampling.ErrInvalid)
	}
	line, err := encode(exchange{q, a})
	if err != nil {
		return err
	}
	if q.Method == "count" {
		// A prompt is fitted by counting its parts again and again.
		if rec.counted[q.Prompt] {
			return nil
		}
		if rec.counted == nil {
			rec.counted = make(map[string]bool)
		}
		rec.counted[q.Prompt] = true
	}
	if !rec.began {
		first, err := encode(r.header())
		if err != nil {
			return err
		}
		line = append(append(first, '\n'), line...)
		rec.began = true
	}
	_, err = rec.To.Write(append(line, '\n'))
	return err
}

func (r *recorder) header() header {
	h := header{Format: format, Abilities: []string{}}
	if r.counts != nil {
		h.Abilities = append(h.Abilities, "count")
	}
	if r.scores != nil {
		h.Abilities = append(h.Abilities, "score")
	}
	if r.draws != nil {
		h.Abilities = append(h.Abilities, "draw")
	}
	return h
}

func (r *recorder) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		q, asking := ask("sample", req, 0)
		a := &answer{Left: true} // until the sequence ends by itself
		written := false
		write := func() error {
			written = true
			return r.write(q, asking, a)
		}
		defer func() {
			if !written {
				write() // Err tells of what goes wrong
			}
		}()
		for chunk, err := range r.backend.Sample(ctx, req) {
			if err != nil {
				a.Left, written = false, true
				yield(chunk, r.answered(q, asking, a, err))
				return
			}
			a.Chunks = append(a.Chunks, writeChunk(&chunk))
			if chunk.Reason != sampling.Unfinished {
				a.Left = false
				if err := write(); err != nil {
					yield(sampling.Chunk{}, err)
					return
				}
			}
			if !yield(chunk, nil) || !a.Left {
				return
			}
		}
		a.Left = false
		if err := write(); err != nil {
			yield(sampling.Chunk{}, err)
		}
	}
}

// answered records a call that is answered as a whole.
func (r *recorder) answered(q *question, asking error, a *answer, err error) error {
	if err != nil {
		a.Error = writeFailure(err)
	}
	if failed := r.write(q, asking, a); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

func (r *recorder) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	all, err := r.draws.Draw(ctx, req, n)
	q, asking := ask("draw", req, n)
	return all, r.answered(q, asking, &answer{Completions: writeCompletions(all)}, err)
}

func (r *recorder) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	scores, err := r.scores.Score(ctx, req, continuations)
	q := &question{Method: "score", Prompt: req.Prompt, Continuations: continuations}
	return scores, r.answered(q, q.check(), &answer{Scores: writeScores(scores)}, err)
}

func (r *recorder) Count(ctx context.Context, text string) (int, error) {
	n, err := r.counts.Count(ctx, text)
	q := &question{Method: "count", Prompt: text}
	return n, r.answered(q, q.check(), &answer{Tokens: &n}, err)
}
