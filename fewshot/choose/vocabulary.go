package choose

import (
	"bytes"
	"hash/maphash"
)

// A vocabulary numbers terms from 0 in the order they are first seen. It is a
// hash table over one array of bytes: about 10 bytes for a term besides its
// text, a fifth of what a map of strings takes.
type vocabulary struct {
	seed  maphash.Seed
	slots []uint32 // number+1 of the term whose hash leads here, or 0; a power of two
	ends  []uint32 // where each term ends in text
	text  []byte
}

func newVocabulary() vocabulary {
	return vocabulary{seed: maphash.MakeSeed(), slots: make([]uint32, 64)}
}

func (v *vocabulary) term(n uint32) []byte {
	start := uint32(0)
	if n > 0 {
		start = v.ends[n-1]
	}
	return v.text[start:v.ends[n]]
}

// find returns the slot of a term: the one it has, or the empty one it would get.
func (v *vocabulary) find(term []byte) int {
	mask := len(v.slots) - 1
	for i := int(maphash.Bytes(v.seed, term)) & mask; ; i = (i + 1) & mask {
		if n := v.slots[i]; n == 0 || bytes.Equal(v.term(n-1), term) {
			return i
		}
	}
}

// lookup returns the number of a term, if it has one.
func (v *vocabulary) lookup(term []byte) (n uint32, ok bool) {
	n = v.slots[v.find(term)]
	return n - 1, n > 0
}

// number returns the number of a term, a new one if need be.
func (v *vocabulary) number(term []byte) uint32 {
	slot := v.find(term)
	if n := v.slots[slot]; n > 0 {
		return n - 1
	}
	if len(v.ends) >= len(v.slots)/4*3 {
		v.grow()
		slot = v.find(term)
	}
	v.text = append(v.text, term...)
	v.ends = append(v.ends, uint32(len(v.text)))
	v.slots[slot] = uint32(len(v.ends))
	return uint32(len(v.ends) - 1)
}

func (v *vocabulary) grow() {
	v.slots = make([]uint32, 2*len(v.slots))
	for n := range v.ends {
		v.slots[v.find(v.term(uint32(n)))] = uint32(n + 1)
	}
}
