package fewshot

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/foreword-go/foreword/internal/jsonpattern"
)

// checkTypical refuses a layout that would cut or misread answers of Task.Out, such
// as a stop sequence "," for an Out of two fields in JSON. Without it, a Task without
// examples would only fail after it was sent.
func (p *Prompter[In, Out]) checkTypical(l *layout) error {
	for _, v := range p.out.typical(l.filler) {
		text, ok := p.out.attempt(v)
		if !ok {
			continue
		}
		text, err := l.output(text)
		if err != nil {
			return mistake("Task.Out: an answer such as %q %v", shorten(text, 200), err)
		}
	}
	return nil
}

// typical returns values of T that together show what the layout must leave whole:
// the labels of a closed set, or a value with two elements in each list. Its strings
// are text. A Codec of the caller's has none.
func (c *Codec[T]) typical(text string) []T {
	if c.samples != nil {
		return c.samples(text)
	}
	if c.Encode != nil {
		return nil
	}
	return typicalOf[T](text)
}

func typicalOf[T any](text string) (all []T) {
	t := reflect.TypeFor[T]()
	if values, ok := jsonpattern.Values(t); ok {
		for _, v := range values {
			all = append(all, v.Interface().(T))
		}
		return all
	}
	all = make([]T, 1)
	fill(reflect.ValueOf(&all[0]).Elem(), text, nil)
	return all
}

// fill sets v to a value that is written with every character that its type needs.
func fill(v reflect.Value, text string, open []reflect.Type) {
	t := v.Type()
	if values, ok := jsonpattern.Values(t); ok {
		v.Set(values[0])
		return
	}
	_, writesJSON := v.Addr().Interface().(json.Marshaler)
	_, writesText := v.Addr().Interface().(encoding.TextMarshaler)
	if writesJSON || writesText || slices.Contains(open, t) {
		return // the zero value
	}
	open = append(open, t)
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		fill(v.Elem(), text, open)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 2, 2))
		fallthrough
	case reflect.Array:
		for i := range min(v.Len(), 2) {
			fill(v.Index(i), text, open)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		fill(value, text, open)
		v.SetMapIndex(key, value)
		fill(key, text, open)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if t.Field(i).IsExported() {
				fill(v.Field(i), text, open)
			}
		}
	default:
		for _, sample := range []string{"true", "-1.5", "-1", "1"} { // the first that the type reads
			if decodeDefault(sample, v) == nil {
				return
			}
		}
	}
}

// attempt encodes a value that the caller has not made. The caller's methods may
// refuse it, or panic.
func (c *Codec[T]) attempt(v T) (text string, ok bool) {
	defer func() { ok = ok && recover() == nil }()
	text, err := c.encode(v)
	return text, err == nil
}
