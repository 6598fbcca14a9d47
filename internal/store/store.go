// Package store keeps values by key in one file that only grows: JSON Lines, with
// one writer at a time.
//
// The first line is a header with the format's version. Each line after it is one
// entry:
//
//	{"key":"<64 hexadecimal digits>","crc":"<8 hexadecimal digits>","value":...}
//
// where crc is the CRC-32C of the value's bytes. The last entry of a key counts.
// A line is one write, and Put returns when the system has it, so a program that
// is killed loses nothing that was put. A machine that loses power may lose the
// last lines. On opening, a last line that is not whole is cut off, and a damaged
// line is skipped and reported.
package store

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/foreword-go/foreword/internal/filelock"
)

// A Key is the hash of the question that a value answers.
type Key [32]byte

const (
	header    = `{"foreword store":1}`
	keyAt     = len(`{"key":"`)
	crcAt     = keyAt + 64 + len(`","crc":"`)
	valueAt   = crcAt + 8 + len(`","value":`)
	lineBreak = "\n"
)

var table = crc32.MakeTable(crc32.Castagnoli)

// A Store is an open file. It is safe for concurrent use.
type Store struct {
	path   string
	unlock func() error

	mu      sync.RWMutex
	file    *os.File
	index   map[uint64]int64 // the offset of the last line of a key, by the key's first 8 bytes
	size    int64            // the offset after the last whole line
	damaged []int            // numbers of the lines that were skipped
	written bool             // since the file was opened
	broken  error            // why nothing more can be written
}

// Open opens or creates the store at path, with mode 0600, since texts are private. If
// the file is open elsewhere the error wraps [filelock.ErrInUse]. A file that is not a
// store is an error, and is not changed.
func Open(path string) (*Store, error) {
	file, unlock, err := filelock.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	s := &Store{path: path, file: file, unlock: unlock, index: map[uint64]int64{}}
	if err := s.load(); err != nil {
		s.Close()
		return nil, s.failed("opening", err)
	}
	return s, nil
}

// failed says what failed. It returns nil if err is nil.
func (s *Store) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s the store %s: %w", doing, s.path, cause(err))
}

// cause leaves out the name that a file was opened by. Compact renames the file.
func cause(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}

var errHeader = fmt.Errorf("the first line is not %s, so it is not a store of this version; choose another file", header)

func (s *Store) load() error {
	r := bufio.NewReaderSize(s.file, 1<<20)
	var rest []byte // what is not a whole line
	for number := 1; ; number++ {
		line, err := readLine(r)
		if err == io.EOF {
			rest = line
			break
		}
		if err != nil {
			return err
		}
		if number == 1 && string(line) != header {
			return errHeader
		}
		if key, _, ok := parse(line); ok {
			s.index[key.short()] = s.size
		} else if number > 1 {
			s.damaged = append(s.damaged, number)
		}
		s.size += int64(len(line)) + 1
	}
	if s.size == 0 && !strings.HasPrefix(header, string(rest)) {
		return errHeader
	}
	if len(rest) > 0 {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
	}
	if s.size == 0 {
		return s.write([]byte(header + lineBreak))
	}
	return nil
}

// readLine returns a line without its end. At the end of the file it returns the rest
// and io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		var rest []byte
		line = bytes.Clone(line)
		rest, err = r.ReadBytes('\n')
		line = append(line, rest...)
	}
	if err != nil {
		return line, err
	}
	return line[:len(line)-1], nil
}

// parse returns the parts of a line, and whether it is undamaged.
func parse(line []byte) (key Key, value []byte, ok bool) {
	if len(line) < valueAt+2 || line[len(line)-1] != '}' || string(line[:keyAt]) != `{"key":"` ||
		string(line[keyAt+64:crcAt]) != `","crc":"` || string(line[crcAt+8:valueAt]) != `","value":` {
		return key, nil, false
	}
	var crc [4]byte
	if _, err := hex.Decode(key[:], line[keyAt:keyAt+64]); err != nil {
		return key, nil, false
	}
	if _, err := hex.Decode(crc[:], line[crcAt:crcAt+8]); err != nil {
		return key, nil, false
	}
	value = line[valueAt : len(line)-1]
	return key, value, crc32.Checksum(value, table) == binary.BigEndian.Uint32(crc[:])
}

// short is the part of a key in the index. If two keys share it, which is unlikely, one
// is not found: Get compares the whole key.
func (k Key) short() uint64 { return binary.BigEndian.Uint64(k[:]) }

// Get returns the value of a key, or nil.
func (s *Store) Get(key Key) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.index[key.short()]
	if !ok {
		return nil, nil
	}
	line, err := readLine(bufio.NewReader(io.NewSectionReader(s.file, at, s.size-at)))
	if err != nil {
		return nil, s.failed("reading", err)
	}
	found, value, ok := parse(line)
	if !ok {
		return nil, s.failed("reading", fmt.Errorf("the line at byte %d was damaged after the store was opened", at))
	}
	if found != key {
		return nil, nil
	}
	return bytes.Clone(value), nil
}

// Put stores a value, which is JSON on one line, and replaces an earlier one.
func (s *Store) Put(key Key, value []byte) error {
	if bytes.ContainsRune(value, '\n') {
		return s.failed("writing to", errors.New("the value has a line break"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.size
	if err := s.write(entry(key, value)); err != nil {
		return s.failed("writing to", err)
	}
	s.index[key.short()] = at
	return nil
}

func entry(key Key, value []byte) []byte {
	line := make([]byte, 0, valueAt+len(value)+2)
	line = fmt.Appendf(line, `{"key":"%x","crc":"%08x","value":`, key[:], crc32.Checksum(value, table))
	return append(append(line, value...), '}', '\n')
}

// write appends to the file. A partial write is undone.
func (s *Store) write(line []byte) error {
	if s.broken != nil {
		return s.broken
	}
	if _, err := s.file.WriteAt(line, s.size); err != nil {
		if undo := s.file.Truncate(s.size); undo != nil {
			s.broken = errors.Join(cause(err), cause(undo))
		}
		return err
	}
	s.size, s.written = s.size+int64(len(line)), true
	return nil
}

// Each calls f with the line number and the value of each key, in the order of the
// file, until f returns false.
func (s *Store) Each(f func(line int, value []byte) bool) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.failed("reading", s.scan(func(number int, _ Key, line []byte) bool {
		return f(number, line[valueAt:len(line)-1])
	}))
}

// scan calls f with the last line of each key, until f returns false.
func (s *Store) scan(f func(number int, key Key, line []byte) bool) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.size), 1<<20)
	at := int64(0)
	for number := 1; ; number++ {
		line, err := readLine(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if key, _, ok := parse(line); ok && s.index[key.short()] == at && !f(number, key, line) {
			return nil
		}
		at += int64(len(line)) + 1
	}
}

// Len returns the number of keys.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.index)
}

// Damaged returns the numbers of the lines that were skipped on opening, from 1.
func (s *Store) Damaged() []int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.damaged
}

// Compact rewrites the file without earlier values of a key and damaged lines. A
// crash leaves the old file or the new one.
func (s *Store) Compact() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed("compacting", s.compact())
}

func (s *Store) compact() (err error) {
	temporary := s.path + ".compact"
	file, unlock, err := filelock.Open(temporary)
	if err != nil {
		return fmt.Errorf("creating the new file: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
			unlock()
			os.Remove(temporary)
		}
	}()
	if err := file.Truncate(0); err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	w.WriteString(header + lineBreak) // Flush tells of errors
	index, size := make(map[uint64]int64, len(s.index)), int64(len(header)+1)
	err = s.scan(func(_ int, key Key, line []byte) bool {
		w.Write(line)
		w.WriteString(lineBreak)
		index[key.short()] = size
		size += int64(len(line)) + 1
		return true
	})
	if err := cmp.Or(err, w.Flush(), file.Sync()); err != nil {
		return err
	}
	if err := os.Rename(temporary, s.path); err != nil {
		return err
	}
	s.file.Close()
	unlock() // s.unlock is for the file's name, which stays
	s.file, s.index, s.size, s.damaged = file, index, size, nil
	if folder, err := os.Open(filepath.Dir(s.path)); err == nil {
		folder.Sync() // some systems cannot sync a folder
		folder.Close()
	}
	return nil
}

// Close writes everything to the disk and closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed("closing", s.close())
}

func (s *Store) close() error {
	if s.broken == os.ErrClosed {
		return os.ErrClosed
	}
	s.broken = os.ErrClosed
	var sync error
	if s.written {
		sync = s.file.Sync()
	}
	return errors.Join(cause(sync), cause(s.file.Close()), s.unlock())
}
