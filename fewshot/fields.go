package fewshot

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

// Fields is a Codec for structs that writes one labelled line for each field, as in
//
//	Context: The bridge opened in 1932.
//	Question: When did the bridge open?
//
// The label is the field's name, or its tag: `fewshot:"Context"`. The tag "-" leaves
// a field out. A value is written as the default rules of [Codec] write it. Where
// that is not one line of plain text, it is a JSON string instead. An answer must
// have the same lines in the same order.
//
// Choose a Format whose separators are not single line breaks, such as
// Format{Between: "\nAnswer: ", After: "\n\n"}. A type that Fields cannot write is an
// error of [Task.Compile].
func Fields[T any]() Codec[T] {
	t := reflect.TypeFor[T]()
	s, err := sheetOf(t)
	if err != nil {
		return Codec[T]{bad: fmt.Errorf("Fields of %v: %w", t, err)}
	}
	return Codec[T]{
		Encode: func(v T) (string, error) { return s.encode(reflect.ValueOf(&v).Elem()) },
		Decode: func(text string) (v T, err error) {
			err = s.decode(text, reflect.ValueOf(&v).Elem())
			return v, err
		},
		allowed: s.constraint,
		samples: typicalOf[T],
	}
}

// A sheet is the labelled lines that a struct is written as.
type sheet []labelled

type labelled struct {
	index int
	label string // with its colon and space
	typ   reflect.Type
}

func sheetOf(t reflect.Type) (s sheet, err error) {
	if t.Kind() != reflect.Struct {
		return nil, errors.New("not a struct")
	}
	seen := map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		label, tagged := f.Tag.Lookup("fewshot")
		if label == "-" {
			continue
		}
		if !tagged {
			label = f.Name
		}
		switch {
		case f.Anonymous || !f.IsExported():
			return nil, fmt.Errorf("the field %s is embedded or not exported; name and export it, or tag it `fewshot:\"-\"`", f.Name)
		case label == "" || strings.ContainsFunc(label, unicode.IsControl) || strings.Contains(label, ":") || strings.TrimSpace(label) != label:
			return nil, fmt.Errorf("the field %s has the label %q; use one word or more on one line, without a colon", f.Name, label)
		case seen[label] != "":
			return nil, fmt.Errorf("the fields %s and %s have the same label %q", seen[label], f.Name, label)
		}
		if err := strictjson.CheckType(f.Type); err != nil {
			return nil, fmt.Errorf("the field %s: %w", f.Name, err)
		}
		seen[label] = f.Name
		s = append(s, labelled{i, label + ": ", f.Type})
	}
	if len(s) == 0 {
		return nil, errors.New("no exported fields")
	}
	return s, nil
}

func (s sheet) encode(v reflect.Value) (string, error) {
	lines := make([]string, len(s))
	for i, f := range s {
		text, err := lineOf(v.Field(f.index))
		if err != nil {
			return "", fmt.Errorf("has the field %q, which %w", f.name(), err)
		}
		lines[i] = f.label + text
	}
	return strings.Join(lines, "\n"), nil
}

// lineOf returns a value as it is written after its label.
func lineOf(v reflect.Value) (string, error) {
	text, err := encodeDefault(v)
	if err == nil && !isPlain(text) {
		return marshal(text)
	}
	return text, err
}

func (s sheet) decode(text string, v reflect.Value) error {
	lines := strings.Split(text, "\n")
	if len(lines) != len(s) {
		return fmt.Errorf("has %d lines for %d fields", len(lines), len(s))
	}
	for i, f := range s {
		value, ok := strings.CutPrefix(lines[i], f.label)
		if !ok {
			return fmt.Errorf("line %d does not begin with %q", i+1, f.label)
		}
		value = strings.TrimSpace(value)
		if strings.HasPrefix(value, `"`) {
			var err error
			if value, err = unquote(value); err != nil {
				return fmt.Errorf("the field %q %w", f.name(), err)
			}
		} else if value == "" {
			return fmt.Errorf("the field %q is empty", f.name())
		}
		if err := decodeDefault(value, v.Field(f.index)); err != nil {
			return fmt.Errorf("the field %q %w", f.name(), err)
		}
	}
	return nil
}

func (s sheet) constraint(never string) (c sampling.Constraint, hasStrings bool, err error) {
	var expr strings.Builder
	for i, f := range s {
		if i > 0 {
			expr.WriteString(`\n`)
		}
		pattern, fieldHasStrings, err := f.pattern(never)
		if err != nil {
			return c, false, fmt.Errorf("the field %q: %w", f.name(), err)
		}
		hasStrings = hasStrings || fieldHasStrings
		expr.WriteString(regexp.QuoteMeta(f.label) + pattern)
	}
	c, err = sampling.Matching(expr.String())
	return c, hasStrings, err
}

func (f *labelled) name() string { return strings.TrimSuffix(f.label, ": ") }

// pattern is the expression of the field's texts.
func (f *labelled) pattern(never string) (pattern string, hasStrings bool, err error) {
	literal := func(v reflect.Value) (string, error) {
		text, err := lineOf(v)
		return regexp.QuoteMeta(text), err
	}
	if patterns, err := jsonpattern.Texts(f.typ, literal); patterns != nil || err != nil {
		return jsonpattern.AnyOf(patterns...), false, err
	}
	pattern, hasStrings, err = patternOf(f.typ, never)
	switch {
	case err != nil:
		return "", false, err
	case pattern == "":
		return jsonpattern.AnyOf(plainText(never), jsonpattern.String(never)), true, nil
	}
	pattern, err = jsonpattern.Quoting{}.Quoted(pattern, pattern)
	return pattern, hasStrings, err
}

// plainText matches the texts that isPlain reports, without the characters in never.
func plainText(never string) string {
	const (
		control = `\x00-\x1f`
		spaces  = ` \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	)
	never = classOf(never)
	return `[^"` + control + spaces + never + `]([^` + control + never + `]*[^` + control + spaces + never + `])?`
}

// isPlain reports whether a text can be the rest of a line: it does not read as a
// JSON string, and loses nothing where lines are split and trimmed.
func isPlain(text string) bool {
	control := func(r rune) bool { return r < ' ' }
	return text != "" && text[0] != '"' && strings.TrimSpace(text) == text && !strings.ContainsFunc(text, control)
}
