package strictjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// CheckType refuses a type that encoding/json would write only in part: one with
// unexported fields, or with two fields of one name.
func CheckType(t reflect.Type) error { return checkFields(t, t.String(), map[reflect.Type]bool{}) }

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
