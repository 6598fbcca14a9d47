package sampling

import (
	"math/rand/v2"
	"testing"
)

// TestForgottenStates reads a text in which nearly each letter leads to a new state, so
// that the machine forgets its states on the way.
func TestForgottenStates(t *testing.T) {
	c, err := Matching(`[xy]*x[xy]{18}`) // the letter 19 places before the end is an x
	if err != nil {
		t.Fatal(err)
	}
	m, machine := c.Start(), c.lang.machine()
	random := rand.New(rand.NewPCG(1, 2))
	var text []byte
	for range 80_000 {
		text = append(text, "xy"[random.IntN(2)])
		want := len(text) >= 19 && text[len(text)-19] == 'x'
		if !m.Add(string(text[len(text)-1:])) || m.Done() != want {
			t.Fatalf("after %d letters Done is %v", len(text), m.Done())
		}
		if machine.size > maxCache+1000 {
			t.Fatalf("the states take %d bytes", machine.size)
		}
	}
	if machine.generation < 2 {
		t.Errorf("the states were never forgotten; they take %d bytes", machine.size)
	}
	if again := c.Start(); !again.Add(string(text)) || again.Done() != m.Done() {
		t.Error("a second reading differs")
	}
}
