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

// A Log keeps a [Transcript] in a file, so that a conversation can be taken up
// again:
//
//	log, err := assistant.OpenLog("talk.jsonl")
//	...
//	defer log.Close()
//	c := assistant.Conversation{Model: m, Persona: p, Transcript: log.Transcript(), Log: log}
//
// The file is JSON Lines: a header with a version, and then a line for each turn
// that is new or has changed, which is only ever added at the end and is on the
// disk when Save returns. A program or a machine that dies at any moment loses at
// most what was being saved, and what that was to replace is still there. See [ReadTranscript] for what the lines say.
//
// A file has one writer at a time. A Log is for one goroutine at a time, as the
// Conversation that it belongs to.
type Log struct {
	path   string
	file   *os.File
	unlock func() error
	size   int64      // the bytes up to the end of the last whole line
	saved  Transcript // what the file says
	broken error      // why nothing more can be saved
}

// OpenLog opens the transcript file at path, or makes a new one. It takes away
// what a crash left unfinished at the end. A file that another Log has
// open, in this process or another, is [ErrInUse]. A file that is not a
// transcript, has a damaged line or is of a newer version is a [*LogError], and
// stays as it is.
func OpenLog(path string) (*Log, error) {
	file, unlock, err := filelock.Open(path)
	if err != nil {
		return nil, &LogError{Path: path, Err: err}
	}
	l := &Log{path: path, file: file, unlock: unlock}
	if err := l.load(); err != nil {
		l.Close()
		var own *LogError
		if errors.As(err, &own) {
			own.Path = path
			return nil, own
		}
		return nil, &LogError{Path: path, Err: err}
	}
	return l, nil
}

func (l *Log) load() error {
	content, err := readLog(l.file)
	if err != nil {
		return err
	}
	l.saved, l.size = content.turns, content.size
	if err := l.file.Truncate(l.size); err != nil {
		return err
	}
	switch {
	case content.size == 0:
		if err := l.append([]byte(logHeader + "\n")); err != nil {
			return err
		}
		// The name of a new file is in its folder, which is another file. Some
		// systems cannot sync one, and there is nothing to be done about it.
		if folder, err := os.Open(filepath.Dir(l.path)); err == nil {
			_ = folder.Sync()
			_ = folder.Close()
		}
	case content.unended:
		return l.append([]byte("\n"))
	}
	return nil
}

// Transcript returns the turns in the file.
func (l *Log) Transcript() Transcript { return slices.Clone(l.saved) }

// Save makes the file say t. It writes the difference to what the file says:
// usually one turn more, but turns may also have been taken back or changed. When
// it returns nil, all of it is on the disk. On an error the file says what it
// said before, and Save may be tried again; if even that is not certain, as
// when a disk fails, Save keeps returning the error, and the file can be opened
// anew.
func (l *Log) Save(t Transcript) error {
	if l.broken != nil {
		return &LogError{Path: l.path, Err: l.broken}
	}
	same := 0
	for same < len(t) && same < len(l.saved) && t[same].equal(&l.saved[same]) {
		same++
	}
	drop := len(l.saved) - same
	if drop == 0 && same == len(t) {
		return nil
	}
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false) // people read these files too
	more := 0
	if drop > 0 { // what is replaced must not be gone before all that replaces it is there
		more = max(0, len(t)-same-1)
	}
	if same == len(t) {
		if err := enc.Encode(&logRecord{Drop: drop}); err != nil {
			return &LogError{Path: l.path, Err: err}
		}
	}
	for i := same; i < len(t); i++ {
		turn := &t[i]
		if _, _, err := turn.clean(turnName(i)); err != nil {
			return err // encoding/json would replace what is not UTF-8
		}
		if err := enc.Encode(&logRecord{
			Drop: drop, Number: i + 1,
			User: &turn.User, Reply: &turn.Reply, Time: turn.Time, Seed: turn.Seed, Cut: turn.Cut,
			More: more,
		}); err != nil {
			return &LogError{Path: l.path, Err: err}
		}
		drop, more = 0, max(0, more-1)
	}
	if err := l.append(lines.Bytes()); err != nil {
		return &LogError{Path: l.path, Err: err}
	}
	l.saved = append(l.saved[:same:same], t[same:]...)
	return nil
}

// append writes lines at the end of the file and waits for the disk.
func (l *Log) append(lines []byte) error {
	if l.file == nil {
		return errors.New("the log is closed")
	}
	_, err := l.file.WriteAt(lines, l.size)
	if err == nil {
		if err = l.file.Sync(); err != nil {
			// What a disk holds after a failed sync nobody can tell.
			l.broken = fmt.Errorf("the last turn may not be on the disk; open the file anew: %w", err)
			return l.broken
		}
		l.size += int64(len(lines))
		return nil
	}
	if undo := l.file.Truncate(l.size); undo != nil {
		l.broken = fmt.Errorf("a line may have been left unfinished; open the file anew: %w", err)
		return l.broken
	}
	return err
}

// Close gives the file free for others. What was saved is on the disk already.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.unlock(), l.file.Close())
	l.file = nil
	return err
}
