package fewshot

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkJSON refuses what encoding/json reads into a t without a word and changes on
// the way: a member that is there twice, for a struct also in another letter case;
// text that is not UTF-8 or has half a surrogate pair; and text after the value.
func checkJSON(text []byte, t reflect.Type) error {
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	if loneSurrogate(text) {
		return errors.New("has half of a surrogate pair, which is not a character; write the character itself")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := checkValue(dec, t); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("text follows the value")
	}
	return nil
}

// checkValue reads one value at any depth. t is nil where the type reads itself.
func checkValue(dec *json.Decoder, t reflect.Type) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && (reflect.PointerTo(t).Implements(jsonUnmarshaler) || t.Kind() == reflect.Interface) {
		t = nil
	}
	var seen []string
	for dec.More() {
		inner := elementOf(t)
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			alike := func(other string) bool { return name == other }
			if t != nil && t.Kind() == reflect.Struct { // of which encoding/json matches fields in any letter case
				alike = func(other string) bool { return strings.EqualFold(name, other) }
				inner = fieldType(t, name)
			}
			if at := slices.IndexFunc(seen, alike); at >= 0 {
				return fmt.Errorf("has the members %q and %q; each may be there once", seen[at], name)
			}
			seen = append(seen, name)
		}
		if err := checkValue(dec, inner); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the end of the object or array
	return err
}

// elementOf is the type of a list's or a map's elements, or nil.
func elementOf(t reflect.Type) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	}
	return nil
}

// fieldType is the type of the struct's field that JSON has under a name, or nil.
func fieldType(t reflect.Type, name string) reflect.Type {
	for _, f := range reflect.VisibleFields(t) {
		own, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if own == "" {
			own = f.Name
		}
		if strings.EqualFold(own, name) {
			return f.Type
		}
	}
	return nil
}

// checkType refuses a type that encoding/json would write in part: unexported
// fields, and fields of one name.
func checkType(t reflect.Type) error { return checkFields(t, t.String(), map[reflect.Type]bool{}) }

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
)

func checkFields(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	for _, own := range []reflect.Type{jsonMarshaler, textMarshaler} {
		if t.Implements(own) || reflect.PointerTo(t).Implements(own) {
			return nil
		}
	}
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return checkFields(t.Elem(), path, seen)
	case reflect.Struct:
		names := map[string]string{}
		return checkStruct(t, path, names, seen)
	}
	return nil
}

// checkStruct looks at the fields of a struct, with those of embedded structs among
// them, as encoding/json does.
func checkStruct(t reflect.Type, path string, names map[string]string, seen map[reflect.Type]bool) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		if tag == "-" {
			continue
		}
		at := path + "." + f.Name
		name, _, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				if err := checkStruct(inner, at, names, seen); err != nil {
					return err
				}
				continue
			}
		}
		if !f.IsExported() {
			return fmt.Errorf("the field %s is not exported, so that JSON leaves it out; export it, or tag it `json:\"-\"`", at)
		}
		if !tagged || name == "" {
			name = f.Name
		}
		for other, path := range names {
			if strings.EqualFold(other, name) {
				return fmt.Errorf("the fields %s and %s have the JSON names %q and %q, which are the same but for letter case; rename one", path, at, other, name)
			}
		}
		names[name] = at
		if err := checkFields(f.Type, at, seen); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a type that the default rules cannot write and read back.
func (c *Codec[T]) check() error {
	if c.Encode != nil && c.Decode != nil {
		return nil
	}
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface {
		return fmt.Errorf("the type %v is an interface, of which JSON reads back another type; use a concrete type, or set Encode and Decode", t)
	}
	return checkType(t)
}
