package fewshot

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// input returns an input as it is written in a shot, or in the query. Both write a
// value in the same way. The error says how it would break the layout.
func (l *layout) input(in string, isQuery bool) (string, error) {
	err := l.checkInput(in, isQuery)
	if l.format.Quote && (err != nil || strings.HasPrefix(in, `"`) || l.checkInput(in, !isQuery) != nil) {
		in = l.quote(in)
		err = l.checkInput(in, isQuery)
	}
	return in, err
}

// output does the same for an output.
func (l *layout) output(out string) (string, error) {
	err := l.checkOutput(out)
	if l.format.Quote && (err != nil || strings.HasPrefix(out, `"`)) {
		out = l.quote(out)
		err = l.checkOutput(out)
	}
	return out, err
}

// checkInput looks at an input in its place, which also finds what only comes about
// where value and layout meet.
func (l *layout) checkInput(in string, isQuery bool) error {
	if err := checkText(in); err != nil {
		return err
	}
	after := l.format.Between
	if isQuery {
		after = l.open
	}
	rendered := l.format.Before + in + after
	for _, m := range l.marks {
		own := m.own
		if isQuery {
			own = m.ownOpen
		}
		if overlapping(rendered, m.text) > own {
			return l.contains(m.text)
		}
	}
	if isQuery {
		if last := rendered[len(rendered)-1]; last == ' ' || last == '\t' {
			return errors.New("ends in white space, and so would the prompt; trim it")
		}
	}
	return nil
}

func (l *layout) checkOutput(out string) error {
	if err := checkText(out); err != nil {
		return err
	}
	rendered := l.format.Between + out + l.format.After
	// A second separator would look like one more answer. White space alone
	// would not: where Between is a line break, answers may have lines.
	if strings.TrimSpace(l.open) != "" && overlapping(rendered, l.format.Between) > l.ownBetween {
		return l.contains(l.format.Between)
	}
	// No stop sequence may begin in the answer, not even one that ends in what
	// the layout writes after it.
	completion := rendered[len(l.open):]
	for _, stop := range l.stops {
		if i := strings.Index(completion, stop); i >= 0 && i < len(l.pad)+len(out) {
			return l.contains(stop)
		}
	}
	if l.trim(completion[:len(l.pad)+len(out)]) != out {
		return errors.New("begins or ends with white space, which belongs to the Format; trim it")
	}
	return nil
}

func checkText(value string) error {
	if value == "" {
		return errors.New(`is empty; write a word for it, such as "none"`)
	}
	if !utf8.ValidString(value) {
		return errNotUTF8
	}
	return nil
}

// contains says which mark of the format a value has in it, and the way out.
func (l *layout) contains(text string) error {
	what := "stop sequence"
	if text == l.format.Between || text == l.format.After {
		what = "separator"
	}
	kind := "the " + what
	switch text {
	case "\n":
		kind = "a line break, the " + what
	case "\n\n":
		kind = "an empty line, the " + what
	}
	var out []string
	if l.format.After == "\n" {
		out = append(out, "use a Format of several lines such as Labeled")
	}
	if !l.format.Quote { // else it was quoted, and that did not help
		out = append(out, "set Format.Quote to have it written as a JSON string")
	}
	if out == nil {
		out = append(out, "use another Format")
	}
	return fmt.Errorf("contains %s %q of the Format; %s", kind, text, strings.Join(out, ", or "))
}
