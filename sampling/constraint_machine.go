package sampling

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// A machine is the nondeterministic automaton that package syntax makes of an
// expression. It works on the bytes of UTF-8, because a token may end within a
// character. Each state leads to the accepting one, so a text that reaches any state can
// still become a match.
type machine struct {
	states        []nfaState
	start, accept int32

	classes [256]uint8 // bytes that no state tells apart have the same class
	bytes   []byte     // a byte of each class
	cache
}

// An nfaState reads a byte from lo to hi, or splits in two if lo > hi. It is a smaller
// syntax.Inst: a machine may have many.
type nfaState struct {
	lo, hi     byte
	next, also int32
}

func (s *nfaState) splits() bool { return s.lo > s.hi }

func compile(re *syntax.Regexp) *machine {
	prog, _ := syntax.Compile(encoded(re).Simplify()) // it has no error
	m := &machine{states: make([]nfaState, len(prog.Inst)), start: int32(prog.Start)}
	for i, inst := range prog.Inst {
		s := nfaState{lo: 1, next: int32(inst.Out), also: int32(inst.Out)}
		switch inst.Op {
		case syntax.InstMatch:
			m.accept = int32(i)
		case syntax.InstAlt:
			s.also = int32(inst.Arg)
		case syntax.InstRune, syntax.InstRune1:
			s.lo, s.hi = byte(inst.Rune[0]), byte(inst.Rune[len(inst.Rune)-1])
		}
		m.states[i] = s
	}
	m.classify()
	m.seen = make([]uint32, len(m.states))
	m.renew()
	return m
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

// encoded returns the expression whose runes are the bytes of the texts of re.
func encoded(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpLiteral:
		var text []rune
		for _, b := range []byte(string(re.Rune)) {
			text = append(text, rune(b))
		}
		return literal(text)
	case syntax.OpCharClass:
		return anyOf(utf8Ranges(re.Rune))
	}
	sub := make([]*syntax.Regexp, len(re.Sub))
	for i, s := range re.Sub {
		sub[i] = encoded(s)
	}
	return &syntax.Regexp{Op: re.Op, Min: re.Min, Max: re.Max, Sub: sub}
}

// anyOf returns the expression of sorted sequences, with common beginnings shared.
func anyOf(sequences [][]rune) *syntax.Regexp {
	var all []*syntax.Regexp
	for len(sequences) > 0 {
		head := sequences[0][:2]
		var tails [][]rune
		n := 0
		for n < len(sequences) && slices.Equal(sequences[n][:2], head) {
			if tail := sequences[n][2:]; len(tail) > 0 {
				tails = append(tails, tail)
			}
			n++
		}
		one := &syntax.Regexp{Op: syntax.OpCharClass, Rune: head}
		if len(tails) > 0 {
			one = concat(one, anyOf(tails))
		}
		all = append(all, one)
		sequences = sequences[n:]
	}
	return join(syntax.OpAlternate, all, nothing)
}

// utf8Ranges returns the encodings of the runes of a class as sequences, in ascending
// order. A sequence has the first and the last value of each byte.
//
// Worked example: U+0041 to U+07FF is [41-7F] and [C2-DF][80-BF].
func utf8Ranges(set []rune) (all [][]rune) {
	for pair := range slices.Chunk(set, 2) {
		all = appendRanges(all, pair[0], pair[1])
	}
	return all
}

func appendRanges(all [][]rune, lo, hi rune) [][]rune {
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
	first, last := string(lo), string(hi)
	sequence := make([]rune, 0, 2*len(first))
	for i := range len(first) {
		sequence = append(sequence, rune(first[i]), rune(last[i]))
	}
	return append(all, sequence)
}
