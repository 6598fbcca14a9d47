package jsonpattern

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// OfType returns the pattern of the JSON that a Go type is written as, compact, with
// members in the order of the fields. Strings have none of the characters in never;
// inStrings says whether there are strings. The error wraps
// [sampling.ErrUnsupported] for a type that no regular expression describes.
func OfType(t reflect.Type, never string) (pattern string, inStrings bool, err error) {
	p := goType{never: never}
	pattern, err = p.of(t)
	return pattern, p.strings, err
}

// A goType writes the pattern of a Go type.
type goType struct {
	never   string         // characters that no string may have
	open    []reflect.Type // the types being written, for recursion
	strings bool           // whether there are strings
}

// What package encoding/json writes where the form is its own.
const (
	goNumber = `(?:` + Number + `(?:e[+-][0-9]+)?)`
	goBytes  = `"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"`
)

// of is the expression of the JSON that a type is written as.
func (p *goType) of(t reflect.Type) (string, error) {
	if slices.Contains(p.open, t) {
		return "", fmt.Errorf("%w: the type %v is recursive, which no regular expression can describe", sampling.ErrUnsupported, t)
	}
	p.open = append(p.open, t)
	defer func() { p.open = p.open[:len(p.open)-1] }()

	if t.Kind() == reflect.Pointer {
		return p.orNull(p.of(t.Elem()))
	}
	inJSON := func(v reflect.Value) (string, error) { return written(v.Addr().Interface()) }
	if patterns, err := Texts(t, inJSON); patterns != nil || err != nil {
		return AnyOf(patterns...), err
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return `"` + Time + `"`, nil
	case reflect.TypeFor[big.Int]():
		return Integer, nil
	case reflect.TypeFor[json.Number]():
		return goNumber, nil
	}
	if writesItself(t) {
		return "", fmt.Errorf("%w: the type %v writes itself; give it a method Values() []%s that returns all values", sampling.ErrUnsupported, t, t.Name())
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return Bool, nil
	case kind == reflect.String:
		p.strings = true
		return String(p.never), nil
	case isInteger(kind):
		return integers(t.Bits(), kind <= reflect.Int64), nil
	case kind == reflect.Float32 || kind == reflect.Float64:
		return goNumber, nil
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !writesItself(t.Elem()):
		return p.orNull(goBytes, nil)
	case kind == reflect.Slice:
		element, err := p.of(t.Elem())
		return p.orNull(Array(element, 0, Unlimited), err)
	case kind == reflect.Array:
		element, err := p.of(t.Elem())
		return Array(element, t.Len(), t.Len()), err
	case kind == reflect.Map:
		key, err := p.of(t.Key())
		if err != nil {
			return "", err
		}
		if isInteger(t.Key().Kind()) && !writesText(t.Key()) {
			key = `"` + key + `"`
		}
		value, err := p.of(t.Elem())
		return p.orNull(mapOf(key, value), err)
	case kind == reflect.Struct:
		members, err := p.members(t)
		return Object(members...), err
	}
	return "", fmt.Errorf("%w: the type %v has no constraint", sampling.ErrUnsupported, t)
}

func (p *goType) orNull(pattern string, err error) (string, error) {
	return AnyOf(Null, pattern), err
}

func isInteger(kind reflect.Kind) bool { return reflect.Int <= kind && kind <= reflect.Uintptr }

// members returns the members of a struct.
func (p *goType) members(t reflect.Type) (members []Member, err error) {
	for _, f := range strictjson.Fields(t) {
		switch {
		case f.Err != nil:
			return nil, fmt.Errorf("%w: the field %v.%s %w", sampling.ErrUnsupported, t, f.Path, f.Err)
		case f.Pointer:
			return nil, fmt.Errorf("%w: the field %v.%s is in an embedded pointer, whose fields are all present or all absent; embed the struct itself", sampling.ErrUnsupported, t, f.Path)
		}
		m := Member{Name: f.Name}
		if m.Value, err = p.of(f.Type); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Path, err)
		}
		for option := range strings.SplitSeq(f.Options, ",") {
			switch kind := f.Type.Kind(); {
			case option == "omitempty":
				// No value of a struct is empty, and none of an array that has elements.
				m.Optional = m.Optional || kind != reflect.Struct && (kind != reflect.Array || f.Type.Len() == 0)
			case option == "omitzero":
				m.Optional = true
			case option == "string" && kind == reflect.String:
				return nil, fmt.Errorf("%w: the field %s is a string with the option string, so it is quoted twice", sampling.ErrUnsupported, f.Path)
			case option == "string" && kind <= reflect.Float64:
				m.Value = `"` + m.Value + `"`
			}
		}
		members = append(members, m)
	}
	return members, nil
}

// integers matches the integers of so many bits, and no others.
func integers(bits int, signed bool) string {
	if !signed {
		return "(0|" + from1To(math.MaxUint64>>(64-bits)) + ")"
	}
	most := uint64(1)<<(bits-1) - 1
	return fmt.Sprintf("(0|-?(%s)|-%d)", from1To(most), most+1)
}

// from1To matches the numbers from 1 to most. Worked example: 255 gives
// [1-9][0-9]{0,1}|1[0-9]{2}|2[0-4][0-9]{1}|25[0-4]|255.
func from1To(most uint64) string {
	digits := fmt.Sprint(most)
	all := []string{fmt.Sprintf("[1-9][0-9]{0,%d}", len(digits)-2)}
	for i := range digits {
		least := byte('0')
		if i == 0 {
			least = '1'
		}
		if digits[i] == least {
			continue
		}
		smaller := fmt.Sprintf("%s[%c-%c]", digits[:i], least, digits[i]-1)
		if rest := len(digits) - i - 1; rest > 0 {
			smaller += fmt.Sprintf("[0-9]{%d}", rest)
		}
		all = append(all, smaller)
	}
	return strings.Join(append(all, digits), "|")
}

// OwnText has the patterns of the texts that types write by their method MarshalText.
var OwnText = map[reflect.Type]string{
	reflect.TypeFor[time.Time](): Time,
	reflect.TypeFor[big.Int]():   Integer,
}

// Values returns the values of an enumeration: a type with a method Values that
// returns all of them.
func Values(t reflect.Type) ([]reflect.Value, bool) {
	if t.Kind() == reflect.Interface {
		return nil, false
	}
	m := reflect.New(t).MethodByName("Values")
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 || m.Type().Out(0) != reflect.SliceOf(t) {
		return nil, false
	}
	var values []reflect.Value
	for _, v := range m.Call(nil)[0].Seq2() {
		values = append(values, v)
	}
	return values, len(values) > 0
}

// Texts returns the values of an enumeration as encode writes them. It returns nil for
// another type.
func Texts(t reflect.Type, encode func(reflect.Value) (string, error)) (texts []string, err error) {
	values, _ := Values(t)
	for _, v := range values {
		text, err := encode(v)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func writesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]()) || writesText(t)
}

func writesText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
