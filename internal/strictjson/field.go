package strictjson

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"
)

// A Field is a field of a struct, or of a struct embedded in it, as encoding/json sees it.
type Field struct {
	Name    string // in JSON
	Options string // of its tag
	Path    string // in Go, such as Address.Street
	Pointer bool   // whether it is in an embedded pointer
	Type    reflect.Type
	Err     error // why encoding/json cannot write or read it; goes on after the path
}

// Fields returns the fields of a struct in the order in which JSON has them.
func Fields(t reflect.Type) []Field { return appendFields(nil, t, Field{}, nil) }

// appendFields appends the fields of t. The structs within embed t, and its field in
// them is in. Both are zero for the outermost struct.
func appendFields(all []Field, t reflect.Type, in Field, within []reflect.Type) []Field {
	within = append(within, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		own := Field{Name: cmp.Or(name, f.Name), Options: options, Path: strings.TrimPrefix(in.Path+"."+f.Name, "."), Pointer: in.Pointer, Type: f.Type}
		inner, pointer, embedded := f.Type, f.Type.Kind() == reflect.Pointer, f.Anonymous && name == ""
		if pointer {
			inner = inner.Elem()
		}
		switch {
		case embedded && pointer && !f.IsExported():
			own.Err = errors.New("is an embedded pointer that is not exported, so that JSON cannot set it; embed the struct itself")
		case embedded && inner.Kind() == reflect.Struct && slices.Contains(within, inner):
			own.Err = errors.New("embeds a type in itself; give the field a name")
		case embedded && inner.Kind() == reflect.Struct:
			own.Pointer = own.Pointer || pointer
			all = appendFields(all, inner, own, within)
			continue
		case !f.IsExported():
			own.Err = errors.New("is not exported, so that JSON leaves it out; export it, or tag it `json:\"-\"`")
		}
		all = append(all, own)
	}
	return all
}
