//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestReplaced replaces a file between its opening and its locking, as Compact of a
// store may do. What is written to the old file would be lost.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	old, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	replaced, _, err := Open(path + ".new")
	if err != nil {
		t.Fatal(err)
	}
	defer replaced.Close()
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := lock(old); !errors.Is(err, ErrInUse) {
		t.Errorf("locking the replaced file: %v", err)
	}
	if _, _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("opening the new file: %v", err)
	}
}
