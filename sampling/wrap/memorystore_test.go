package wrap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/sampling/wrap"
)

func TestMemoryStoreBounds(t *testing.T) {
	s := &wrap.MemoryStore{Entries: 3, Bytes: 20}
	has := func(key, want string) {
		t.Helper()
		if got, err := s.Get(key); string(got) != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", key, got, err, want)
		}
	}
	for _, key := range []string{"a", "b", "c"} {
		s.Put(key, []byte("1"))
	}
	has("a", "1") // now b was not used for the longest
	s.Put("d", []byte("1"))
	has("b", "")
	has("a", "1")
	s.Put("e", []byte("0123456789012345678"))
	has("e", "0123456789012345678") // and there is room for no other
	has("a", "")
	s.Put("f", []byte("01234567890123456789"))
	has("f", "") // too large
	has("e", "0123456789012345678")
	s.Put("e", []byte("01234567890123456789"))
	has("e", "") // too large in place of the earlier one, which is out of date
	if n, size := s.Len(); n != 0 || size != 0 {
		t.Errorf("%d entries of %d bytes", n, size)
	}
}

// Less than nothing is nothing.
func TestMemoryStoreNegative(t *testing.T) {
	for _, s := range []*wrap.MemoryStore{{Entries: -1}, {Bytes: -1}} {
		if err := s.Put("a", []byte("1")); err != nil {
			t.Error(err)
		}
		if got, err := s.Get("a"); got != nil || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// The store behaves like a list that is searched from the front.
func TestMemoryStoreAgainstOracle(t *testing.T) {
	type pair struct {
		key   string
		value int // its length
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		s := &wrap.MemoryStore{Entries: 1 + r.IntN(6), Bytes: 10 + r.IntN(60)}
		var list []pair
		for range 200 {
			key := fmt.Sprint(r.IntN(9))
			at := slices.IndexFunc(list, func(p pair) bool { return p.key == key })
			if r.IntN(2) == 0 {
				got, _ := s.Get(key)
				want := -1
				if at >= 0 {
					want = list[at].value
					list = append([]pair{list[at]}, slices.Delete(slices.Clone(list), at, at+1)...)
				}
				if (got == nil) != (want < 0) || got != nil && len(got) != want {
					t.Fatalf("%s has %d bytes, want %d", key, len(got), want)
				}
				continue
			}
			n := r.IntN(30)
			s.Put(key, make([]byte, n))
			if at >= 0 {
				list = slices.Delete(list, at, at+1)
			}
			if 1+n <= s.Bytes {
				list = append([]pair{{key, n}}, list...)
			}
			size := func() (sum int) {
				for _, p := range list {
					sum += 1 + p.value
				}
				return sum
			}
			for len(list) > s.Entries || size() > s.Bytes {
				list = list[:len(list)-1]
			}
			if entries, bytes := s.Len(); entries != len(list) || bytes != size() {
				t.Fatalf("%d entries of %d bytes, want %d of %d", entries, bytes, len(list), size())
			}
		}
	}
}
