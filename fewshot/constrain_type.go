package fewshot

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/sampling"
)

// constraintOf returns what the default rules write for a type: the zero Constraint
// for free text, and an error for a type that cannot be constrained. inStrings are
// the stop sequences that its strings may contain.
func constraintOf(t reflect.Type, l *layout) (c sampling.Constraint, inStrings []string, err error) {
	if values, ok := valuesOf(t); ok {
		texts := make([]string, len(values))
		for i, v := range values {
			if texts[i], err = encodeDefault(v); err != nil {
				return c, nil, err
			}
		}
		return sampling.OneOf(texts...), nil, nil
	}
	p := typePattern{singleStops: l.singleStops()}
	pattern, err := p.text(t)
	if err != nil || pattern == "" {
		return c, nil, err
	}
	if p.strings {
		inStrings = l.stopsInStrings()
	}
	c, err = sampling.Matching(pattern)
	return c, inStrings, err
}

// A typePattern writes the expression of the texts of a type.
type typePattern struct {
	singleStops string         // characters that no string may have
	open        []reflect.Type // the types being written, for recursion
	strings     bool           // whether there are strings
}

// What package encoding/json writes where the form is its own.
const (
	numberPattern = `-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]+)?`
	bytesPattern  = `"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"`
	timePattern   = `[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{0,8}[1-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])`
)

// stringPattern matches a JSON string that has none of the characters in without.
func stringPattern(without string) string {
	return `"([^\x00-\x1f"\\\x{2028}\x{2029}` + classOf(without) + `]|\\["\\bfnrt]|\\u00(0[0-7be-f]|1[0-9a-f])|\\u202[89])*"`
}

// classOf writes characters for a class of an expression.
func classOf(characters string) string {
	var class strings.Builder
	for _, r := range characters {
		fmt.Fprintf(&class, `\x{%x}`, r)
	}
	return class.String()
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	bigIntType = reflect.TypeFor[big.Int]()
)

// text is the expression of what the default rules write, or "" for free text.
func (p *typePattern) text(t reflect.Type) (string, error) {
	switch {
	case implements[encoding.TextMarshaler](t):
		return ownText(t), nil
	case t.Kind() == reflect.String:
		return "", nil
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, nil
	}
	return p.of(t)
}

// of is the expression of the JSON that a type is written as.
func (p *typePattern) of(t reflect.Type) (string, error) {
	if slices.Contains(p.open, t) {
		return "", fmt.Errorf("%w: the type %v contains itself, which no regular expression can follow", sampling.ErrUnsupported, t)
	}
	p.open = append(p.open, t)
	defer func() { p.open = p.open[:len(p.open)-1] }()

	if t.Kind() == reflect.Pointer {
		return p.orNull(p.of(t.Elem()))
	}
	if values, ok := valuesOf(t); ok {
		texts := make([]string, len(values))
		for i, v := range values {
			text, err := marshal(v.Addr().Interface())
			if err != nil {
				return "", err
			}
			texts[i] = regexp.QuoteMeta(text)
		}
		return jsonpattern.AnyOf(texts...), nil
	}
	switch t {
	case timeType:
		return `"` + timePattern + `"`, nil
	case bigIntType:
		return jsonpattern.Integer, nil
	case reflect.TypeFor[json.Number]():
		return numberPattern, nil
	}
	if implements[json.Marshaler](t) || implements[encoding.TextMarshaler](t) {
		return "", fmt.Errorf("%w: the type %v writes itself; give it a method Values() []%s that returns all values", sampling.ErrUnsupported, t, t.Name())
	}
	switch t.Kind() {
	case reflect.Bool:
		return jsonpattern.Bool, nil
	case reflect.String:
		p.strings = true
		return stringPattern(p.singleStops), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integers(t.Bits(), true), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return integers(t.Bits(), false), nil
	case reflect.Float32, reflect.Float64:
		return numberPattern, nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !implements[json.Marshaler](t.Elem()) && !implements[encoding.TextMarshaler](t.Elem()) {
			return p.orNull(bytesPattern, nil)
		}
		element, err := p.of(t.Elem())
		return p.orNull(jsonpattern.Array(element, 0, jsonpattern.Unlimited), err)
	case reflect.Array:
		element, err := p.of(t.Elem())
		return jsonpattern.Array(element, t.Len(), t.Len()), err
	case reflect.Map:
		key, err := p.key(t.Key())
		if err != nil {
			return "", err
		}
		value, err := p.of(t.Elem())
		return p.orNull(`\{(`+key+`:`+value+`(,`+key+`:`+value+`)*)?\}`, err)
	case reflect.Struct:
		members, err := p.members(t, nil)
		return jsonpattern.Object(members...), err
	}
	return "", fmt.Errorf("%w: the type %v", sampling.ErrUnsupported, t)
}

func (p *typePattern) orNull(pattern string, err error) (string, error) {
	return jsonpattern.AnyOf(jsonpattern.Null, pattern), err
}

// key is the expression of a map's keys, which JSON writes as strings.
func (p *typePattern) key(t reflect.Type) (string, error) {
	switch t.Kind() {
	case reflect.String:
		return p.of(t)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if !implements[encoding.TextMarshaler](t) {
			number, err := p.of(t)
			return `"` + number + `"`, err
		}
	}
	return p.of(t)
}

// members appends the members of a struct in the order in which JSON writes them.
// strictjson.CheckType has refused fields that share a name.
func (p *typePattern) members(t reflect.Type, members []jsonpattern.Member) ([]jsonpattern.Member, error) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			switch {
			case f.Type.Kind() == reflect.Struct:
				var err error
				if members, err = p.members(f.Type, members); err != nil {
					return nil, err
				}
				continue
			case f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
				return nil, fmt.Errorf("%w: the embedded pointer %s.%s, whose fields are there together or not at all; embed the struct itself", sampling.ErrUnsupported, t, f.Name)
			}
		}
		if name == "" {
			name = f.Name
		}
		value, err := p.of(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		m := jsonpattern.Member{Name: name, Value: value}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				// No value of a struct is empty, and none of an array that has elements.
				m.Optional = m.Optional || f.Type.Kind() != reflect.Struct && (f.Type.Kind() != reflect.Array || f.Type.Len() == 0)
			case "omitzero":
				m.Optional = true
			case "string":
				switch f.Type.Kind() {
				case reflect.String:
					return nil, fmt.Errorf("%w: the field %s is a string with the option string, and so quoted twice", sampling.ErrUnsupported, f.Name)
				case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uintptr,
					reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
					m.Value = `"` + m.Value + `"`
				}
			}
		}
		members = append(members, m)
	}
	return members, nil
}

// ownText is the expression of the text that a type writes itself, or "" where it
// is not known.
func ownText(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		if text := ownText(t.Elem()); text != "" {
			return jsonpattern.AnyOf(jsonpattern.Null, text)
		}
		return ""
	}
	switch t {
	case timeType:
		return timePattern
	case bigIntType:
		return jsonpattern.Integer
	}
	return ""
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

// valuesOf returns the values of an enumeration: a type with a method Values that
// returns all of them.
func valuesOf(t reflect.Type) ([]reflect.Value, bool) {
	if t.Kind() == reflect.Interface {
		return nil, false
	}
	m := reflect.New(t).MethodByName("Values")
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 || m.Type().Out(0) != reflect.SliceOf(t) {
		return nil, false
	}
	all := m.Call(nil)[0]
	values := make([]reflect.Value, all.Len())
	for i := range values {
		values[i] = all.Index(i)
	}
	return values, len(values) > 0
}

func implements[I any](t reflect.Type) bool {
	i := reflect.TypeFor[I]()
	return t.Implements(i) || reflect.PointerTo(t).Implements(i)
}
