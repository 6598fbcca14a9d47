package cli

import (
	"errors"
	"os"

	"github.com/foreword-go/foreword/assistant"
)

// ReadPersona reads the persona in the file called name.
func ReadPersona(name string) (assistant.Persona, error) {
	f, err := os.Open(name)
	if err != nil {
		return assistant.Persona{}, err
	}
	defer f.Close()
	persona, err := assistant.ReadPersona(f)
	if bad, ok := errors.AsType[*assistant.ValueError](err); ok {
		bad.Where = name
	}
	return persona, err
}
