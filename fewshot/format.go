package fewshot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A Format lays out shots as text. A shot is
//
//	Before + in + Between + out + After
//
// and the query is Before + in + Between without its trailing spaces and tabs,
// which belong to the answer. The zero Format is [Labeled]. So is a Format with
// only Quote set.
//
// The stop sequences are derived from the format. One is After, which ends an
// answer. The other is the label in Before at the start of a line, which would
// begin the next shot. A non-nil Stop replaces them; an empty one means none.
//
// A value that would break the layout is refused. With Quote it is written as a
// JSON string instead, as is every value that begins with a quotation mark. An
// answer that begins with a quotation mark is then read as a JSON string.
type Format struct {
	Before, Between, After string
	Stop                   []string
	Quote                  bool
}

// Formats for values of one line.
var (
	// Lines is one shot a line, as in a word list: "butterfly: 나비".
	Lines = Format{Between: ": ", After: "\n"}

	// Arrow is the format of the GPT-3 paper: "sea otter => loutre de mer".
	Arrow = Format{Between: " => ", After: "\n"}
)

// Formats for values of one or more lines.
var (
	// QA has questions and answers, and an empty line between shots.
	QA = Format{Before: "Q: ", Between: "\nA: ", After: "\n\n"}

	// Labeled names the two sides Input and Output.
	Labeled = Format{Before: "Input: ", Between: "\nOutput: ", After: "\n\n"}

	// Fenced puts both sides into Markdown code fences. It is for code, and for
	// text with empty lines.
	Fenced = Format{Before: "Input:\n```\n", Between: "\n```\nOutput:\n```\n", After: "\n```\n\n"}
)

// A layout is a checked Format with its stop sequences.
type layout struct {
	format Format
	open   string // Between as the query has it, without the spaces at its end
	pad    string // those spaces, which begin every answer
	stops  []string

	// marks are the texts that only the format may write: the separators of shots,
	// of inputs from outputs, and the stops.
	marks []mark

	filler string // a character that no mark has

	ownBetween int // how often Between + After writes Between by itself
}

type mark struct {
	text    string
	own     int // how often Before + Between writes it by itself
	ownOpen int // the same for Before + open
}

func newLayout(f *Format) (*layout, error) {
	quote := f.Quote
	if f.Before == "" && f.Between == "" && f.After == "" && f.Stop == nil {
		f = &Labeled
	}
	for _, part := range []struct{ name, text string }{{"Before", f.Before}, {"Between", f.Between}, {"After", f.After}} {
		if !utf8.ValidString(part.text) {
			return nil, mistake("Format.%s is not valid UTF-8", part.name)
		}
	}
	if f.Between == "" {
		return nil, mistake(`Format.Between is empty, so an input would run into its output; use one such as ": "`)
	}
	if f.Before == "" && f.After == "" {
		return nil, mistake(`Format.Before and Format.After are both empty, so shots would run together; set After, such as "\n"`)
	}
	l := &layout{format: *f}
	l.format.Stop, l.format.Quote = slices.Clone(f.Stop), quote
	l.open = strings.TrimRight(f.Between, " \t")
	l.pad = f.Between[len(l.open):]
	l.stops = l.format.Stop
	if f.Stop == nil {
		l.stops = derivedStops(f)
	}
	if err := (&sampling.Request{Stop: l.stops}).Validate(); err != nil {
		return nil, fmt.Errorf("fewshot: Format: %w", err)
	}
	filler := '\ue000'
	for strings.ContainsRune(f.Before+f.Between+f.After+strings.Join(l.stops, ""), filler) {
		filler++
	}
	l.filler = string(filler)
	if err := l.checkStops(); err != nil {
		return nil, err
	}
	l.ownBetween = 1 + overlapping(f.After, f.Between)
	marks := slices.Clone(l.stops)
	if l.open != "" { // a bare space parts nothing, and inputs have spaces of their own
		marks = append([]string{f.Between}, marks...)
	}
	if f.Stop == nil {
		marks = append(marks, f.After) // otherwise it ends nothing
	}
	for i, text := range marks {
		if text == "" || slices.Contains(marks[:i], text) {
			continue
		}
		inBefore := overlapping(f.Before, text)
		l.marks = append(l.marks, mark{text, inBefore + overlapping(f.Between, text), inBefore + overlapping(l.open, text)})
	}
	return l, nil
}

// checkStops refuses a layout in which no stop sequence ends an answer, so that
// the model's own invented shots would be taken for a part of it, and one in which
// a stop leaves the beginning of After in the answer. An empty Format.Stop asks for
// no stops.
func (l *layout) checkStops() error {
	f := &l.format
	if f.Stop != nil && len(f.Stop) == 0 {
		return nil
	}
	before, found := sampling.Cut(l.filler+f.After+f.Before, l.stops)
	if found == "" {
		return mistake("Format{Before: %q, Between: %q, After: %q} writes none of the stop sequences %q where an answer ends; set After, such as \"\\n\", or a Stop that occurs", f.Before, f.Between, f.After, l.stops)
	}
	if l.trim(before) != l.filler {
		return mistake("the stop sequence %q of the Format leaves %q of After in the answer; set Stop to how After begins", found, strings.TrimPrefix(before, l.filler))
	}
	return nil
}

// singleStops returns the stop sequences of one character.
func (l *layout) singleStops() string {
	var all strings.Builder
	for _, stop := range l.stops {
		if utf8.RuneCountInString(stop) == 1 {
			all.WriteString(stop)
		}
	}
	return all.String()
}

// stopsInStrings returns the stop sequences of several characters that a JSON string
// could contain as they are.
func (l *layout) stopsInStrings() (all []string) {
	for _, stop := range l.stops {
		special := strings.ContainsFunc(stop, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
		if !special && utf8.RuneCountInString(stop) > 1 {
			all = append(all, stop)
		}
	}
	return all
}

// derivedStops returns the texts that show that an answer is over. Worked
// example: QA gives "\n\n", and "\nQ:" for a model that forgets the empty line;
// Fenced gives the closing fence "\n```".
func derivedStops(f *Format) []string {
	var stops []string
	// The line breaks after a mark are left out, since a model may omit them.
	if end := cmp.Or(strings.TrimRight(f.After, " \t\n"), strings.TrimRight(f.After, " \t"), f.After); end != "" {
		stops = append(stops, end)
	}
	if label := strings.Trim(f.Before, " \t\n"); label != "" && !slices.Contains(stops, "\n") {
		// Tied to the start of a line, so that an answer may mention the label.
		stops = append(stops, "\n"+label)
	}
	return stops
}

// answer undoes the layout of a completion. No example has an empty output, so an
// empty text is not an answer.
func (l *layout) answer(completion string) (string, error) {
	text, _ := sampling.Cut(completion, l.stops)
	text = l.trim(text)
	if text == "" {
		return "", errors.New("is empty; show more examples, or set Task.Retries")
	}
	if !utf8.ValidString(text) { // some backends cut a character in two
		return text, errors.New("is not valid UTF-8; set Task.Retries")
	}
	if l.format.Quote && strings.HasPrefix(text, `"`) {
		value, err := unquote(text)
		if err != nil {
			return text, err // what the model said, for the error
		}
		return value, nil
	}
	return text, nil
}

// trim takes away the white space around an answer that belongs to the layout.
// Where the answer begins on a line of its own, white space at its front is
// indentation and stays.
func (l *layout) trim(text string) string {
	if l.pad != "" || l.open == "" {
		return strings.TrimSpace(text)
	}
	return strings.TrimRight(text, " \t\r\n")
}

// overlapping counts the occurrences of part in s, overlapping ones too.
func overlapping(s, part string) (n int) {
	for {
		i := strings.Index(s, part)
		if i < 0 {
			return n
		}
		n++
		s = s[i+1:]
	}
}
