package chatapi

import (
	"fmt"
	"strings"
	"testing"
)

// TestMemory keeps the last messages, within both limits.
func TestMemory(t *testing.T) {
	var m memory
	for i := range maxRemembered + 5 {
		m.add(fmt.Sprint(i), "text")
	}
	_, oldest := m.get("4")
	if text, ok := m.get("5"); !ok || oldest || text != "text" || len(m.texts) != maxRemembered || m.size != 4*maxRemembered {
		t.Errorf("%q, %v, %v, %d texts of %d bytes", text, ok, oldest, len(m.texts), m.size)
	}
	m.add("large", strings.Repeat("x", maxRememberedSize))
	if _, ok := m.get("large"); !ok || len(m.texts) != 1 {
		t.Errorf("%d texts", len(m.texts))
	}
	m.add("too large", strings.Repeat("x", maxRememberedSize+1))
	if len(m.texts) != 0 || m.size != 0 || len(m.ids) != 0 {
		t.Errorf("%d texts of %d bytes", len(m.texts), m.size)
	}
}
