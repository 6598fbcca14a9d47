package httpwire

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// masked stands where a key stood.
const masked = "[key]"

// scrubText cuts the key out of a text, also as it looks in a URL, in JSON and
// between a Go program's quotation marks.
func (s Source) scrubText(text string) string {
	key := s.Key.Reveal()
	if key == "" {
		return text
	}
	quoted := strconv.Quote(key)
	forms := []string{key, url.QueryEscape(key), url.PathEscape(key), quoted[1 : len(quoted)-1]}
	if b, err := json.Marshal(key); err == nil {
		forms = append(forms, string(b[1:len(b)-1]))
	}
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, masked)
	}
	return text
}

// scrub returns err itself when its text is clean, and otherwise an error that
// shows the clean text and still answers errors.Is.
func (s Source) scrub(err error) error {
	text := err.Error()
	clean := s.scrubText(text)
	if clean == text {
		return err
	}
	return &scrubbed{text: clean, err: err}
}

// A scrubbed error has no Unwrap: errors.As would hand out the text that was
// cut.
type scrubbed struct {
	text string
	err  error
}

func (e *scrubbed) Error() string        { return e.text }
func (e *scrubbed) Is(target error) bool { return errors.Is(e.err, target) }
