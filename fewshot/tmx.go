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

// ReadTMX reads the segments of a translation memory in two languages,
// LoadOptions.In and Out: TMX 1.4, as OmegaT, Trados and memoQ write it. A language
// is a BCP 47 prefix: "en" also reads "en-US". If a unit has several, the exact one
// wins, or else the first. Units without both languages are left out, and white
// space around a segment too. LoadOptions.Tags keeps inline codes.
//
// The file is read as it goes. The first error, a [*FileError] unless r itself
// fails, ends the sequence, which is single-use. A memory without such a unit is an
// error that names its languages.
func ReadTMX(r io.Reader, o LoadOptions) iter.Seq2[Example[string, string], error] {
	return load[string, string](o, func(yield func(row[[2]string], error) bool) {
		text, err := utf8Of(r)
		if err != nil {
			yield(row[[2]string]{}, err)
			return
		}
		d := xml.NewDecoder(text)
		d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
			switch name := strings.ToLower(charset); {
			case strings.HasPrefix(name, "utf-16"), strings.HasPrefix(name, "utf16"): // utf8Of has converted it
			case name == "utf8", name == "us-ascii", name == "ascii":
			default:
				return nil, &FileError{Line: 1, Err: fmt.Errorf("is in the encoding %q; convert the file, for example with iconv -f %[1]s -t UTF-8, and change its first line", charset), ends: true}
			}
			return in, nil
		}
		languages, found := map[string]bool{}, false
		for e, err := range units(d, o.names(), o.Tags, languages) {
			found = found || err == nil
			if !yield(e, err) || err != nil {
				return
			}
		}
		if !found {
			line, _ := d.InputPos()
			err := fmt.Errorf("no unit of the translation memory has both %q; its languages are %q", o.names(), slices.Sorted(maps.Keys(languages)))
			yield(row[[2]string]{}, &FileError{Line: line, Err: &mistakeError{err}, ends: true})
		}
	}, readText)
}

// units yields the units that have both languages, and notes all languages.
func units(d *xml.Decoder, wanted [2]string, tags bool, languages map[string]bool) iter.Seq2[row[[2]string], error] {
	return func(yield func(row[[2]string], error) bool) {
		for isTMX := false; ; {
			token, err := d.Token()
			if err == io.EOF && isTMX {
				return
			}
			var u unit
			line, _ := d.InputPos()
			start, isStart := token.(xml.StartElement)
			switch name := start.Name.Local; {
			case err == io.EOF || isStart && !isTMX && name != "tmx":
				err = &FileError{Line: line, Err: errors.New("not a translation memory: its first element is not tmx"), ends: true}
			case err == nil && name == "tmx":
				isTMX = true
			case err == nil && name == "tu":
				err = d.DecodeElement(&u, &start)
			}
			var syntax *xml.SyntaxError
			var encoding *FileError
			if errors.As(err, &syntax) {
				err = &FileError{Line: syntax.Line, Err: errors.New(syntax.Msg), ends: true}
			} else if errors.As(err, &encoding) {
				err = encoding
			}
			r := row[[2]string]{line: line}
			if err == nil {
				r.content = [2]string{u.segment(wanted[0], tags), u.segment(wanted[1], tags)}
				for _, v := range u.Variants {
					languages[v.Language] = true
				}
			}
			if (err != nil || r.content[0] != "" && r.content[1] != "") && !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A unit is one segment in several languages.
type unit struct {
	Variants []struct {
		Language string  `xml:"lang,attr"` // xml:lang, or lang in older versions
		Segment  segment `xml:"seg"`
	} `xml:"tuv"`
}

// segment returns the segment in a language, or "".
func (u *unit) segment(language string, tags bool) string {
	var found segment
	for _, v := range u.Variants {
		if exact := strings.EqualFold(v.Language, language); exact || found.text == "" && matches(v.Language, language) {
			found = v.Segment
			if exact {
				break
			}
		}
	}
	if tags {
		return found.tagged
	}
	return found.text
}

// A segment is the text of a seg element, without and with its inline codes: the
// contents of bpt, ept, it, ph and ut. The element hi encloses text.
type segment struct{ text, tagged string }

// UnmarshalXML implements [xml.Unmarshaler].
func (s *segment) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	var text, tagged strings.Builder
	var open []bool // for each open element, whether it holds codes
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			tagged.Write(token)
			if !slices.Contains(open, true) {
				text.Write(token)
			}
		case xml.StartElement:
			open = append(open, token.Name.Local != "hi")
		case xml.EndElement:
			if len(open) == 0 {
				*s = segment{strings.TrimSpace(text.String()), strings.TrimSpace(tagged.String())}
				return nil
			}
			open = open[:len(open)-1]
		}
	}
}

// matches reports whether a language is want or begins with it, as "en-US" begins
// with "en". Some tools write "EN_US".
func matches(language, want string) bool {
	language, want = strings.ReplaceAll(language, "_", "-"), strings.ReplaceAll(want, "_", "-")
	return strings.EqualFold(language, want) ||
		len(language) > len(want) && language[len(want)] == '-' && strings.EqualFold(language[:len(want)], want)
}
