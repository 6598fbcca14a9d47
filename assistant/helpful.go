package assistant

import (
	_ "embed" // the persona
	"strings"
)

//go:embed helpful.txt
var helpful string

// Helpful returns a persona for most purposes: a helpful, honest and brief assistant. It
// is about 330 tokens long.
//
// One of its dialogues has several turns, of which the later need the earlier: without
// such an example, base models fail on the second turn. Others show code, a list, and an
// answer that something is not known.
func Helpful() Persona {
	p, err := ReadPersona(strings.NewReader(helpful))
	if err != nil {
		panic(err) // impossible: the tests read the file
	}
	return p
}
