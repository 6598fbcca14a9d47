package wrap

import (
	"container/list"
	"sync"

	"github.com/foreword-go/foreword/internal/store"
)

// Limits of a Cache without a Store.
const (
	maxEntries = 10_000
	maxBytes   = 64 << 20
)

// A memory keeps values and evicts the least recently used ones.
type memory struct {
	mu    sync.Mutex
	byKey map[store.Key]*list.Element
	order list.List // of *kept, the last used first
	size  int
}

type kept struct {
	key   store.Key
	value []byte
}

func (m *memory) Get(key store.Key) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byKey[key]
	if e == nil {
		return nil, nil
	}
	m.order.MoveToFront(e)
	return e.Value.(*kept).value, nil
}

func (m *memory) Put(key store.Key, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.byKey[key]; e != nil {
		m.remove(e)
	}
	if len(value) > maxBytes {
		return nil
	}
	if m.byKey == nil {
		m.byKey = map[store.Key]*list.Element{}
	}
	m.byKey[key] = m.order.PushFront(&kept{key, value})
	m.size += len(value)
	for m.size > maxBytes || len(m.byKey) > maxEntries {
		m.remove(m.order.Back())
	}
	return nil
}

func (m *memory) remove(e *list.Element) {
	k := m.order.Remove(e).(*kept)
	delete(m.byKey, k.key)
	m.size -= len(k.value)
}
