package assistant

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	logVersion = 1
	logHeader  = `{"foreword":"transcript","version":1}`
)

// A logRecord is one line of a transcript file behind the header: Drop turns
// are taken back from the end, and then a turn is added, if there is one. One
// line does both, so that a reply that takes the place of another is there or
// not, and never neither of the two. Where several turns are replaced, each line
// says how many More there are, and they count when all of them are there.
type logRecord struct {
	Drop   int       `json:"drop,omitzero"`
	Number int       `json:"turn,omitzero"` // counting from 1, so that a line that is there twice is noticed
	User   *string   `json:"user,omitzero"`
	Reply  *string   `json:"reply,omitzero"`
	Time   time.Time `json:"time,omitzero"`
	Seed   uint64    `json:"seed,omitzero"`
	Cut    bool      `json:"cut,omitzero"`
	More   int       `json:"more,omitzero"`
}

// ReadTranscript reads a transcript file, such as a [Log] writes:
//
//	{"foreword":"transcript","version":1}
//	{"turn":1,"user":"Why is the sky blue?","reply":"Air scatters ...","time":"2025-03-04T12:00:00Z","seed":7}
//	{"turn":2,"user":"And at sunset?","reply":"Then the light","cut":true}
//	{"drop":1,"turn":2,"user":"And at sunset?","reply":"Then the light has come a longer way."}
//	{"drop":2,"turn":1,"user":"Why is the sea blue?","reply":"Water ...","more":1}
//	{"turn":2,"user":"And at sunset?","reply":"It is red."}
//	{"drop":1}
//
// The fourth line takes the place of the turn before it. The fifth and the sixth
// are one change, of both turns, and the last line takes a turn back. There is no
// limit on the length of a line.
//
// Reading is strict, and errors are a [*LogError] with the line: fields that are
// not known or missing, text that is no JSON, a turn that is there twice or not
// at all, a newer version. The one thing that is forgiven is an end that is not
// whole, a last line without its line break or a change without its last lines:
// that is what a crash leaves.
func ReadTranscript(r io.Reader) (Transcript, error) {
	content, err := readLog(r)
	if err != nil {
		return nil, err
	}
	return content.turns, nil
}

// A logContent is what stands in a transcript file.
type logContent struct {
	turns   Transcript
	size    int64 // of the changes that are whole; 0 for a file that has no header yet
	unended bool  // the last of them has no line break behind it

	changed Transcript // what the turns are with the change that is being read
	more    int        // the lines that it lacks
}

func readLog(r io.Reader) (*logContent, error) {
	in := bufio.NewReader(r)
	c := &logContent{}
	var size int64
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		ended := err == nil
		if err != nil && err != io.EOF {
			return nil, &LogError{Line: number, Err: err}
		}
		if len(line) == 0 {
			return c, nil
		}
		if !ended && unfinished(line, number == 1) {
			return c, nil
		}
		text := bytes.TrimSuffix(line, []byte("\n"))
		if number == 1 {
			err = checkHeader(text)
		} else {
			err = c.read(text)
		}
		if err != nil {
			return nil, &LogError{Line: number, Err: err}
		}
		size += int64(len(line))
		if c.more == 0 {
			c.turns, c.size, c.unended = c.changed, size, !ended
		}
	}
}

// unfinished reports whether line is what a crash leaves of the header or of a
// record: its beginning, and zeros where a disk had taken note of the length but
// not yet of the bytes.
func unfinished(line []byte, header bool) bool {
	rest := bytes.TrimRight(line, "\x00")
	if header {
		return strings.HasPrefix(logHeader, string(rest)) // nothing else, since it may be somebody's file
	}
	const beginning = `{"`
	if len(rest) < len(beginning) {
		return strings.HasPrefix(beginning, string(rest))
	}
	return bytes.HasPrefix(rest, []byte(beginning)) && (len(rest) < len(line) || !json.Valid(line))
}

func checkHeader(line []byte) error {
	var header struct {
		Foreword string `json:"foreword"`
		Version  int    `json:"version"`
	}
	if err := json.Unmarshal(line, &header); err != nil || header.Foreword != "transcript" {
		return fmt.Errorf("this is no transcript file, which begins with %s", logHeader)
	}
	if header.Version > logVersion {
		return fmt.Errorf("the transcript is of version %d, and this program reads version %d; use a newer program", header.Version, logVersion)
	}
	if header.Version != logVersion {
		return fmt.Errorf("there is no version %d of transcripts", header.Version)
	}
	return nil
}

func (c *logContent) read(line []byte) error {
	var record logRecord
	if err := unmarshal(line, &record); err != nil {
		return fmt.Errorf("the line is damaged: %w", err)
	}
	turns := c.changed
	if record.Drop < 0 || record.Drop > len(turns) {
		return fmt.Errorf("%d turns are taken back where there are %d", record.Drop, len(turns))
	}
	if c.more > 0 && (record.Drop > 0 || record.More != c.more-1) {
		return fmt.Errorf("another change begins, where %d lines of the one before are missing", c.more)
	}
	if record.Drop > 0 {
		n := len(turns) - record.Drop
		turns = turns[:n:n] // the change may turn out not to be whole
	}
	if record.Number == 0 && record.User == nil && record.Reply == nil && record.Drop > 0 && record.More == 0 {
		c.changed = turns
		return nil
	}
	if record.User == nil || record.Reply == nil {
		return errors.New(`a turn has to have a "user" and a "reply"`)
	}
	if record.More < 0 {
		return fmt.Errorf("%d more lines are announced", record.More)
	}
	if next := len(turns) + 1; record.Number < next {
		return fmt.Errorf("turn %d is there a second time, where turn %d should be", record.Number, next)
	} else if record.Number > next {
		return fmt.Errorf("turn %d is there, where turn %d should be: a line is missing", record.Number, next)
	}
	c.changed = append(turns, Turn{User: *record.User, Reply: *record.Reply, Time: record.Time, Seed: record.Seed, Cut: record.Cut})
	c.more = record.More
	return nil
}
