// Package strictjson refuses JSON that encoding/json reads but changes: repeated
// members, half of a surrogate pair, text that is not UTF-8, and text after the value.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth limits the nesting of a value, and so the recursion.
const maxDepth = 1000

// Decode reads one value into v, a pointer. It refuses unknown fields and what [Check]
// refuses.
func Decode(text []byte, v any) error {
	t := reflect.TypeOf(v)
	if err := Check(text, t); err != nil {
		return err
	}
	if t.Elem().Kind() == reflect.String { // may be long, and a Decoder copies it several times
		return json.Unmarshal(text, v)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// Check refuses text that is not exactly one JSON value, and a value in which a
// member is repeated. The fields of a struct in t match names in any letter case,
// as in encoding/json. t may be nil.
func Check(text []byte, t reflect.Type) error {
	if !utf8.Valid(text) {
		return errors.New("not valid UTF-8")
	}
	if !json.Valid(text) {
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(new(json.RawMessage)); err != nil {
			return err
		}
		return errors.New("text follows the value")
	}
	if t == nil {
		t = anything
	}
	w := walker{text: text}
	err := w.check(t, 0)
	if err == nil && w.halved {
		err = errors.New("has half of a surrogate pair, which is not a character; write the character itself")
	}
	return err
}

// anything is the type of a value that is unknown or has its own unmarshaler.
var anything = reflect.TypeFor[any]()

// check reads one value at any depth.
func (w *walker) check(t reflect.Type, depth int) error {
	open := w.next()
	if open != '{' && open != '[' {
		w.scalar()
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("nested more than %d levels deep", maxDepth)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(jsonUnmarshaler) {
		t = anything
	}
	var fields []Field
	if t.Kind() == reflect.Struct {
		fields = Fields(t)
	}
	seen := map[string]string{} // the names by their normal form
	for w.at++; w.more(); {     // into the object or array
		inner := anything
		switch t.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			inner = t.Elem()
		}
		if open == '{' {
			name := w.name()
			same := name
			switch t.Kind() {
			case reflect.Struct:
				same, inner = folded(name), fieldType(fields, name)
			case reflect.Map:
				if !canonicalKey(t.Key(), name) {
					return fmt.Errorf("has the member %q, which is not a number as JSON writes it", name)
				}
			}
			if other, ok := seen[same]; ok {
				return fmt.Errorf("has the members %q and %q; a member must not be repeated", other, name)
			}
			seen[same] = name
		}
		if err := w.check(inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// canonicalKey reports whether encoding/json writes a map's key this way. It would
// read 7, 07 and +7 as the same number.
func canonicalKey(t reflect.Type, name string) bool {
	isNumber := reflect.Int <= t.Kind() && t.Kind() <= reflect.Uintptr
	return !isNumber || reflect.PointerTo(t).Implements(textUnmarshaler) || integer.MatchString(name)
}

var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// folded maps all names that are equal by strings.EqualFold to one name: each letter
// becomes the least of those that differ only in case.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, name)
}

// fieldType is the type of the struct field with this JSON name.
func fieldType(fields []Field, name string) reflect.Type {
	for _, f := range fields {
		if f.Err == nil && strings.EqualFold(f.Name, name) {
			return f.Type
		}
	}
	return anything
}
