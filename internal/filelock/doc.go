// Package filelock opens files that have one writer at a time.
package filelock

import "errors"

// ErrInUse says that this process or another one already has the file open.
var ErrInUse = errors.New("the file is in use: close the other program, or choose another file")
