package tiktoken

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Sizes of a memory: at most about 4 MB of texts and their counts.
const (
	remembered        = 1 << 15 // texts
	longestRemembered = 64      // bytes; longer texts are rarely repeated
)

// A memory caches the counts of chunks and of merged pieces, because counting one costs
// up to a hundred times as much as a look-up. Each text has one place, where a new one
// replaces it, so the memory is bounded and needs no lock. The zero memory is empty. It
// is safe for concurrent use.
type memory struct {
	places [remembered]atomic.Pointer[remark]
}

type remark struct {
	text   string
	tokens int
}

var seed = maphash.MakeSeed()

func (m *memory) place(text string) *atomic.Pointer[remark] {
	return &m.places[maphash.String(seed, text)%remembered]
}

func (m *memory) get(text string) (tokens int, ok bool) {
	if r := m.place(text).Load(); r != nil && r.text == text {
		return r.tokens, true
	}
	return 0, false
}

func (m *memory) put(text string, tokens int) {
	if len(text) <= longestRemembered {
		// A clone does not keep the whole prompt.
		m.place(text).Store(&remark{strings.Clone(text), tokens})
	}
}
