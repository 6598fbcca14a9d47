package sampling

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A Matcher reads a text in pieces and says whether it can still become one that
// a [Constraint] allows. A piece may end within a character. Reading takes linear
// time.
//
// A Matcher is for one goroutine. *m is an independent copy, for trying out what
// could come next.
type Matcher struct {
	at *dfaState // nil allows everything
}

// Start returns a Matcher that has read nothing.
func (c Constraint) Start() *Matcher {
	switch {
	case c.lang == nil:
		return &Matcher{}
	case c.lang.err != nil:
		return &Matcher{dead}
	}
	return &Matcher{c.lang.machine().cache.Load().start}
}

// Add reads text and reports whether the text so far can still become a match.
// After false it stays false.
func (m *Matcher) Add(text string) bool { return m.advance(text) == len(text) && m.at != dead }

// Done reports whether the text so far is a match.
func (m *Matcher) Done() bool { return m.at == nil || m.at.match }

// full reports whether the text so far is a match that nothing can extend.
func (m *Matcher) full() bool { return m.at != nil && m.at.match && len(m.at.set) == 0 }

// advance reads text and returns how many bytes of it keep to the constraint.
func (m *Matcher) advance(text string) int {
	at := m.at
	if at == nil {
		return len(text)
	}
	for i := range len(text) {
		next := at.next[at.cache.m.classes[text[i]]].Load()
		if next == nil {
			next = at.step(text[i])
		}
		if at = next; at == dead {
			m.at = dead
			return i
		}
	}
	m.at = at
	return len(text)
}

// A dfaState is a set of machine states with its transitions. It is made when a
// text first reaches it.
type dfaState struct {
	cache *cache
	set   []int32 // those that read a byte, ascending
	match bool
	next  []atomic.Pointer[dfaState] // by class of bytes; nil is not known yet
}

// dead is the state that no text leads out of.
var dead = func() *dfaState {
	c := &cache{m: &machine{bytes: []byte{0}}}
	d := &dfaState{cache: c, next: make([]atomic.Pointer[dfaState], 1)}
	d.next[0].Store(d)
	return d
}()

// A cache keeps the dfaStates of a machine. When it is too large, the machine
// starts another one. Matchers move over at their next unknown transition.
type cache struct {
	m     *machine
	start *dfaState

	mu     sync.Mutex
	states map[string]*dfaState
	size   int

	seen  []uint32 // by state of the machine: the round in which it was last met
	round uint32
	stack []int32
	found []int32
	key   []byte
}

// maxCache is the size limit of a cache, in bytes.
const maxCache = 16 << 20

func newCache(m *machine) *cache {
	c := &cache{m: m, states: make(map[string]*dfaState), seen: make([]uint32, len(m.states))}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	match := c.follow(m.start)
	c.start = c.state(match)
	return c
}

// step computes the state after a byte, and caches it if it can.
func (s *dfaState) step(b byte) *dfaState {
	m := s.cache.m
	for {
		c := m.cache.Load()
		c.mu.Lock()
		if c.size > maxCache {
			m.cache.CompareAndSwap(c, newCache(m))
			c.mu.Unlock()
			continue
		}
		defer c.mu.Unlock()
		c.begin()
		match := false
		for _, i := range s.set {
			if from := &m.states[i]; from.lo <= b && b <= from.hi {
				match = c.follow(from.next) || match
			}
		}
		next := c.state(match)
		if c == s.cache || next == dead {
			s.next[m.classes[b]].Store(next)
		}
		return next
	}
}

func (c *cache) begin() {
	c.found = c.found[:0]
	if c.round++; c.round == 0 {
		clear(c.seen)
		c.round = 1
	}
}

// follow finds the states reached from one without reading a byte. It reports
// whether the accepting state is among them.
func (c *cache) follow(from int32) (match bool) {
	c.stack = append(c.stack[:0], from)
	for len(c.stack) > 0 {
		i := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if c.seen[i] == c.round {
			continue
		}
		c.seen[i] = c.round
		switch s := &c.m.states[i]; {
		case i == c.m.accept:
			match = true
		case s.splits():
			c.stack = append(c.stack, s.also, s.next)
		default:
			c.found = append(c.found, i)
		}
	}
	return match
}

// state returns the state of the set that was found.
func (c *cache) state(match bool) *dfaState {
	if len(c.found) == 0 && !match {
		return dead
	}
	slices.Sort(c.found)
	c.key = c.key[:0]
	for _, i := range c.found {
		c.key = append(c.key, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
	}
	if match {
		c.key = append(c.key, 1)
	}
	s, ok := c.states[string(c.key)]
	if !ok {
		s = &dfaState{cache: c, set: slices.Clone(c.found), match: match, next: make([]atomic.Pointer[dfaState], len(c.m.bytes))}
		c.states[string(c.key)] = s
		c.size += 200 + 2*len(c.key) + 8*len(s.next)
	}
	return s
}
