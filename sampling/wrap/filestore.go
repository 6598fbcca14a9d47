package wrap

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// A FileStore is a [Store] in one file, which outlives the program. Each entry is
// a transaction of its own: a crash while one is written loses that one at most.
//
// One program at a time can have the file open. The file only grows; delete it
// to begin anew. A FileStore is safe for concurrent use.
type FileStore struct {
	db *bbolt.DB
}

var bucketName = []byte("foreword completions")

// patience is how long OpenFileStore waits for another program to close the file.
const patience = time.Second

// OpenFileStore opens the file, which it makes when it is not there. Whoever
// opens it closes it.
func OpenFileStore(path string) (*FileStore, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: patience})
	if err != nil {
		return nil, fmt.Errorf("the cache file %s: %w%s", path, err, wayOut(err))
	}
	// Several calls that end at the same time share one write to the disk. The
	// default of 10 ms would be a noticeable wait for a call that ends alone.
	db.MaxBatchDelay = time.Millisecond
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketName)
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("the cache file %s: %w", path, err)
	}
	return &FileStore{db}, nil
}

// wayOut is what to do about a file that does not open, where the error does not
// say so itself, as that of a folder that is not there does.
func wayOut(err error) string {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return "; another program has it open: close that one, or use another file"
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return "; it is damaged or no cache file: delete it, or use another"
	}
	return ""
}

// Get returns the value put under the key, or nil.
func (s *FileStore) Get(key string) (value []byte, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		// What the transaction shows is gone when it ends.
		value = bytes.Clone(tx.Bucket(bucketName).Get([]byte(key)))
		return nil
	})
	return value, err
}

// Put keeps the value. When it returns nil the value is on the disk.
func (s *FileStore) Put(key string, value []byte) error {
	return s.db.Batch(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketName).Put([]byte(key), value)
	})
}

// Close closes the file, after the calls under way. A Cache that goes on using
// the store then asks its backend, and counts each time as a fault.
func (s *FileStore) Close() error { return s.db.Close() }
