package assistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/strictjson"
)

const fileHeader = `{"foreword":"transcript","version":2}`

// A change is one line of a transcript file after the header: the first Keep turns
// stay, and Turns follow them.
type change struct {
	Keep  *int       `json:"keep"`
	Turns Transcript `json:"turns,omitempty"`
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
			err = f.readChange(text)
		} else if string(text) != fileHeader {
			err = fmt.Errorf("is not %s: this is not a transcript file, or it has another version", fileHeader)
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
	for i := range c.Turns {
		if t := &c.Turns[i]; t.User == "" && t.Reply == "" {
			return fmt.Errorf("is damaged: turn %d has no text", *c.Keep+i+1)
		}
	}
	f.saved = slices.Concat(f.saved[:*c.Keep], c.Turns)
	return nil
}
