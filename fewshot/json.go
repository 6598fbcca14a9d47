package fewshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/strictjson"
)

// marshal writes JSON on one line.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // < and & are what the model has read, \u003c is not
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("cannot be written as JSON: %w", err)
	}
	text := strings.TrimSuffix(b.String(), "\n")
	// encoding/json replaces bytes that are not UTF-8 by this escape, and a real
	// U+FFFD by itself; a value must not change on its way into the prompt.
	if strings.Contains(strings.ReplaceAll(text, `\\`, ""), `\ufffd`) {
		return "", errNotUTF8
	}
	return text, nil
}

// unmarshal reads a value that is written as marshal writes it: with no field
// that the type does not know, with nothing after it, and with all its fields.
func unmarshal(text string, v reflect.Value) error {
	err := strictjson.Decode([]byte(text), v.Addr().Interface())
	if err == nil {
		err = checkWhole(text, v.Interface())
	}
	if err != nil {
		return fmt.Errorf("is not a valid %v in JSON: %w", v.Type(), err)
	}
	return nil
}

// checkWhole returns an error that names the first field that v has and the text
// that it was read from has not. To encoding/json, {} and null are any struct,
// and a model that forgot a field would seem to have answered 0. Which fields
// there are is what marshal writes of v, so that omitempty and a type's own
// methods have their say.
func checkWhole(text string, v any) error {
	written, err := marshal(v)
	if err != nil {
		return nil // v has no text to compare with
	}
	var got, want any
	if err := errors.Join(json.Unmarshal([]byte(text), &got), json.Unmarshal([]byte(written), &want)); err != nil {
		return err
	}
	if path, ok := missing(got, want); ok {
		return fmt.Errorf("%s is missing or unexpected", cmp.Or(strings.TrimPrefix(path, "."), "the value"))
	}
	return nil
}

// missing returns the path of the first part of want that got lacks, or has a
// null for. A got of another shape is how its type writes itself.
func missing(got, want any) (path string, ok bool) {
	switch want := want.(type) {
	case nil:
		return "", false
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if path, ok := missing(got[name], want[name]); ok {
					return "." + name + path, true
				}
			}
		}
	case []any:
		if got, ok := got.([]any); ok {
			if len(got) > len(want) { // an array of a fixed size drops what is over
				return fmt.Sprintf("[%d]", len(want)), true
			}
			for i := range want {
				if i == len(got) {
					return fmt.Sprintf("[%d]", i), true
				}
				if path, ok := missing(got[i], want[i]); ok {
					return fmt.Sprintf("[%d]%s", i, path), true
				}
			}
		}
	}
	return "", got == nil
}
