package ollama

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/foreword-go/foreword/internal/httpwire"
)

var errLongPart = errors.New("a line of more than 64 MB")

// parts reads the objects of an answer: one a line, or a whole answer on one line or
// several.
type parts struct {
	body io.Reader
	left int // how many bytes the next object may have
	json *json.Decoder
	raw  json.RawMessage
}

func newParts(body io.Reader) *parts {
	p := &parts{body: body}
	p.json = json.NewDecoder(p)
	return p
}

// Read implements [io.Reader] for the decoder.
func (p *parts) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errLongPart
	}
	n, err := p.body.Read(b[:min(len(b), p.left)])
	p.left -= n
	return n, err
}

// next decodes the next object and returns its bytes, valid until the next call. The
// error is [io.EOF] after the last object, and [io.ErrUnexpectedEOF] if one was cut off.
// Beside the error of something else are its bytes.
func (p *parts) next(into *line) ([]byte, error) {
	p.left = httpwire.Longest
	err := p.json.Decode(&p.raw)
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		rest, _ := io.ReadAll(p.json.Buffered())
		return bytes.TrimSpace(rest), err
	}
	if err != nil {
		return nil, err
	}
	return p.raw, json.Unmarshal(p.raw, into)
}
