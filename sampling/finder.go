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
	stops []string
	nodes []node
	first string     // the distinct first bytes of the stops
	begin [256]int32 // the state that a byte leads to from the first one, or 0
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
	var first []byte
	for i, s := range stops {
		if s == "" {
			continue // Validate refuses it; matching nowhere is the harmless reading.
		}
		if m.childOf(0, s[0]) == 0 {
			first = append(first, s[0])
		}
		m.insert(s, int32(i))
		m.begin[s[0]] = m.childOf(0, s[0])
	}
	m.first = string(first)
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

// longText is the length from which strings.IndexByte for each first byte beats
// looking at every byte.
const longText = 64

// feed reads s in the given state. If a stop sequence completes it returns the
// stop's index and the number of bytes of s read up to its end; otherwise -1.
func (m *finder) feed(state int32, s string) (next int32, stop int, end int) {
	if len(s) >= longText && len(m.first) <= maxAhead {
		return m.feedLong(state, s)
	}
	for i := range len(s) {
		if state == 0 && m.begin[s[i]] == 0 {
			continue
		}
		state = m.step(state, s[i])
		if found := m.nodes[state].stop; found >= 0 {
			return state, int(found), i + 1
		}
	}
	return state, -1, len(s)
}

// feedLong is feed for long texts: it skips to the next possible beginning of a
// stop.
func (m *finder) feedLong(state int32, s string) (next int32, stop int, end int) {
	var ahead lookahead
	for i := 0; i < len(s); i++ {
		if state == 0 && m.begin[s[i]] == 0 {
			i = ahead.next(m, s, i+1)
			if i == len(s) {
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

// maxAhead is how many different first bytes a lookahead has room for.
const maxAhead = 16

// A lookahead caches the next position of each first byte, so that a rare one is
// searched for once.
type lookahead [maxAhead]int

// next returns the first position at or after i > 0 where a stop could begin, or
// the length of s.
func (a *lookahead) next(m *finder, s string, i int) int {
	// In text with many first bytes, such as verse with its line breaks, a short
	// search by bytes is cheaper.
	for near := min(i+16, len(s)); i < near; i++ {
		if m.begin[s[i]] != 0 {
			return i
		}
	}
	nearest := len(s)
	for j := range len(m.first) {
		if a[j] < i {
			a[j] = len(s)
			if k := strings.IndexByte(s[i:], m.first[j]); k >= 0 {
				a[j] = i + k
			}
		}
		nearest = min(nearest, a[j])
	}
	return nearest
}
