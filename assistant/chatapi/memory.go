package chatapi

import "sync"

// A memory keeps the texts of the last responses by the ids of their messages. Some
// clients, such as the AI SDK, send the id of an earlier answer instead of its text,
// unless they set store to false.
type memory struct {
	mu    sync.Mutex
	texts map[string]string
	ids   []string // the oldest first
	size  int      // bytes of all texts
}

const (
	maxRemembered     = 10_000   // messages
	maxRememberedSize = 16 << 20 // bytes
)

func (m *memory) add(id, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.texts == nil {
		m.texts = map[string]string{}
	}
	m.texts[id] = text
	m.ids = append(m.ids, id)
	m.size += len(text)
	for len(m.ids) > maxRemembered || m.size > maxRememberedSize {
		m.size -= len(m.texts[m.ids[0]])
		delete(m.texts, m.ids[0])
		m.ids = m.ids[1:]
	}
}

func (m *memory) get(id string) (text string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok = m.texts[id]
	return text, ok
}
