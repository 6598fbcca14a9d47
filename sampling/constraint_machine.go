package sampling

import (
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// A machine is a nondeterministic automaton over bytes: Thompson's construction,
// "Regular Expression Search Algorithm" (1968), with the characters written out
// as UTF-8. It works on bytes because a token may end within a character. Each
// state leads to the accepting one, so a text that reaches any state can still
// become a match.
type machine struct {
	states []nfaState
	start  int32

	classes [256]uint8 // bytes that no state tells apart have the same class
	bytes   []byte     // a byte of each class
	cache   atomic.Pointer[cache]
}

// An nfaState reads a byte from lo to hi, or splits in two if lo > hi.
type nfaState struct {
	lo, hi     byte
	next, also int32
}

const accept = 0 // the state at which a text matches

func (s *nfaState) splits() bool { return s.lo > s.hi }

func compile(t *tree) *machine {
	b := builder{m: &machine{states: []nfaState{{lo: 1}}}, shared: make(map[nfaState]int32)}
	b.m.start = b.tree(t, accept)
	b.m.classify()
	b.m.cache.Store(newCache(b.m))
	return b.m
}

// classify fills in the classes of bytes.
func (m *machine) classify() {
	var border [257]bool
	for i := range m.states {
		if s := &m.states[i]; !s.splits() {
			border[s.lo], border[int(s.hi)+1] = true, true
		}
	}
	class := uint8(0)
	m.bytes = []byte{0}
	for b := 1; b < 256; b++ {
		if border[b] {
			class++
			m.bytes = append(m.bytes, byte(b))
		}
		m.classes[b] = class
	}
}

// A builder makes states from the end of a text to its start, because each needs
// its successor.
type builder struct {
	m      *machine
	shared map[nfaState]int32 // states of classes, which share their ends
}

func (b *builder) add(s nfaState) int32 {
	b.m.states = append(b.m.states, s)
	return int32(len(b.m.states) - 1)
}

func (b *builder) split(first, second int32) int32 {
	return b.add(nfaState{lo: 1, next: first, also: second})
}

// tree returns the state from which t leads to next.
func (b *builder) tree(t *tree, next int32) int32 {
	switch t.op {
	case opLiteral:
		for i := len(t.text) - 1; i >= 0; i-- {
			next = b.add(nfaState{lo: t.text[i], hi: t.text[i], next: next})
		}
	case opClass:
		clear(b.shared)
		next = b.sequences(utf8Ranges(t.set), next)
	case opConcat:
		for _, s := range slices.Backward(t.sub) {
			next = b.tree(s, next)
		}
	case opAlternate:
		at := int32(-1)
		for _, s := range slices.Backward(t.sub) {
			one := b.tree(s, next)
			if at < 0 {
				at = one
			} else {
				at = b.split(one, at)
			}
		}
		if at < 0 { // nothing: a state without a byte
			at = b.split(0, 0)
			b.m.states[at].next, b.m.states[at].also = at, at
		}
		next = at
	case opRepeat:
		if t.max == unlimited {
			loop := b.split(0, next)
			b.m.states[loop].next = b.tree(t.sub[0], loop)
			next = loop
		} else {
			end := next
			for range t.max - t.min {
				next = b.split(b.tree(t.sub[0], next), end)
			}
		}
		for range t.min {
			next = b.tree(t.sub[0], next)
		}
	}
	return next
}

// A byteRange is one byte of an encoded range of characters.
type byteRange struct{ lo, hi byte }

// sequences adds the states of sorted sequences, with common beginnings and equal
// states shared.
func (b *builder) sequences(all [][]byteRange, next int32) int32 {
	at := int32(-1)
	for to := len(all); to > 0; {
		from := to - 1
		for from > 0 && all[from-1][0] == all[to-1][0] {
			from--
		}
		head, tails := all[from][0], make([][]byteRange, 0, to-from)
		for _, s := range all[from:to] {
			if len(s) > 1 {
				tails = append(tails, s[1:])
			}
		}
		after := next
		if len(tails) > 0 {
			after = b.sequences(tails, next)
		}
		one := b.share(nfaState{lo: head.lo, hi: head.hi, next: after})
		if at < 0 {
			at = one
		} else {
			at = b.share(nfaState{lo: 1, next: one, also: at})
		}
		to = from
	}
	return at
}

func (b *builder) share(s nfaState) int32 {
	at, ok := b.shared[s]
	if !ok {
		at = b.add(s)
		b.shared[s] = at
	}
	return at
}

// utf8Ranges returns the encodings of the runes of a class as sequences of byte
// ranges, in ascending order.
//
// Worked example: U+0041 to U+07FF is [41-7F] and [C2-DF][80-BF].
func utf8Ranges(set []rune) (all [][]byteRange) {
	for i := 0; i < len(set); i += 2 {
		all = appendRanges(all, set[i], set[i+1])
	}
	return all
}

func appendRanges(all [][]byteRange, lo, hi rune) [][]byteRange {
	// Encodings of one length only.
	for _, last := range []rune{0x7F, 0x7FF, 0xFFFF} {
		if lo <= last && hi > last {
			return appendRanges(appendRanges(all, lo, last), last+1, hi)
		}
	}
	// All bytes after the first that differs must be free: 80 to BF.
	for n := 1; n < utf8.RuneLen(hi); n++ {
		low := rune(1)<<(6*n) - 1 // the bits of the last n bytes
		if lo&^low == hi&^low {
			continue
		}
		if lo&low != 0 {
			return appendRanges(appendRanges(all, lo, lo|low), (lo|low)+1, hi)
		}
		if hi&low != low {
			return appendRanges(appendRanges(all, lo, hi&^low-1), hi&^low, hi)
		}
	}
	var first, last [utf8.UTFMax]byte
	sequence := make([]byteRange, utf8.EncodeRune(first[:], lo))
	utf8.EncodeRune(last[:], hi)
	for i := range sequence {
		sequence[i] = byteRange{first[i], last[i]}
	}
	return append(all, sequence)
}

// classSize returns how many states a class takes at most.
func classSize(set []rune) (n int) {
	for _, s := range utf8Ranges(set) {
		n += 1 + len(s)
	}
	return n
}
