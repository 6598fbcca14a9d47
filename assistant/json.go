package assistant

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// unmarshal reads a text that is one JSON value and nothing more, with no field
// that v does not know. The files of this package are read so: what a person
// misspelt, or a newer program added, would otherwise be lost without a word.
func unmarshal(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("text follows the value")
	}
	return nil
}
