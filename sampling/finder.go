package sampling

import "strings"

// A finder finds stop sequences in text that arrives in pieces. It is the
// automaton of Aho and Corasick (1975). Its state is the longest suffix of the
// text so far that begins a stop sequence. The state's depth is the number of
// bytes to hold back.
//
// Worked example, for the stops "ab" and "bcd": after "xab" the first completes
// and wins. After "xb" one byte is held, after "xbc" two, after "xbcx" none.
type finder struct {
	stops  []string
	nodes  []node
	begin  [256]int32 // the state that a byte leads to from the first one, or 0
	firsts int        // how many bytes begin a stop
	first  byte       // one of them
}

// A node is one state: a prefix of at least one stop sequence.
type node struct {
	label   byte  // the byte that leads here from the parent
	child   int32 // first child, or 0
	sibling int32 // next child of the same parent, or 0
	fail    int32 // the longest proper suffix that is a state too
	depth   int32 // length of the prefix, in bytes
	stop    int32 // index of the longest stop that ends here, or -1
}

func newFinder(stops []string) *finder {
	size := 1
	for _, s := range stops {
		size += len(s)
	}
	m := &finder{stops: stops, nodes: make([]node, 1, size)}
	m.nodes[0].stop = -1
	for i, s := range stops {
		if s == "" {
			continue // Validate refuses it; matching nowhere is the harmless reading.
		}
		m.insert(s, int32(i))
	}
	for c := m.nodes[0].child; c != 0; c = m.nodes[c].sibling {
		m.first = m.nodes[c].label
		m.begin[m.first] = c
		m.firsts++
	}
	m.link()
	return m
}

func (m *finder) insert(s string, stop int32) {
	at := int32(0)
	for i := range len(s) {
		next := m.childOf(at, s[i])
		if next == 0 {
			next = int32(len(m.nodes))
			m.nodes = append(m.nodes, node{label: s[i], sibling: m.nodes[at].child, depth: int32(i + 1), stop: -1})
			m.nodes[at].child = next
		}
		at = next
	}
	m.nodes[at].stop = stop
}

// link fills in the fail links breadth first: longer suffixes need shorter ones.
func (m *finder) link() {
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for c := m.nodes[at].child; c != 0; c = m.nodes[c].sibling {
			if at != 0 {
				m.nodes[c].fail = m.step(m.nodes[at].fail, m.nodes[c].label)
			}
			// A stop that ends at the same place but begins later is shorter, so
			// a node's own stop goes before the one it inherits.
			if m.nodes[c].stop < 0 {
				m.nodes[c].stop = m.nodes[m.nodes[c].fail].stop
			}
			queue = append(queue, c)
		}
	}
}

func (m *finder) childOf(at int32, b byte) int32 {
	for c := m.nodes[at].child; c != 0; c = m.nodes[c].sibling {
		if m.nodes[c].label == b {
			return c
		}
	}
	return 0
}

// step returns the state after byte b in the given state.
func (m *finder) step(state int32, b byte) int32 {
	for state != 0 {
		if c := m.childOf(state, b); c != 0 {
			return c
		}
		state = m.nodes[state].fail
	}
	return m.begin[b]
}

// feed reads s in the given state. If a stop sequence completes it returns the
// stop's index and the number of bytes of s read up to its end; otherwise -1.
func (m *finder) feed(state int32, s string) (next int32, stop int, end int) {
	for i := 0; i < len(s); i++ {
		if state == 0 {
			if i += m.skip(s[i:]); i == len(s) {
				break
			}
		}
		state = m.step(state, s[i])
		if found := m.nodes[state].stop; found >= 0 {
			return state, int(found), i + 1
		}
	}
	return state, -1, len(s)
}

// skip returns the index of the first byte that begins a stop, or the length of s.
func (m *finder) skip(s string) (n int) {
	if m.firsts == 1 && len(s) > 32 { // faster, but not in the chunk of a token
		if n = strings.IndexByte(s, m.first); n < 0 {
			n = len(s)
		}
		return n
	}
	for rest := s; len(rest) >= 4; rest = rest[4:] { // by fours, which is faster
		if m.begin[rest[0]]|m.begin[rest[1]]|m.begin[rest[2]]|m.begin[rest[3]] != 0 {
			break
		}
		n += 4
	}
	for n < len(s) && m.begin[s[n]] == 0 {
		n++
	}
	return n
}
