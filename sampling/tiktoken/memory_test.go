package tiktoken

import (
	"strconv"
	"strings"
	"testing"
)

func TestMemory(t *testing.T) {
	var m memory
	if n, ok := m.get("word"); ok {
		t.Errorf("the empty memory knows %d", n)
	}
	const pieces = 3 * remembered
	for i := range pieces {
		m.put(strconv.Itoa(i), i)
	}
	known := 0
	for i := range pieces {
		n, ok := m.get(strconv.Itoa(i))
		if ok {
			known++
		}
		if ok && n != i {
			t.Errorf("%d is remembered for %d", n, i)
		}
	}
	if known == 0 || known > remembered {
		t.Errorf("%d pieces of %d are remembered; there is room for %d", known, pieces, remembered)
	}
	long := strings.Repeat("x", longestRemembered+1)
	m.put(long, 1)
	if _, ok := m.get(long); ok {
		t.Errorf("a piece of %d bytes is remembered", len(long))
	}
}
