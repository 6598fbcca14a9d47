package assistant

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// A fileContent is the content of a transcript file.
type fileContent struct {
	turns   Transcript
	size    int64 // of the whole lines, in bytes
	unended bool  // the last of them has no line break
}

// readTranscript reads strictly. On an error it returns the turns before the bad line.
func readTranscript(r io.Reader) (fileContent, error) {
	in := bufio.NewReader(r)
	var c fileContent
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return c, fmt.Errorf("assistant: transcript: %w", err)
		}
		ended := err == nil
		if len(line) == 0 || !ended && unfinished(line, number == 1) {
			return c, nil
		}
		text := bytes.TrimSuffix(line, []byte("\n"))
		if number > 1 {
			err = c.read(text)
		} else if err = nil; string(text) != fileHeader {
			err = fmt.Errorf("is not %s: this is not a transcript file, or it has another version", fileHeader)
		}
		if err != nil {
			return c, &ValueError{Where: "transcript", Line: number, Err: err}
		}
		c.size, c.unended = c.size+int64(len(line)), !ended
	}
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

func (c *fileContent) read(line []byte) error {
	var ch change
	if err := strictjson.Decode(line, &ch); err != nil {
		return fmt.Errorf("is damaged: %w", err)
	}
	switch {
	case ch.Keep == nil:
		return errors.New(`is damaged: it has no "keep"`)
	case *ch.Keep < 0 || *ch.Keep > len(c.turns):
		return fmt.Errorf("keeps %d turns, but there are only %d; a line may be missing", *ch.Keep, len(c.turns))
	}
	for i := range ch.Turns {
		if t := &ch.Turns[i]; t.User == "" && t.Reply == "" {
			return fmt.Errorf("is damaged: turn %d has no text", *ch.Keep+i+1)
		}
	}
	c.turns = slices.Concat(c.turns[:*ch.Keep], ch.Turns)
	return nil
}
