package wrap

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// Fallback returns a backend that asks the first of several backends, and the
// next one where that cannot answer: after a temporary fault, as [Retry] defines
// it, and after [sampling.ErrUnsupported]. Any other error goes to the caller,
// such as a wrong key.
//
// Once a stream has yielded text, a fault goes to the caller, since the next
// backend would write another text. [sampling.Model.Complete] shows no text
// before the end, so there the next backend begins anew. So it does for a Draw.
//
// A backend that fails twice in a row cools down: calls ask it last. The time
// doubles with each failure from 1 second to 1 minute, or is as long as the server
// asks for. Then one call tries it. A cool-down never fails a call: if no other
// backend answers, those that cool down are asked too.
//
// The completion's Model says which model answered, and a [Log] around the
// Fallback has the backend's place. Put a [Meter] around each backend to
// know what each one costs, and a [Retry] around each to try it again first.
//
// Count returns the largest count of all backends, and Describe the smallest
// window: what fits there fits every backend. Describe lists all models in order,
// and fails if one of the backends cannot be described. A [Cache] around a
// Fallback files the answers under that list. With a Namespace, which names one
// model, it keeps only what the first backend answered. To give each backend a
// Namespace, put a Cache around each.
func Fallback(backends ...sampling.Backend) sampling.Backend {
	f := new(fallback)
	f.by = f
	for i, b := range backends {
		f.choices = append(f.choices, &choice{Forward: inside(b), place: i + 1})
	}
	return f
}

type fallback struct {
	handled
	choices []*choice
}

// A choice is one of the backends of a Fallback.
type choice struct {
	sampling.Forward
	place int // from 1

	mu       sync.Mutex
	failures int // in a row
	until    time.Time
}

const (
	firstCoolDown = time.Second
	lastCoolDown  = time.Minute
)

// ready reports whether the backend is not cooling down. After its cool-down one call
// tries it, while it continues for the others.
func (c *choice) ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < 2 {
		return true
	}
	now := time.Now()
	if now.Before(c.until) {
		return false
	}
	c.until = now.Add(c.coolDown())
	return true
}

func (c *choice) coolDown() time.Duration {
	return min(firstCoolDown<<min(c.failures-2, 10), lastCoolDown)
}

func (c *choice) succeeded() {
	c.mu.Lock()
	c.failures = 0
	c.mu.Unlock()
}

// failed notes a fault, and reports whether the next backend may be asked.
func (c *choice) failed(ctx context.Context, fault error) bool {
	if ctx.Err() != nil {
		return false
	}
	after, ok := temporary(fault)
	if !ok {
		return errors.Is(fault, sampling.ErrUnsupported)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures++; c.failures > 1 {
		c.until = time.Now().Add(max(after, c.coolDown()))
	}
	return true
}

// order yields the backends in the order to ask them: those that cool down come last.
func (f *fallback) order() iter.Seq[*choice] {
	return func(yield func(*choice) bool) {
		var last []*choice
		for _, c := range f.choices {
			if !c.ready() {
				last = append(last, c)
			} else if !yield(c) {
				return
			}
		}
		for _, c := range last {
			if !yield(c) {
				return
			}
		}
	}
}

// refusals are the faults of the backends that could not answer one call.
type refusals []error

// err returns the error of a call that no backend answered. It wraps the first
// temporary fault, since the call may then succeed later.
func (r refusals) err() error {
	switch len(r) {
	case 0:
		return fmt.Errorf("%w: wrap.Fallback has no backends; pass at least one", sampling.ErrInvalid)
	case 1:
		return r[0]
	}
	cause := max(0, slices.IndexFunc(r, func(fault error) bool { _, ok := temporary(fault); return ok }))
	text := fmt.Sprintf("wrap: none of %d backends answered: ", len(r))
	for i, fault := range r {
		if i != cause {
			text += fault.Error() + "; "
		}
	}
	return fmt.Errorf("%s%w", text, r[cause])
}

// handle asks the backends in turn.
func (f *fallback) handle(ctx context.Context, c *call, do attempt) error {
	c.out.holdBack(ctx)
	var faults refusals
	var answered *choice
	defer func() {
		if answered != nil { // its own wrappers have noted theirs by now
			note(ctx, func(t *trace) { t.place = answered.place })
		}
	}()
	for b := range f.order() {
		fault := b.takes(c)
		if fault == nil {
			answered = b
			if fault = do(ctx, b.Forward); fault == nil {
				b.succeeded()
				return nil
			}
			next := b.failed(ctx, fault)
			if c.out.given {
				return fault
			}
			if answered = nil; !next {
				return fault
			}
		}
		if c.method == "draw" && errors.Is(fault, sampling.ErrUnsupported) {
			return fault // Model then draws single samples, each of which can fall back
		}
		faults = append(faults, fault)
	}
	return faults.err()
}

// takes returns nil if the backend enforces the call's constraint.
func (c *choice) takes(of *call) error {
	if of.method == "score" || of.req.Constraint.IsZero() {
		return nil
	}
	return c.Constrains(of.req.Constraint)
}

// Count implements [sampling.Counter] with the largest of the backends' counts.
func (f *fallback) Count(ctx context.Context, text string) (most int, err error) {
	var faults refusals
	for _, c := range f.choices {
		n, err := c.Count(ctx, text)
		if err != nil {
			if faults = append(faults, err); !c.failed(ctx, err) {
				return 0, err
			}
			continue
		}
		most = max(most, n)
	}
	if len(faults) == len(f.choices) {
		return 0, faults.err()
	}
	partial := slices.ContainsFunc(faults, func(fault error) bool { return !errors.Is(fault, sampling.ErrUnsupported) })
	note(ctx, func(t *trace) { t.place, t.partial = len(f.choices), partial })
	return most, nil
}

// Describe implements [sampling.Describer].
func (f *fallback) Describe(ctx context.Context) (sampling.Info, error) {
	var all sampling.Info
	var models, servers []string
	for _, c := range f.choices {
		info, err := c.Forward.Describe(ctx)
		if err != nil {
			return sampling.Info{}, err
		}
		if info.Window > 0 && (all.Window == 0 || info.Window < all.Window) {
			all.Window = info.Window
		}
		all.Slots = max(all.Slots, info.Slots)
		models, servers = append(models, info.Model), append(servers, info.Server)
	}
	list := func(names []string) string {
		if slices.Contains(names, "") {
			return "" // a partial list could equal another one
		}
		return strings.Join(names, ", ")
	}
	all.Model, all.Server = list(models), list(servers)
	note(ctx, func(t *trace) { t.place = len(f.choices) })
	return all, nil
}

// Constrains implements [sampling.Constrainer]. One backend that enforces c is enough,
// and only such backends are asked.
func (f *fallback) Constrains(c sampling.Constraint) error {
	var faults refusals
	for _, b := range f.choices {
		err := b.Forward.Constrains(c)
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return faults.err()
}
