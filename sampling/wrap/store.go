package wrap

import "github.com/foreword-go/foreword/internal/store"

// A Store keeps the exchanges of a [Cache] in a file of JSON Lines that outlives
// the program: a key, and the request and its answer as a person can read them.
//
// One program at a time can have the file open. It is readable by its owner only,
// since texts are private. A program that is killed loses nothing that was
// answered; a machine that loses power may lose the last answers. A Store is safe
// for concurrent use, and several Caches may share it.
type Store struct {
	file *store.Store
}

// OpenStore opens the file, which it makes when it is not there. Whoever opens it
// closes it. A file that is in use, or that is not a store, is an error.
func OpenStore(path string) (*Store, error) {
	file, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	return &Store{file}, nil
}

// Damaged returns the numbers of the lines that cannot be read. They were skipped
// when the file was opened, and what they answered is asked again.
func (s *Store) Damaged() []int { return s.file.Damaged() }

// Compact writes the file anew without what no longer counts.
func (s *Store) Compact() error { return s.file.Compact() }

// Close closes the file.
func (s *Store) Close() error { return s.file.Close() }
