package fewshot

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// A Codec writes values of one type as text and reads them back. A nil Encode
// or Decode follows the default rules:
//
//  1. A type with MarshalText and UnmarshalText methods uses them.
//  2. Strings are written as they are, bools as true and false, and numbers in
//     digits. Numbers are read as in JSON: +7, 007 and .5 are errors.
//  3. Everything else is JSON on one line. A field that an answer lacks is an
//     error, unless it has omitempty or omitzero, and so is one too many.
//
// Encode must give the same text for the same value each time, and both must be
// safe for concurrent use.
type Codec[T any] struct {
	Encode func(T) (string, error)
	Decode func(string) (T, error)

	// Constraint says what Encode writes, for [Task.Constrain]. With nil, an Encode of
	// the caller's has no constraint. The default rules have one for each type but
	// text.
	Constraint func() (sampling.Constraint, error)

	bad     error                                                 // of the arguments of OneOf and Final
	allowed func(never string) (sampling.Constraint, bool, error) // Constraint, where it depends on the layout
	samples func(text string) []T                                 // for typical
}

func (c *Codec[T]) encode(v T) (string, error) {
	if c.bad != nil {
		return "", c.bad
	}
	if s, ok := any(v).(string); ok && c.Encode == nil {
		return s, nil
	}
	if c.Encode != nil {
		text, err := c.Encode(v)
		if err != nil {
			return "", fmt.Errorf("cannot be encoded: %w", err)
		}
		return text, nil
	}
	return encodeReflect(v)
}

// encodeReflect is apart so that only what needs reflection is moved to the heap.
func encodeReflect[T any](v T) (string, error) {
	return encodeDefault(reflect.ValueOf(&v).Elem())
}

func (c *Codec[T]) decode(text string) (T, error) {
	if c.Decode != nil {
		v, err := c.Decode(text)
		if err != nil {
			return v, fmt.Errorf("cannot be decoded: %w", err)
		}
		return v, nil
	}
	var v T
	if s, ok := any(&v).(*string); ok {
		*s = text
		return v, nil
	}
	err := decodeDefault(text, reflect.ValueOf(&v).Elem())
	return v, err // v is read after the call that sets it
}

// encodeDefault and decodeDefault are the untyped core: v is addressable, so
// that methods of the pointer count too. A value that is a pointer has them
// itself, unless it is nil, which is JSON's null.
func encodeDefault(v reflect.Value) (string, error) {
	pointer := v.Addr()
	if v.Kind() == reflect.Pointer {
		pointer = v
	}
	if m, ok := pointer.Interface().(encoding.TextMarshaler); ok && !pointer.IsNil() {
		text, err := m.MarshalText()
		if err != nil {
			return "", fmt.Errorf("cannot be encoded: %w", err)
		}
		return string(text), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("is %v; an example needs a finite number", f)
		}
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits()), nil
	}
	return marshal(v.Interface())
}

func decodeDefault(text string, v reflect.Value) error {
	pointer := v.Addr()
	if v.Kind() == reflect.Pointer && text != "null" {
		pointer = reflect.New(v.Type().Elem())
	}
	if m, ok := pointer.Interface().(encoding.TextUnmarshaler); ok {
		if err := m.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("cannot be decoded: %w", err)
		}
		if v.Kind() == reflect.Pointer {
			v.Set(pointer)
		}
		return nil
	}
	var err error
	kind := v.Kind()
	if reflect.Int <= kind && kind <= reflect.Float64 && !number.MatchString(text) { // strconv also reads +7, 007, NaN and 0x10
		return fmt.Errorf("is not a valid %v: write a number as JSON does, such as -7 or 0.5", v.Type())
	}
	switch kind {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		if text != "true" && text != "false" {
			return errors.New("is not a valid bool: write true or false")
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		var n uint64
		n, err = strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(f)
	default:
		return unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("is not a valid %v: %w", v.Type(), errors.Unwrap(err))
	}
	return nil
}

// number is the syntax of a number in JSON.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// OneOf is the Codec of a closed set of labels. It refuses to write any other,
// and reads an answer that differs from a label in letter case alone as that
// label. No labels, an empty one, one with white space around it or two that are
// alike are errors of [Task.Compile].
func OneOf[T ~string](labels ...T) Codec[T] {
	labels = slices.Clone(labels)
	return Codec[T]{
		bad:     checkLabels(labels),
		samples: func(string) []T { return labels },
		Constraint: func() (sampling.Constraint, error) {
			texts := make([]string, len(labels))
			for i, label := range labels {
				texts[i] = string(label)
			}
			return sampling.OneOf(texts...), nil
		},
		Encode: func(label T) (string, error) {
			if !slices.Contains(labels, label) {
				return "", fmt.Errorf("%q is none of the labels %q", string(label), labels)
			}
			return string(label), nil
		},
		Decode: func(text string) (T, error) {
			i := slices.IndexFunc(labels, func(label T) bool { return strings.EqualFold(string(label), text) })
			if i < 0 {
				return "", fmt.Errorf("not one of the labels %q", labels)
			}
			return labels[i], nil
		},
	}
}

func checkLabels[T ~string](labels []T) error {
	if len(labels) == 0 {
		return errors.New("OneOf has no labels; name at least one")
	}
	for i, label := range labels {
		if label == "" {
			return fmt.Errorf("OneOf: label %d is empty", i+1)
		}
		if strings.TrimSpace(string(label)) != string(label) {
			return fmt.Errorf("OneOf: label %d, %q, begins or ends with white space; trim it", i+1, string(label))
		}
		for j, earlier := range labels[:i] {
			if strings.EqualFold(string(earlier), string(label)) {
				return fmt.Errorf("OneOf: labels %d and %d are alike: %q and %q", j+1, i+1, string(earlier), string(label))
			}
		}
	}
	return nil
}

// check refuses a type that the default rules cannot write and read back.
func (c *Codec[T]) check() error {
	if c.bad != nil {
		return c.bad
	}
	if c.Encode != nil && c.Decode != nil {
		return nil
	}
	if err := strictjson.CheckType(reflect.TypeFor[T]()); err != nil {
		return fmt.Errorf("%w, or set Encode and Decode", err)
	}
	return nil
}
