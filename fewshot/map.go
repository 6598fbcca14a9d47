package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/foreword-go/foreword/fewshot/internal/journal"
	"github.com/foreword-go/foreword/sampling"
)

// Mapping says how [Task.Map] works through many inputs. The zero Mapping runs
// four at once and yields the results in the order of the inputs.
type Mapping struct {
	// Parallel is how many inputs are under way at once; 0 is 4.
	Parallel int

	// Unordered yields each result as it comes.
	Unordered bool

	// MaxFailed is how many inputs may fail before the rest is given up; 0 is no
	// limit.
	MaxFailed int

	// Journal names a file that keeps the finished answers, so that the same call
	// goes on where an earlier one was interrupted, or killed. What the model
	// said is kept, so that it is read again and not asked for again; inputs for
	// which it failed are asked again. "" keeps none. One process at a time may
	// use a file.
	//
	// A journal of another Task (its instruction, examples, format or parameters),
	// of another Window or of other inputs is refused and not touched. What the
	// answers depend on besides, Work has to say.
	Journal string

	// Work is stored in a new journal, and must be the same when it is taken up
	// again: the name of the model, say, and that of the Selector.
	Work string

	// Progress is called after each result, from the goroutine that ranges over
	// the results.
	Progress func(Progress)
}

// Progress counts the results so far.
type Progress struct {
	Done    int // all of them
	Failed  int // those with an error
	Resumed int // those that stood in the journal
}

// A Result is what came of one of many inputs.
type Result[In, Out any] struct {
	Index   int // of the input, counting from 0
	In      In
	Out     Out
	Err     error          // why there is no Out
	Usage   sampling.Usage // what the backend told of its cost
	Resumed bool           // the answer stood in the journal
}

// ErrTooManyFailed is the error of a [Task.Map] that passed Mapping.MaxFailed.
var ErrTooManyFailed = errors.New("fewshot: too many inputs failed")

// Map answers many inputs, several at once. An input that fails is a result with
// an Err, and the others go on. The sequence ends with an error of its own when
// the whole cannot go on: too many failed, the context is over, or the journal
// cannot be written. Leaving the loop cancels what is under way, and no goroutine
// stays behind. Inputs are drawn from the loop's goroutine, as they are needed.
// With a Params.Seed, input i is drawn with [sampling.SeedAt] of it. The sequence
// is single-use.
func (t *Task[In, Out]) Map(ctx context.Context, m sampling.Model, inputs iter.Seq[In], o Mapping) iter.Seq2[Result[In, Out], error] {
	return func(yield func(Result[In, Out], error) bool) {
		w := mapping[In, Out]{task: t, model: m, options: o, parallel: cmp.Or(o.Parallel, 4)}
		err := w.check()
		if err == nil {
			err = w.open()
		}
		if err == nil {
			ctx, cancel := context.WithCancel(ctx)
			err = w.run(ctx, cancel, inputs, yield)
			cancel()
			if w.journal != nil {
				if closed := w.journal.Close(); err == nil {
					err = closed
				}
			}
		}
		if err != nil && err != errLeft {
			yield(Result[In, Out]{}, err)
		}
	}
}

// errLeft says that the consumer has left its loop.
var errLeft = errors.New("left")

// A mapping is a Map under way.
type mapping[In, Out any] struct {
	task     *Task[In, Out]
	model    sampling.Model
	options  Mapping
	parallel int
	journal  *journal.Journal
	finished map[int]journalEntry
	progress Progress
}

func (w *mapping[In, Out]) check() error {
	if w.parallel < 0 || w.options.MaxFailed < 0 {
		return fmt.Errorf("fewshot: Mapping.Parallel is %d and Mapping.MaxFailed %d; use 0 for the default, or a positive number", w.options.Parallel, w.options.MaxFailed)
	}
	return nil
}

// ahead is how many inputs may be drawn beyond the next result, for each that
// runs: results that wait for a slow one before them are kept in memory.
const ahead = 4

// run keeps up to w.parallel calls under way. Everything but the calls
// themselves happens in this goroutine.
func (w *mapping[In, Out]) run(ctx context.Context, cancel func(), inputs iter.Seq[In], yield func(Result[In, Out], error) bool) error {
	next, stop := iter.Pull(inputs)
	defer stop()
	results := make(chan Result[In, Out]) // each call that runs gives one, and each is taken
	running := 0
	defer func() { // whatever ends the loop, see every call out
		cancel()
		for ; running > 0; running-- {
			<-results
		}
	}()
	waiting := map[int]Result[In, Out]{} // finished, and not yet yielded
	drawn, yielded, more := 0, 0, true
	for {
		for more && running < w.parallel && (drawn-yielded)/ahead < w.parallel {
			var r Result[In, Out]
			r.Index = drawn
			if r.In, more = next(); !more {
				break
			}
			drawn++
			resumed, err := w.resume(&r)
			if err != nil {
				return err
			}
			if resumed {
				waiting[r.Index] = r
				continue
			}
			running++
			go func() {
				results <- w.answer(ctx, r)
			}()
		}
		for {
			r, ok := waiting[yielded]
			if w.options.Unordered && !ok {
				for _, r = range waiting {
					ok = true
					break
				}
			}
			if !ok {
				break
			}
			delete(waiting, r.Index)
			yielded++
			if err := w.give(r, yield); err != nil {
				return err
			}
		}
		if running == 0 {
			if !more && yielded == drawn {
				return nil
			}
			continue
		}
		r := <-results
		running--
		if ctx.Err() != nil {
			return ctx.Err() // the result may owe its error to that
		}
		waiting[r.Index] = r
	}
}

// answer asks the model, and keeps what it said in the journal, also where that
// is no answer.
func (w *mapping[In, Out]) answer(ctx context.Context, r Result[In, Out]) Result[In, Out] {
	params := w.task.Params
	if params.Seed != 0 {
		params.Seed = sampling.SeedAt(params.Seed, r.Index)
	}
	answer, err := w.task.ask(ctx, w.model, r.In, params)
	r.Out, r.Err = answer.Value, err
	var unread *AnswerError
	if answer.Completion == nil || err != nil && !errors.As(err, &unread) {
		return r
	}
	r.Usage = answer.Completion.Usage
	if w.journal != nil {
		in, _ := w.task.In.encode(r.In) // the prompt has it already
		c := answer.Completion
		if err := w.journal.Append(journalEntry{r.Index, in, c.Text, c.Reason, c.Usage}); err != nil {
			r.Err = &journalError{err}
		}
	}
	return r
}

// give yields one result and counts it.
func (w *mapping[In, Out]) give(r Result[In, Out], yield func(Result[In, Out], error) bool) error {
	var fatal *journalError
	if errors.As(r.Err, &fatal) {
		return fatal
	}
	w.progress.Done++
	if r.Err != nil {
		w.progress.Failed++
	}
	if r.Resumed {
		w.progress.Resumed++
	}
	if w.options.Progress != nil {
		w.options.Progress(w.progress)
	}
	if !yield(r, nil) {
		return errLeft
	}
	if limit := w.options.MaxFailed; limit > 0 && w.progress.Failed > limit {
		return fmt.Errorf("%w: %d of %d, the last: %w", ErrTooManyFailed, w.progress.Failed, w.progress.Done, r.Err)
	}
	return nil
}
