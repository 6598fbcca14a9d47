package pocket

import (
	"embed"
	"io/fs"
	"sync"
)

//go:generate go run ./internal/wordlists

// corpus is the training text of the default model. The generator above writes the
// files in words; people wrote the others.
//
//go:embed corpus
var corpus embed.FS

// Default returns the model of the embedded corpus. The first call trains it, in
// less than a tenth of a second.
func Default() *Model { return trainDefault() }

var trainDefault = sync.OnceValue(func() *Model {
	docs, err := fs.Sub(corpus, "corpus")
	if err != nil {
		panic(err) // the name is not a path
	}
	m, err := Train(docs)
	if err != nil {
		panic(err) // the corpus is part of the program, and a test trains on it
	}
	return m
})
