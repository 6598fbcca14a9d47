package fewshot

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// checkJSON refuses what encoding/json reads without a word and changes on the way:
// a member that is there twice, or twice but for letter case, half a surrogate
// pair, and text after the value.
func checkJSON(text []byte) error {
	if loneSurrogate(text) {
		return errors.New("has half of a surrogate pair, which is not a character; write the character itself")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := checkValue(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("text follows the value")
	}
	return nil
}

// checkValue reads one value at any depth.
func checkValue(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]string{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			if first, twice := seen[strings.ToLower(name)]; twice {
				return fmt.Errorf("has the members %q and %q; each may be there once, in one letter case", first, name)
			}
			seen[strings.ToLower(name)] = name
		}
		if err := checkValue(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the end of the object or array
	return err
}

// checkType refuses a type that encoding/json would write in part: unexported
// fields, fields of one name, and interfaces, of which it reads back something
// else.
func checkType(t reflect.Type) error { return checkFields(t, t.String(), map[reflect.Type]bool{}) }

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
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
		if other, twice := names[strings.ToLower(name)]; twice {
			return fmt.Errorf("the fields %s and %s have the JSON names %q, which are the same but for letter case; rename one", other, at, name)
		}
		names[strings.ToLower(name)] = at
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
