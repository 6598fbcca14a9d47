// Package journal keeps the finished parts of a long piece of work in a file of
// JSON Lines, so that a run that was killed at any point goes on where it was.
//
// The first line says which work it is; a file of other work is refused. Each
// entry is written by a single call at the file's end, so that only the last
// line can be cut short, and then Open takes it away. Entries outlive the
// process as soon as they are appended, and a crash of the machine from Close on.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A Journal is an open file. Its methods are safe for concurrent use.
type Journal struct {
	mu     sync.Mutex
	file   file
	failed error // of an earlier Append, which may have left half a line
}

// A file is what is used of an [os.File].
type file interface {
	io.ReadWriteSeeker
	io.Closer
	Truncate(size int64) error
	Sync() error
}

type header struct {
	Journal string `json:"journal"`
}

// Open opens or creates the journal of the work that the fingerprint names, and
// calls read for each entry that is there already.
func Open(path, fingerprint string, read func(entry []byte) error) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: f}
	if err := j.load(path, fingerprint, read); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) load(path, fingerprint string, read func([]byte) error) error {
	b := bufio.NewReader(j.file)
	var whole int64 // bytes of whole lines
	for number := 1; ; number++ {
		line, err := b.ReadBytes('\n')
		if err == io.EOF {
			// What is in line was cut short by a kill, unless it is no line of ours.
			if first, _ := json.Marshal(header{fingerprint}); number == 1 && !bytes.HasPrefix(first, line) {
				return notOurs(path)
			}
			break
		}
		if err != nil {
			return err
		}
		if number == 1 {
			var h header
			if json.Unmarshal(line, &h) != nil || h.Journal == "" {
				return notOurs(path)
			}
			if h.Journal != fingerprint {
				return fmt.Errorf("%s is the journal of other work (another task, model parameters or inputs); name another file, or remove it", path)
			}
		} else if err := read(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		whole += int64(len(line))
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	if _, err := j.file.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	if whole == 0 {
		return j.Append(header{fingerprint})
	}
	return nil
}

func notOurs(path string) error {
	return fmt.Errorf("%s is no journal; name another file, or remove it", path)
}

// Append adds an entry. Once it has failed, on a full disk say, it fails for
// ever: an entry behind half a line would make the file unreadable, while half a
// line at the end is what Open takes away.
func (j *Journal) Append(entry any) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return errors.New("the journal is closed")
	}
	if j.failed == nil {
		_, j.failed = j.file.Write(append(line, '\n'))
	}
	return j.failed
}

// Close closes the file after it is on the disk.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file = nil
	return err
}
