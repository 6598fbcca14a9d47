package sampling

import (
	"fmt"
	"slices"
)

// checked is the result for the last stops that a Constraint was checked with.
type checked struct {
	stops []string
	err   error
}

// validate returns an error for a request that has c and these stops: where a stop
// would cut a text of a list, or every text.
func (c Constraint) validate(stops []string) error {
	if c.lang == nil {
		return nil
	}
	if c.lang.err != nil || len(stops) == 0 {
		return c.lang.err
	}
	if last := c.lang.checked.Load(); last != nil && slices.Equal(last.stops, stops) {
		return last.err
	}
	now := &checked{slices.Clone(stops), c.lang.check(newFinder(stops))}
	c.lang.checked.Store(now)
	return now.err
}

func (l *language) check(f *finder) error {
	for i, text := range l.choices {
		if _, stop, _ := f.feed(0, text); stop >= 0 {
			return fmt.Errorf("%w: Constraint: text %d of OneOf, %s, contains the stop sequence %q, which would cut it; change one of them", ErrInvalid, i, quoteShort(text), f.stops[stop])
		}
	}
	if len(l.choices) == 0 && !l.machine().avoids(f) {
		return fmt.Errorf("%w: Constraint: each text that it allows contains one of the stop sequences %q, which would cut it; change the stops", ErrInvalid, f.stops)
	}
	return nil
}

// avoids reports whether the machine accepts a text without a stop sequence. It
// searches the product of both automata.
func (m *machine) avoids(f *finder) bool {
	type place struct{ state, node int32 }
	seen := map[place]bool{}
	open := []place{{m.start, 0}}
	add := func(state, node int32) {
		if p := (place{state, node}); !seen[p] {
			seen[p] = true
			open = append(open, p)
		}
	}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		s := &m.states[at.state]
		switch {
		case at.state == m.accept:
			return true
		case s.splits():
			add(s.also, at.node)
			add(s.next, at.node)
		default:
			for b := int(s.lo); b <= int(s.hi); b++ {
				if node := f.step(at.node, byte(b)); f.nodes[node].stop < 0 {
					add(s.next, node)
				}
			}
		}
	}
	return false
}
