package tiktoken

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Sizes of a memory: at most about 1 MB of pieces and their counts.
const (
	remembered        = 1 << 13 // pieces
	longestRemembered = 64      // bytes; longer pieces are rarely repeated
)

// A memory caches the counts of merged pieces, because merging costs a hundred times as
// much as a look-up. Each piece has one place, where a new one replaces it, so the
// memory is bounded and needs no lock. The zero memory is empty. It is safe for
// concurrent use.
type memory struct {
	places [remembered]atomic.Pointer[remark]
}

type remark struct {
	piece  string
	tokens int
}

var seed = maphash.MakeSeed()

func (m *memory) place(piece string) *atomic.Pointer[remark] {
	return &m.places[maphash.String(seed, piece)%remembered]
}

func (m *memory) get(piece string) (tokens int, ok bool) {
	if r := m.place(piece).Load(); r != nil && r.piece == piece {
		return r.tokens, true
	}
	return 0, false
}

func (m *memory) put(piece string, tokens int) {
	if len(piece) <= longestRemembered {
		// A clone does not keep the whole prompt.
		m.place(piece).Store(&remark{strings.Clone(piece), tokens})
	}
}
