// Package filelock opens files that have one writer at a time.
package filelock

import "errors"

// ErrInUse: this or another process has the file open.
var ErrInUse = errors.New("the file is in use: close the other program, or choose another file")
