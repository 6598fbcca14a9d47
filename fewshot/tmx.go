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
	return load[string, string](o, func(each func(record) error) error {
		text, err := utf8Of(r)
		if err != nil {
			return err
		}
		d := xml.NewDecoder(text)
		d.CharsetReader = readCharset
		languages := map[string]bool{}
		for isTMX, found := false, false; ; {
			token, err := d.Token()
			line, _ := d.InputPos()
			start, isStart := token.(xml.StartElement)
			var u unit
			switch name := start.Name.Local; {
			case err == io.EOF && found:
				return nil
			case err == io.EOF && isTMX:
				err := fmt.Errorf("no unit of the translation memory has both %q; its languages are %q", o.names(), slices.Sorted(maps.Keys(languages)))
				return &FileError{Line: line, Err: &mistakeError{err}}
			case err == io.EOF || isStart && !isTMX && name != "tmx":
				return &FileError{Line: line, Err: errors.New("not a translation memory: its first element is not tmx")}
			case err == nil && name == "tmx":
				isTMX = true
			case err == nil && name == "tu":
				err = d.DecodeElement(&u, &start)
			}
			if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
				err := errors.New(syntax.Msg)
				if syntax.Msg == "invalid UTF-8" {
					err = errors.New("has half of a character, or text in another encoding than it says; copy the file again, or convert it")
				}
				return &FileError{Line: syntax.Line, Err: err}
			} else if err != nil {
				return err
			}
			for _, v := range u.Variants {
				languages[v.Language] = true
			}
			in, out := u.segment(o.names()[0], o.Tags), u.segment(o.names()[1], o.Tags)
			if in == "" || out == "" {
				continue
			}
			found = true
			if err := each(record{line: line, sides: [2]side{in, out}}); err != nil {
				return err
			}
		}
	})
}

// readCharset takes the encodings that utf8Of has converted, or that are a part of
// UTF-8.
func readCharset(charset string, in io.Reader) (io.Reader, error) {
	name := strings.ToLower(charset)
	if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf16") || slices.Contains([]string{"utf8", "us-ascii", "ascii"}, name) {
		return in, nil
	}
	return nil, &FileError{Line: 1, Err: fmt.Errorf("is in the encoding %q; convert the file, for example with iconv -f %[1]s -t UTF-8, and change its first line", charset)}
}

// A unit is one segment in several languages.
type unit struct {
	Variants []struct {
		Language string  `xml:"lang,attr"` // xml:lang, or lang in older versions
		Segment  segment `xml:"seg"`
	} `xml:"tuv"`
}

// segment returns the segment in a language, or "".
func (u *unit) segment(language string, tags bool) textSide {
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
		return textSide(found.tagged)
	}
	return textSide(found.text)
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
