package sampling

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A Matcher reads a text in pieces and says whether it can still become one that
// a [Constraint] allows. A piece may end within a character. Reading takes linear
// time. The zero Matcher allows every text.
//
// A Matcher is for one goroutine. *m is an independent copy, for trying out what
// could come next.
type Matcher struct {
	at *dfaState // nil allows everything
}

// Start returns a Matcher that has read nothing.
func (c Constraint) Start() *Matcher {
	if c.lang == nil {
		return &Matcher{}
	}
	return &Matcher{c.lang.machine().first.Load()}
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
		next := at.next[at.m.classes[text[i]]].Load()
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
	m          *machine
	generation int
	set        []int32 // those that read a byte, ascending
	match      bool
	next       []atomic.Pointer[dfaState] // by class of bytes; nil is not known yet
}

// dead is the state that no text leads out of.
var dead = func() *dfaState {
	d := &dfaState{m: &machine{}, next: make([]atomic.Pointer[dfaState], 1)}
	d.next[0].Store(d)
	return d
}()

// A cache keeps the dfaStates of a machine. When it is too large, the machine
// forgets them and begins a new generation. Matchers move over at their next unknown
// transition.
type cache struct {
	first atomic.Pointer[dfaState] // where each text starts

	mu         sync.Mutex
	generation int
	made       map[string]*dfaState
	size       int

	seen  []uint32 // by state of the machine: the round in which it was last met
	round uint32
	stack []int32
	found []int32
	key   []byte
}

// maxCache is the size limit of a cache, in bytes.
const maxCache = 16 << 20

// renew begins a generation.
func (m *machine) renew() {
	m.generation++
	m.made, m.size = make(map[string]*dfaState), 0
	m.begin()
	m.first.Store(m.state(m.follow(m.start)))
}

// step computes the state after a byte, and keeps it if it can.
func (s *dfaState) step(b byte) *dfaState {
	m := s.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size > maxCache {
		m.renew()
	}
	m.begin()
	match := false
	for _, i := range s.set {
		if from := &m.states[i]; from.lo <= b && b <= from.hi {
			match = m.follow(from.next) || match
		}
	}
	next := m.state(match)
	if s.generation == m.generation || next == dead {
		s.next[m.classes[b]].Store(next)
	}
	return next
}

func (m *machine) begin() {
	m.found = m.found[:0]
	if m.round++; m.round == 0 {
		clear(m.seen)
		m.round = 1
	}
}

// follow finds the states reached from one without reading a byte. It reports
// whether the accepting state is among them.
func (m *machine) follow(from int32) (match bool) {
	m.stack = append(m.stack[:0], from)
	for len(m.stack) > 0 {
		i := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.seen[i] == m.round {
			continue
		}
		m.seen[i] = m.round
		switch s := &m.states[i]; {
		case i == m.accept:
			match = true
		case s.splits():
			m.stack = append(m.stack, s.also, s.next)
		default:
			m.found = append(m.found, i)
		}
	}
	return match
}

// state returns the state of the set that was found.
func (m *machine) state(match bool) *dfaState {
	if len(m.found) == 0 && !match {
		return dead
	}
	slices.Sort(m.found)
	m.key = m.key[:0]
	for _, i := range m.found {
		m.key = append(m.key, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
	}
	if match {
		m.key = append(m.key, 1)
	}
	s, ok := m.made[string(m.key)]
	if !ok {
		s = &dfaState{m: m, generation: m.generation, set: slices.Clone(m.found), match: match, next: make([]atomic.Pointer[dfaState], len(m.bytes))}
		m.made[string(m.key)] = s
		m.size += 200 + 2*len(m.key) + 8*len(s.next)
	}
	return s
}
