package assistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/filelock"
	"github.com/foreword-go/foreword/internal/strictjson"
)

// A File keeps a [Transcript] on disk:
//
//	file, turns, err := assistant.OpenFile("talk.jsonl")
//	...
//	defer file.Close()
//	c := assistant.Conversation{Model: m, Persona: p, Transcript: turns, File: file}
//
// The file is JSON Lines and only grows. It has a header, then one line per change:
//
//	{"foreword":"transcript","version":2}
//	{"keep":0,"turns":[{"user":"Why is the sky blue?","reply":"Air scatters ...","time":"2025-03-04T12:00:00Z","seed":7}]}
//	{"keep":1,"turns":[{"user":"And at sunset?","reply":"Then the light","cut":true}]}
//	{"keep":1,"turns":[{"user":"And at sunset?","reply":"Then the light has come a longer way."}]}
//	{"keep":1}
//
// A line keeps the first turns and adds others. Here the fourth line replaces the second
// turn, and the last line removes it. A crash of the program or the machine loses at most
// the change that was being saved.
//
// A File is for one goroutine at a time.
type File struct {
	path   string
	file   *os.File
	unlock func() error
	size   int64      // bytes up to the end of the last whole line
	saved  Transcript // the turns in the file
	broken error      // why Save fails from now on
}

const fileHeader = `{"foreword":"transcript","version":2}`

// A change is one line of a transcript file after the header: the first Keep turns
// stay, and Turns follow them.
type change struct {
	Keep  *int       `json:"keep"`
	Turns Transcript `json:"turns,omitempty"`
}

// OpenFile opens the transcript file at path and returns its turns. It creates a missing
// file, with mode 0600, and cuts off what a crash left unfinished at the end. A file that
// is already open is [ErrInUse]. A damaged line, or a file that is not a transcript, is a
// [*ValueError] with the line, and the file stays as it is. Then OpenFile returns the
// turns before that line.
func OpenFile(path string) (*File, Transcript, error) {
	file, unlock, err := filelock.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("assistant: %s: %w", path, err)
	}
	f := &File{path: path, file: file, unlock: unlock}
	err = f.load()
	turns := slices.Clone(f.saved)
	if err == nil {
		return f, turns, nil
	}
	f.Close()
	if _, ok := errors.AsType[*ValueError](err); !ok {
		err = f.failed(err)
	}
	return nil, turns, err
}

func (f *File) failed(err error) error { return fmt.Errorf("assistant: %s: %w", f.path, err) }

func (f *File) load() error {
	content, err := io.ReadAll(f.file)
	if err != nil {
		return err
	}
	if err := f.read(content); err != nil {
		return err
	}
	if err := f.file.Truncate(f.size); err != nil {
		return err
	}
	switch {
	case f.size == 0:
		if err := f.append([]byte(fileHeader + "\n")); err != nil {
			return err
		}
		// Syncs the name of the new file. Some systems cannot sync a folder.
		if folder, err := os.Open(filepath.Dir(f.path)); err == nil {
			_ = folder.Sync()
			_ = folder.Close()
		}
	case content[f.size-1] != '\n':
		return f.append([]byte("\n"))
	}
	return nil
}

// read reads the content of the file strictly. On an error, saved and size are those
// before the bad line.
func (f *File) read(content []byte) error {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		if !ended && unfinished(line, number == 1) {
			return nil
		}
		var err error
		if number > 1 {
			if err = f.readChange(text); err != nil {
				err = fmt.Errorf("%w; correct it, or delete it and the lines after it to keep the turns before", err)
			}
		} else if string(text) != fileHeader {
			err = fmt.Errorf("is %q, but a transcript file of this version begins with %s; choose another file, or write that line if only it is damaged", shorten(string(text), 60), fileHeader)
		}
		if err != nil {
			return &ValueError{Where: f.path, Line: number, Err: err}
		}
		f.size += int64(len(line))
	}
	return nil
}

// unfinished reports whether a crash may have left the line: it is the beginning of one,
// then zeros if the disk had stored the length but not yet the bytes.
func unfinished(line []byte, header bool) bool {
	begun := bytes.TrimRight(line, "\x00")
	if header {
		return strings.HasPrefix(fileHeader, string(begun)) && string(line) != fileHeader
	}
	const beginning = `{"keep":`
	n := min(len(begun), len(beginning))
	return string(begun[:n]) == beginning[:n] && !json.Valid(line)
}

func (f *File) readChange(line []byte) error {
	var c change
	if err := strictjson.Decode(line, &c); err != nil {
		return fmt.Errorf("is damaged: %w", err)
	}
	switch {
	case c.Keep == nil:
		return errors.New(`is damaged: it has no "keep"`)
	case *c.Keep < 0 || *c.Keep > len(f.saved):
		return fmt.Errorf("keeps %d turns, but there are only %d; a line may be missing", *c.Keep, len(f.saved))
	}
	for i, t := range c.Turns {
		if t.User == "" && t.Reply == "" {
			return fmt.Errorf("is damaged: turn %d has no text", *c.Keep+i+1)
		}
		if err := t.clean(); err != nil {
			return fmt.Errorf("is damaged: turn %d: %s %w", *c.Keep+i+1, err.Where, err.Err)
		}
	}
	f.saved = slices.Concat(f.saved[:*c.Keep], c.Turns)
	return nil
}

// Save writes the difference between t and the file as one line, and waits for the disk.
// On an error the file keeps its earlier turns, and Save may be tried again. If the disk
// fails while Save waits, the end of the file is unknown, and Save keeps failing until
// the file is opened again.
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
	if i := slices.IndexFunc(t, func(turn Turn) bool { return turn.User == "" && turn.Reply == "" }); i >= 0 {
		return &ValueError{Where: fmt.Sprintf("turn %d", i+1), Err: errors.New("has no text; remove it")}
	}
	if _, err := t.clean(""); err != nil {
		return err // encoding/json would replace invalid UTF-8
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
		return fmt.Errorf("%w; open it again", os.ErrClosed)
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

// Close closes the file, so that it can be opened again.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.unlock(), f.file.Close())
	f.file = nil
	return err
}
