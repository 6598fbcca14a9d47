package llamacpp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/foreword-go/foreword/sampling"
)

const (
	batchSize  = 512 // tokens in one call of llama_decode
	mostOutput = 64  // of which this many have logits
	sequences  = 64  // samples, labels and remembered prompts at a time
)

// A task is a text to be read, and perhaps to be continued. Its functions are
// called by the engine.
type task struct {
	ctx    context.Context
	tokens []int32 // what is drawn is added at the end
	from   int     // the first position whose logits are wanted
	grow   int     // the most tokens that are added
	draws  bool

	// take gets the logits after the token at pos. It returns the next token,
	// or more as false at the end.
	take func(pos int, logits []float32) (next int32, more bool, err error)
	full func() bool // whether the task has to wait for who reads what it draws
	done chan error  // gets what ended it

	gone atomic.Bool // nobody waits for it any more

	prompt int // the number of tokens it began with
	slot   *slot
}

// waits for a place beyond this one.
func (t *task) reading() bool { return len(t.slot.tokens) < t.prompt }

// reserved is how many more cells the task may take.
func (t *task) reserved() int { return t.prompt + t.grow - len(t.slot.tokens) }

// An engine owns a context. One goroutine runs it: it puts the next tokens of
// all tasks into common batches.
type engine struct {
	lib         *library
	ctx, memory uintptr
	vocabulary  int
	parallel    int
	slots       []*slot
	cells       *cells
	rows        *rows
	running     []*task
	waiting     []*task
	clock       int
	decoded     atomic.Int64 // tokens, for tests

	mu    sync.Mutex
	queue []*task
	wake  chan struct{}
	stop  chan struct{}
	ended chan struct{}
}

func newEngine(l *library, ctx uintptr, vocabulary, parallel, size int) *engine {
	e := &engine{
		lib: l, ctx: ctx, memory: l.memory(ctx), vocabulary: vocabulary, parallel: parallel,
		cells: newCells(size), rows: newRows(batchSize),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	for i := range sequences {
		e.slots = append(e.slots, &slot{id: int32(i)})
	}
	go e.run()
	return e
}

// add gives tasks to the engine.
func (e *engine) add(tasks ...*task) {
	for _, t := range tasks {
		t.prompt = len(t.tokens)
		t.done = make(chan error, 1)
	}
	e.mu.Lock()
	e.queue = append(e.queue, tasks...)
	e.mu.Unlock()
	e.nudge()
}

// leave says that nobody waits for these tasks any more.
func (e *engine) leave(tasks ...*task) {
	for _, t := range tasks {
		t.gone.Store(true)
	}
	e.nudge()
}

func (e *engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *engine) close() {
	close(e.stop)
	<-e.ended
}

func (e *engine) run() {
	defer close(e.ended)
	for {
		e.mu.Lock()
		e.waiting = append(e.waiting, e.queue...)
		e.queue = nil
		e.mu.Unlock()
		for _, t := range slices.Clone(e.running) {
			if t.gone.Load() || t.ctx.Err() != nil {
				e.finish(t, t.ctx.Err())
			}
		}
		e.admit()
		if n := e.fill(); n > 0 {
			e.step(n)
			continue
		}
		select {
		case <-e.wake:
		case <-e.stop:
			return
		}
	}
}

// finish ends a running task. What it read stays in its slot.
func (e *engine) finish(t *task, err error) {
	e.running = slices.DeleteFunc(e.running, func(o *task) bool { return o == t })
	t.slot.task = nil
	t.done <- err
}

// admit starts waiting tasks, the first one first, as far as there is room.
func (e *engine) admit() {
	var left []*task
	blocked := false
	for _, t := range e.waiting {
		if t.gone.Load() || t.ctx.Err() != nil {
			t.done <- t.ctx.Err()
			continue
		}
		if blocked {
			left = append(left, t)
			continue
		}
		started, later := e.start(t)
		if !started {
			left = append(left, t)
			blocked = !later
		}
	}
	clear(e.waiting)
	e.waiting = append(e.waiting[:0], left...)
}

// start gives a task a slot with as much of its text as some slot has read
// already. It reports later when the task should wait for another one that is
// reading the same text.
func (e *engine) start(t *task) (started, later bool) {
	most := min(t.from, t.prompt-1) // the last token is read for its logits
	var donor *slot
	shared, reserved, drawing := 0, 0, 0
	for _, s := range e.slots {
		if n := min(most, common(s.tokens, t.tokens)); n > shared {
			donor, shared = s, n
		}
	}
	for _, o := range e.running {
		reserved += o.reserved()
		if o.draws {
			drawing++
		}
		if o.reading() && min(most, common(o.tokens, t.tokens)) > shared {
			later = true
		}
	}
	if later {
		return false, true
	}
	if t.draws && drawing >= e.parallel {
		return false, false
	}
	target := e.idle(donor)
	if donor != nil && donor.task == nil && (target == nil || shared > len(donor.tokens)/2) {
		target = donor
	}
	if target == nil {
		return false, false
	}
	need := t.prompt - shared + t.grow
	if target == donor {
		e.trim(donor, shared)
	} else {
		e.trim(target, 0)
	}
	for len(e.cells.free)-reserved < need {
		idle := e.oldest(func(s *slot) bool { return s != donor && s != target && len(s.tokens) > 0 })
		if idle == nil && donor != nil && donor != target && donor.task == nil {
			// What is shared with it counts as free of charge only as long as
			// it is there: take its place.
			target, idle = donor, nil
			e.trim(donor, shared)
			if len(e.cells.free)-reserved >= need {
				break
			}
		}
		if idle == nil {
			if len(e.running) > 0 {
				return false, false
			}
			donor, shared = nil, 0
			e.trim(target, 0)
			if need = t.prompt + t.grow; len(e.cells.free) < need {
				return false, false // Model refuses such requests
			}
			break
		}
		e.trim(idle, 0)
	}
	if donor != nil && target != donor {
		e.lib.share(e.memory, donor.id, target.id, 0, int32(shared))
		e.cells.share(donor, target, shared)
	}
	e.clock++
	target.task, target.used, t.slot = t, e.clock, target
	e.running = append(e.running, t)
	return true, false
}

// idle returns the slot to be given up for a task: an empty one if there is one.
func (e *engine) idle(not *slot) *slot {
	for _, s := range e.slots {
		if s.task == nil && len(s.tokens) == 0 {
			return s
		}
	}
	return e.oldest(func(s *slot) bool { return s != not })
}

func (e *engine) oldest(keep func(*slot) bool) (oldest *slot) {
	for _, s := range e.slots {
		if s.task == nil && keep(s) && (oldest == nil || s.used < oldest.used) {
			oldest = s
		}
	}
	return oldest
}

func (e *engine) trim(s *slot, n int) {
	if n == len(s.tokens) {
		return
	}
	e.lib.remove(e.memory, s.id, int32(n), -1)
	e.cells.trim(s, n)
}

// fill writes the next batch: a token of each text that is being continued, then
// as much as fits of those that are being read.
func (e *engine) fill() (n int) {
	e.rows.wants = e.rows.wants[:0]
	for _, reading := range []bool{false, true} {
		for _, t := range e.running {
			if t.reading() != reading || !reading && t.full != nil && t.full() {
				continue
			}
			for pos := len(t.slot.tokens); pos < len(t.tokens) && n < batchSize; pos++ {
				wanted := pos >= t.from
				if wanted && len(e.rows.wants) == mostOutput {
					break
				}
				if wanted {
					e.rows.wants = append(e.rows.wants, want{n, pos, t})
				}
				e.rows.put(n, t.tokens[pos], pos, t.slot.id, wanted)
				n++
			}
		}
	}
	return n
}

// step reads a batch and hands out its logits.
func (e *engine) step(n int) {
	if status := e.rows.decode(e.lib, e.ctx, n); status != 0 {
		err := fmt.Errorf("llamacpp: llama_decode failed with %d: %s", status, lastFault())
		for _, t := range slices.Clone(e.running) {
			e.finish(t, err)
		}
		for _, s := range e.slots {
			e.trim(s, 0)
		}
		return
	}
	e.decoded.Add(int64(n))
	for i := range n {
		e.cells.take(e.slots[e.rows.seqOf[i]], e.rows.tokens[i])
	}
	for _, w := range e.rows.wants {
		t := w.task
		if t.slot.task != t {
			continue // it ended with an earlier row
		}
		logits := e.lib.logits(e.ctx, int32(w.row))
		if logits == nil {
			e.finish(t, errors.New("llamacpp: llama.cpp has no logits: "+lastFault()))
			continue
		}
		next, more, err := t.take(w.pos, unsafe.Slice(logits, e.vocabulary))
		if err != nil || !more {
			e.finish(t, err)
			continue
		}
		if t.draws {
			t.tokens = append(t.tokens, next)
		}
	}
}

// wait returns what ended a task.
func (e *engine) wait(t *task) error {
	select {
	case err := <-t.done:
		return err
	case <-t.ctx.Done():
		e.leave(t)
		return t.ctx.Err()
	}
}

var errClosed = fmt.Errorf("llamacpp: %w: the model is closed", sampling.ErrInvalid)
