package wrap

import (
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/foreword-go/foreword/internal/words"
)

// base is the base of the rolling hash (Karp and Rabin 1987). The run a b c has
// the hash a*base*base + b*base + c, in 64 bits, so that moving on by a word takes
// the same time for runs of any length.
const base = 0x9e3779b97f4a7c15

// A runSet is a set of runs of words of one length, stored as hashes.
type runSet struct {
	length int
	power  uint64 // base to the length-1: the weight of a run's first word

	hashes []uint64 // until build
	table  []uint64 // after build: open addressing, 0 is an empty place
}

func newRunSet(length int) *runSet {
	s := &runSet{length: length, power: 1}
	for range length - 1 {
		s.power *= base
	}
	return s
}

// add adds all runs of text and returns their number.
func (s *runSet) add(text string) (n int) {
	w := watch{runs: s, last: make([]uint64, s.length)}
	for at := 0; at < len(text); {
		size, space := words.Span(text[at:])
		if !space {
			w.next(hashWord(text[at : at+size]))
			if w.seen >= s.length {
				s.hashes = append(s.hashes, w.hash)
				n++
			}
		}
		at += size
	}
	return n
}

// build prepares the set for has. At most half of the places are used.
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
		return false // before build
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

// hashWord hashes a word's normal form.
func hashWord(word string) uint64 {
	if !isASCII(word) {
		word = norm.NFC.String(word)
	}
	h := uint64(0xcbf29ce484222325)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 0x100000001b3
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
