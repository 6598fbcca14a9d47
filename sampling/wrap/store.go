package wrap

import (
	"fmt"

	"github.com/foreword-go/foreword/internal/store"
)

// A Store keeps the exchanges of a [Cache] in a file of JSON Lines, readable by a
// person: a key, a request and its answer on each line.
//
// Only one program can open the file at a time. Only its owner can read it, since
// texts are private. A killed program loses no answer. A machine that loses power
// may lose the last ones. A Store is safe for concurrent use, and several Caches may
// share it.
type Store struct {
	file *store.Store
}

// OpenStore opens or creates the file. The caller closes it. A file that is in use,
// or that is not a store, is an error. Damaged lines are skipped, reported by
// [Cache.Stats], and requested again.
func OpenStore(path string) (*Store, error) {
	file, err := store.Open(path)
	if err != nil {
		return nil, storeError(err)
	}
	return &Store{file}, nil
}

// Compact rewrites the file without superseded and damaged lines.
func (s *Store) Compact() error { return storeError(s.file.Compact()) }

// Close closes the file.
func (s *Store) Close() error { return storeError(s.file.Close()) }

func storeError(err error) error {
	if err != nil {
		return fmt.Errorf("wrap: %w", err)
	}
	return nil
}
