package wrap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// Replay answers calls from a file that a [Record] wrote, and only from it: a
// call that is not there is an error, which says how it differs from the one
// that is most like it.
//
// The same request that was recorded several times is answered in the order of
// the recording, and from the last on in the same way for ever. Streams have
// their chunks, errors are what they were for errors.Is and errors.As, and the
// backend is a Counter, a Scorer or a Drawer when the recorded one was. A stream
// that its reader left can be read as far as then; to go on is an error.
//
// Nothing takes the time that it took.
type Replay struct {
	// AnySeed lets the seed of a request differ from the recorded one. Model
	// gives a request without a seed a fresh one each time, so a program that
	// samples without naming seeds asks differently in each run. Where there
	// is a recording with the very seed, that is taken. Greedy requests do not
	// need AnySeed: their seed is never looked at.
	AnySeed bool
}

// Read reads a file of exchanges and returns a backend that answers from it. The
// backend is safe for concurrent use.
func (o Replay) Read(from io.Reader) (sampling.Backend, error) {
	r := &replayer{anySeed: o.AnySeed, byKey: make(map[string]*recordings)}
	var can header
	lines := bufio.NewReader(from)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("reading exchanges: %w", err)
		}
		last := err == io.EOF
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := r.read(line, number, &can); err != nil {
				return nil, fmt.Errorf("reading exchanges, line %d: %w", number, err)
			}
		}
		if last {
			break
		}
	}
	if can.Format == "" {
		return nil, errors.New("reading exchanges: there are none; let a wrap.Record write the file first")
	}
	var counter sampling.Counter
	if slices.Contains(can.Abilities, "count") {
		counter = r
	}
	return expose(r, counter, slices.Contains(can.Abilities, "score"), slices.Contains(can.Abilities, "draw")), nil
}

// read takes in one line. Every part of a file begins with a header: several
// that were appended to one another are read as one.
func (r *replayer) read(line []byte, number int, can *header) error {
	var l struct {
		header
		exchange
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields() // a slip of the pen in a file edited by hand
	if err := d.Decode(&l); err != nil {
		return err
	}
	switch {
	case l.Format != "":
		if l.Format != format {
			return fmt.Errorf("the format is %q, and this version of package wrap reads %q", l.Format, format)
		}
		can.Format = l.Format
		can.Abilities = append(can.Abilities, l.Abilities...)
		return nil
	case can.Format == "":
		return fmt.Errorf("the first line must be a header such as {\"format\":%q}", format)
	case l.Ask == nil || l.Answer == nil:
		return errors.New("a line needs both ask and answer")
	}
	if l.Ask.Params != nil && len(l.Ask.Params.Extra) > 0 {
		extra, err := canonical(l.Ask.Params.Extra)
		if err != nil {
			return err
		}
		l.Ask.Params.Extra = extra
	}
	l.Ask.settle()
	one := &recording{number, l.Ask, l.Answer}
	r.all = append(r.all, one)
	for _, seedless := range []bool{false, true} {
		key, err := r.key(l.Ask, seedless)
		if err != nil {
			return err
		}
		if r.byKey[key] == nil {
			r.byKey[key] = new(recordings)
		}
		r.byKey[key].list = append(r.byKey[key].list, one)
	}
	return nil
}

// A recording is one recorded exchange.
type recording struct {
	line   int
	ask    *question
	answer *answer
}

// recordings are the recorded answers to the same question.
type recordings struct {
	list []*recording
	next int
}

type replayer struct {
	anySeed bool
	all     []*recording
	mu      sync.Mutex // for their next
	byKey   map[string]*recordings
}

// key returns what a question is looked up by. With seedless any seed will do.
func (r *replayer) key(q *question, seedless bool) (string, error) {
	if seedless && q.Params != nil {
		p := *q.Params
		p.Seed = 0
		same := *q
		same.Params = &p
		q = &same
	}
	key, err := q.key()
	if seedless {
		key = "any seed " + key
	}
	return key, err
}

// find returns the recorded answer to a question. err is what is wrong with the
// question.
func (r *replayer) find(q *question, err error) (*recording, error) {
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, seedless := range []bool{false, true} {
		if seedless && !r.anySeed {
			break
		}
		key, err := r.key(q, seedless)
		if err != nil {
			return nil, err
		}
		if t := r.byKey[key]; t != nil {
			one := t.list[t.next]
			t.next = min(t.next+1, len(t.list)-1)
			return one, nil
		}
	}
	return nil, &sampling.Error{Backend: "replay", Err: r.unknown(q)}
}

func (r *replayer) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		one, err := r.find(ask("sample", req, 0))
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if one.answer.replay(ctx, yield) {
			return
		}
		if err := one.err(); err != nil {
			yield(sampling.Chunk{}, err)
		}
	}
}

// err returns the error that stands at the end of an answer.
func (t *recording) err() error {
	switch {
	case t.answer.Error != nil:
		return t.answer.Error.err()
	case t.answer.Left:
		return &sampling.Error{Backend: "replay", Err: fmt.Errorf("the stream on line %d was recorded no further, since its reader left; record it again", t.line)}
	}
	return nil
}

func (r *replayer) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	one, err := r.find(ask("draw", req, n))
	if err != nil {
		return nil, err
	}
	return readCompletions(one.answer.Completions, req), one.err()
}

func (r *replayer) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q := &question{Method: "score", Prompt: req.Prompt, Continuations: continuations}
	one, err := r.find(q, q.check())
	if err != nil {
		return nil, err
	}
	return readScores(one.answer.Scores), one.err()
}

func (r *replayer) Count(ctx context.Context, text string) (int, error) {
	q := &question{Method: "count", Prompt: text}
	one, err := r.find(q, q.check())
	if err != nil {
		return 0, err
	}
	if err := one.err(); err != nil {
		return 0, err
	}
	if one.answer.Tokens == nil {
		return 0, fmt.Errorf("replay: the count on line %d has no tokens", one.line)
	}
	return *one.answer.Tokens, nil
}
