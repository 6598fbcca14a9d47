package assistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/foreword-go/foreword/internal/filelock"
)

// A File keeps a [Transcript] on disk, so that a conversation can go on later:
//
//	file, err := assistant.OpenFile("talk.jsonl")
//	...
//	defer file.Close()
//	c := assistant.Conversation{Model: m, Persona: p, Transcript: file.Transcript(), File: file}
//
// The file is JSON Lines and only grows: a header, then one line for each change,
// which is on the disk when Save returns. A program or a machine that dies loses at
// most the change that was being saved. [ReadTranscript] documents the lines.
//
// A file has one writer at a time. A File is for one goroutine at a time, like the
// Conversation that it belongs to.
type File struct {
	path   string
	file   *os.File
	unlock func() error
	size   int64      // the bytes up to the end of the last whole line
	saved  Transcript // what the file says
	broken error      // why nothing more can be saved
}

// OpenFile opens the transcript file at path, or makes a new one with mode 0600.
// What a crash left unfinished at the end is cut off. A file that is open already,
// in this process or another, is [ErrInUse]. A file that is not a transcript or has
// a damaged line is a [*ValueError] with the line, and stays as it is:
// [ReadTranscript] returns the turns before that line.
func OpenFile(path string) (*File, error) {
	file, unlock, err := filelock.Open(path)
	if err != nil {
		return nil, fmt.Errorf("assistant: %s: %w", path, err)
	}
	f := &File{path: path, file: file, unlock: unlock}
	if err := f.load(); err != nil {
		f.Close()
		if bad := (*ValueError)(nil); errors.As(err, &bad) {
			bad.Where = path
			return nil, bad
		}
		return nil, f.failed(err)
	}
	return f, nil
}

func (f *File) failed(err error) error { return fmt.Errorf("assistant: %s: %w", f.path, err) }

func (f *File) load() error {
	content, err := readTranscript(f.file)
	if err != nil {
		return err
	}
	f.saved, f.size = content.turns, content.size
	if err := f.file.Truncate(f.size); err != nil {
		return err
	}
	switch {
	case f.size == 0:
		if err := f.append([]byte(fileHeader + "\n")); err != nil {
			return err
		}
		// The name of a new file is in its folder, which some systems cannot sync.
		if folder, err := os.Open(filepath.Dir(f.path)); err == nil {
			_ = folder.Sync()
			_ = folder.Close()
		}
	case content.unended:
		return f.append([]byte("\n"))
	}
	return nil
}

// Transcript returns the turns in the file.
func (f *File) Transcript() Transcript { return slices.Clone(f.saved) }

// Save makes the file say t, by a line with the difference: usually one more turn,
// but turns may also have been removed or changed. When it returns nil, the line is
// on the disk. On an error the file says what it said before, and Save may be tried
// again. After a disk failure, which leaves the end of the file unknown, Save keeps
// failing until the file is opened again.
func (f *File) Save(t Transcript) error {
	if f.broken != nil {
		return f.failed(f.broken)
	}
	same := 0
	for same < len(t) && same < len(f.saved) && t[same].equal(&f.saved[same]) {
		same++
	}
	if same == len(t) && same == len(f.saved) {
		return nil
	}
	for i := same; i < len(t); i++ {
		if _, _, err := t[i].clean(turnName(i)); err != nil {
			return err // encoding/json would replace text that is not UTF-8
		}
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // people read these files
	if err := enc.Encode(&change{Keep: &same, Turns: t[same:]}); err != nil {
		return f.failed(err)
	}
	if err := f.append(line.Bytes()); err != nil {
		return f.failed(err)
	}
	f.saved = append(f.saved[:same:same], t[same:]...)
	return nil
}

// append writes a line at the end of the file and waits for the disk.
func (f *File) append(line []byte) error {
	if f.file == nil {
		return os.ErrClosed
	}
	_, err := f.file.WriteAt(line, f.size)
	if err == nil {
		if err = f.file.Sync(); err != nil {
			f.broken = fmt.Errorf("the last line may not be on the disk; open the file again: %w", err)
			return f.broken
		}
		f.size += int64(len(line))
		return nil
	}
	if undo := f.file.Truncate(f.size); undo != nil {
		f.broken = fmt.Errorf("the last line may be unfinished; open the file again: %w", err)
		return f.broken
	}
	return err
}

// Close closes the file, so that others may open it.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.unlock(), f.file.Close())
	f.file = nil
	return err
}
