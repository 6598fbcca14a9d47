package pocket

import (
	"embed"
	"io/fs"
	"sync"
)

//go:generate go run ./internal/wordlists

// corpus is all that the default model has read. The files are plain text: open
// them. Those in words are written by the generator above, the others by hand.
//
//go:embed corpus
var corpus embed.FS

// Default returns the model of the embedded corpus, which is trained by the
// first call, in less than a tenth of a second, and kept.
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
