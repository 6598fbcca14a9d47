package fewshot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
)

// TMXOptions are the options of [ReadTMX].
type TMXOptions struct {
	// Name is the file's name, for [Example.At]: "memory.tmx" gives "memory.tmx:7".
	Name string

	// Tags keeps the codes that inline elements such as bpt and ph hold, for example
	// "<b>". By default they are left out, and the text that they enclose stays.
	Tags bool
}

// ReadTMX reads the segments of a translation memory in two languages: TMX 1.4, as
// OmegaT, Trados and memoQ write it. A language is a BCP 47 prefix, so "en" also
// reads "en-US"; where a unit has several, the exact one counts, or else the first.
// Units without both languages are left out. White space is trimmed.
//
// The file is read as it goes. The first error, a [*FileError] unless r itself
// fails, ends the sequence, which is single-use. A memory without any such unit is
// an error that names its languages.
func ReadTMX(r io.Reader, from, to string, o TMXOptions) iter.Seq2[Example[string, string], error] {
	return func(yield func(Example[string, string], error) bool) {
		if from == "" || to == "" {
			yield(Example[string, string]{}, errors.New("fewshot: ReadTMX of an unnamed language; name both, such as \"en\" and \"ko\""))
			return
		}
		text, err := utf8Of(r)
		if err != nil {
			yield(Example[string, string]{}, err)
			return
		}
		d := xml.NewDecoder(text)
		d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
			if strings.HasPrefix(strings.ToLower(charset), "utf-16") {
				return in, nil // utf8Of has converted it
			}
			return nil, fmt.Errorf("the encoding %q; convert the file, for example with iconv -f %s -t UTF-8", charset, charset)
		}
		m := memory{d: d, from: from, to: to, tags: o.Tags, languages: map[string]int{}}
		found := false
		for {
			e, line, err := m.unit()
			if err == io.EOF {
				break
			}
			if err != nil {
				yield(Example[string, string]{}, m.wrong(err))
				return
			}
			if e.In == "" || e.Out == "" {
				continue
			}
			found = true
			e.At = LoadOptions{Name: o.Name}.at(line)
			if !yield(e, nil) {
				return
			}
		}
		if !found {
			yield(Example[string, string]{}, fmt.Errorf("fewshot: no unit of the translation memory has both %q and %q; its languages are %q", from, to, slices.Sorted(maps.Keys(m.languages))))
		}
	}
}

// A memory is a translation memory being read.
type memory struct {
	d         *xml.Decoder
	from, to  string
	tags      bool
	languages map[string]int // how often each occurs
	isTMX     bool
}

// unit reads the next unit and the line on which it begins. It returns io.EOF at
// the end.
func (m *memory) unit() (e Example[string, string], line int, err error) {
	for {
		token, err := m.d.Token()
		if err == io.EOF && !m.isTMX {
			err = errNotTMX
		}
		if err != nil {
			return e, 0, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "tmx":
			m.isTMX = true
		case "tu":
			if !m.isTMX {
				return e, 0, errNotTMX
			}
			line, _ := m.d.InputPos()
			e, err = m.variants()
			return e, line, err
		default:
			if !m.isTMX {
				return e, 0, errNotTMX
			}
		}
	}
}

var errNotTMX = errors.New("not a translation memory: its first element is not tmx")

// variants reads the languages of one unit.
func (m *memory) variants() (e Example[string, string], err error) {
	var exactIn, exactOut bool
	take := func(side *string, exact *bool, language, want, text string) {
		isExact := strings.EqualFold(language, want)
		if matches(language, want) && (*side == "" || isExact && !*exact) {
			*side, *exact = text, isExact
		}
	}
	for {
		token, err := m.d.Token()
		if err != nil {
			return e, unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			if token.Name.Local == "tu" {
				return e, nil
			}
		case xml.StartElement:
			if token.Name.Local != "tuv" {
				if err := m.d.Skip(); err != nil { // notes and properties
					return e, unexpected(err)
				}
				continue
			}
			language := languageOf(token)
			m.languages[language]++
			text, err := m.variant()
			if err != nil {
				return e, err
			}
			take(&e.In, &exactIn, language, m.from, text)
			take(&e.Out, &exactOut, language, m.to, text)
		}
	}
}

// variant reads the segment of one language.
func (m *memory) variant() (string, error) {
	var text strings.Builder
	for {
		token, err := m.d.Token()
		if err != nil {
			return "", unexpected(err)
		}
		switch token := token.(type) {
		case xml.EndElement: // of tuv
			return strings.TrimSpace(text.String()), nil
		case xml.StartElement:
			if token.Name.Local == "seg" {
				err = m.segment(&text)
			} else {
				err = m.d.Skip()
			}
			if err != nil {
				return "", unexpected(err)
			}
		}
	}
}

// segment reads a seg element: text, and inline elements. The codes are what bpt,
// ept, it, ph and ut enclose; hi encloses text.
func (m *memory) segment(text *strings.Builder) error {
	depth, codes := 0, 0 // open inline elements, and those of them with codes
	var isCode []bool
	for {
		token, err := m.d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			if codes == 0 || m.tags {
				text.Write(token)
			}
		case xml.StartElement:
			code := token.Name.Local != "hi"
			isCode = append(isCode, code)
			if depth++; code {
				codes++
			}
		case xml.EndElement:
			if depth == 0 {
				return nil
			}
			depth--
			if isCode[depth] {
				codes--
			}
			isCode = isCode[:depth]
		}
	}
}

// wrong says where the file is wrong.
func (m *memory) wrong(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return &FileError{Line: syntax.Line, Err: errors.New(syntax.Msg)}
	}
	if err == errNotTMX || err == io.ErrUnexpectedEOF {
		line, column := m.d.InputPos()
		return &FileError{Line: line, Column: column, Err: err}
	}
	return err
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// languageOf is the language of a tuv: xml:lang, or lang as older versions have it.
func languageOf(tuv xml.StartElement) string {
	for _, a := range tuv.Attr {
		if a.Name.Local == "lang" {
			return a.Value
		}
	}
	return ""
}

// matches reports whether a language is want or begins with it, as "en-US" begins
// with "en". Some tools write "EN_US".
func matches(language, want string) bool {
	language, want = strings.ReplaceAll(language, "_", "-"), strings.ReplaceAll(want, "_", "-")
	return strings.EqualFold(language, want) ||
		len(language) > len(want) && language[len(want)] == '-' && strings.EqualFold(language[:len(want)], want)
}
