// Package parallel runs a bounded number of calls at once. It is the one fan-out
// of this module. No goroutine outlives the loop over its results, and a panic in a
// call is raised in the goroutine of that loop.
package parallel

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
)

// ahead limits, for each call that may run, how many items are taken beyond the next
// result. In order, results wait in memory for a slow one before them.
const ahead = 4

// Do calls work on each item, at most limit at once, and yields the results in the
// order of the items, or as they come. It takes items in the goroutine of the loop,
// when they are needed.
//
// Leaving the loop cancels the context of the calls under way and waits for them.
// When ctx is cancelled, Do still takes items, and work sees the cancelled
// context. Leave the loop to stop. The sequence is single-use.
func Do[T, R any](ctx context.Context, items iter.Seq[T], limit int, ordered bool, work func(context.Context, T) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		ctx, cancel := context.WithCancel(ctx)
		next, stop := iter.Pull(items)
		results := make(chan result[R]) // one from each running call; all are received
		running := 0
		defer func() { // wait for all calls, also after a panic
			stop()
			cancel()
			for ; running > 0; running-- {
				<-results
			}
		}()
		waiting := map[int]R{} // finished but not yielded
		drawn, yielded, more := 0, 0, true
		for {
			for more && running < limit && (drawn-yielded)/ahead < limit {
				var item T
				if item, more = next(); !more {
					break
				}
				running++
				go func(index int) { results <- call(ctx, index, item, work) }(drawn)
				drawn++
			}
			if running == 0 && len(waiting) == 0 {
				return
			}
			if r, ok := waiting[yielded]; ok {
				delete(waiting, yielded)
				yielded++
				if !yield(r) {
					return
				}
				continue
			}
			r := <-results
			running--
			if r.panic != nil {
				panic(r.panic)
			}
			if !ordered {
				yielded++
				if !yield(r.value) {
					return
				}
				continue
			}
			waiting[r.index] = r.value
		}
	}
}

type result[R any] struct {
	index int
	value R
	panic *Panic
}

func call[T, R any](ctx context.Context, index int, item T, work func(context.Context, T) R) (r result[R]) {
	r.index = index
	defer func() {
		if v := recover(); v != nil {
			r.panic = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	r.value = work(ctx, item)
	return r
}

// A Panic is what Do panics with if a call panics. It holds the value and the call's
// stack.
type Panic struct {
	Value any
	Stack []byte
}

// Error returns the value and the stack.
func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap returns the value if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
