package wrap

import (
	"cmp"
	"container/list"
	"sync"
)

const (
	defaultEntries = 10_000
	defaultBytes   = 64 << 20
)

// A MemoryStore is a [Store] in memory that forgets what was not asked for the
// longest. It must not be copied, and is safe for concurrent use.
type MemoryStore struct {
	// Entries and Bytes bound it. 0 is 10,000 entries, and 64 MiB of keys and
	// values. The list and the map around them take about 200 bytes more for
	// each entry. An entry larger than Bytes is not kept. A negative number keeps
	// nothing.
	Entries int
	Bytes   int

	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *kept, the last used in front
	size  int
}

type kept struct {
	key   string
	value []byte
}

func (k *kept) size() int { return len(k.key) + len(k.value) }

// Get returns the value put under the key, or nil. It never fails.
func (s *MemoryStore) Get(key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byKey[key]
	if e == nil {
		return nil, nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*kept).value, nil
}

// Put keeps the value, and forgets others to make room. It never fails.
func (s *MemoryStore) Put(key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil {
		s.remove(e)
	}
	k := &kept{key, value}
	if k.size() > cmp.Or(s.Bytes, defaultBytes) {
		return nil
	}
	if s.byKey == nil {
		s.byKey = make(map[string]*list.Element)
	}
	s.byKey[key] = s.order.PushFront(k)
	s.size += k.size()
	for s.size > cmp.Or(s.Bytes, defaultBytes) || len(s.byKey) > max(0, cmp.Or(s.Entries, defaultEntries)) {
		s.remove(s.order.Back())
	}
	return nil
}

func (s *MemoryStore) remove(e *list.Element) {
	k := s.order.Remove(e).(*kept)
	delete(s.byKey, k.key)
	s.size -= k.size()
}

// Len returns the number of entries and their size in bytes.
func (s *MemoryStore) Len() (entries, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey), s.size
}
