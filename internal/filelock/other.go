//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Open opens a file and creates a lock file beside it. It fails if there is one.
// These systems do not release a lock for a process that crashed, so its lock file
// stays. The error then names the process and says what to do.
func Open(path string) (file *os.File, unlock func() error, err error) {
	lock := path + ".lock"
	held, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		owner, _ := os.ReadFile(lock)
		return nil, nil, fmt.Errorf("%w by process %s; if that has ended, remove %s", ErrInUse, string(owner[:min(len(owner), 20)]), lock)
	}
	if err != nil {
		return nil, nil, err
	}
	_, err = fmt.Fprint(held, os.Getpid())
	if err = errors.Join(err, held.Close()); err == nil {
		file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if err != nil {
		os.Remove(lock)
		return nil, nil, err
	}
	return file, func() error { return os.Remove(lock) }, nil
}
