//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Open opens a file that no other process may have open by Open.
// The system releases the lock when the process ends, even after a crash.
func Open(path string) (file *os.File, unlock func() error, err error) {
	file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := lock(file); err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, func() error { return nil }, nil // closing the file unlocks it
}

func lock(file *os.File) error {
	var err error = syscall.EINTR
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	if err != nil {
		return err
	}
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(file.Name())
	if err == nil && !os.SameFile(locked, named) {
		return ErrInUse // its owner replaced the file after it was opened here
	}
	return err
}
