package probe

import (
	"slices"

	"golang.org/x/text/unicode/norm"
)

// base is that of the rolling hash: the run a b c has the hash
// a*base*base + b*base + c, in 64 bits, so that moving on by a token is one
// multiplication whatever the run's length (Karp and Rabin 1987).
const base = 0x9e3779b97f4a7c15

// A runSet is a set of runs of tokens of one length, by their hashes.
type runSet struct {
	length int
	power  uint64 // base to the length-1: the weight of a run's first token

	hashes []uint64 // while it is filled
	table  []uint64 // then: open addressing, with 0 for an empty place
}

func newRunSet(length int) *runSet {
	s := &runSet{length: length, power: 1}
	for range length - 1 {
		s.power *= base
	}
	return s
}

// add adds all runs of text and returns how many they are.
func (s *runSet) add(text string) (n int) {
	w := watch{runs: s, last: make([]uint64, s.length)}
	for at := 0; at < len(text); {
		size, k := span(text[at:])
		if k != space {
			w.next(hashToken(text[at : at+size]))
			if w.seen >= s.length {
				s.hashes = append(s.hashes, w.hash)
				n++
			}
		}
		at += size
	}
	return n
}

// build makes the set ready for has. At most half of its places are taken.
func (s *runSet) build() {
	slices.Sort(s.hashes)
	s.hashes = slices.Compact(s.hashes)
	size := 2
	for size < 2*len(s.hashes) {
		size *= 2
	}
	s.table = make([]uint64, size)
	for _, h := range s.hashes {
		h = max(h, 1)
		at := s.place(h)
		for s.table[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		s.table[at] = h
	}
	s.hashes = nil
}

func (s *runSet) has(h uint64) bool {
	if len(s.table) == 0 {
		return false // being filled
	}
	h = max(h, 1)
	for at := s.place(h); s.table[at] != 0; at = (at + 1) & (len(s.table) - 1) {
		if s.table[at] == h {
			return true
		}
	}
	return false
}

func (s *runSet) place(h uint64) int { return int(mix(h)) & (len(s.table) - 1) }

// hashToken hashes a token's normal form.
func hashToken(token string) uint64 {
	if !isASCII(token) {
		token = norm.NFC.String(token)
	}
	h := uint64(0xcbf29ce484222325)
	for i := range len(token) {
		h = (h ^ uint64(token[i])) * 0x100000001b3
	}
	return mix(h)
}

// mix spreads a hash over all of its bits.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return h
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
