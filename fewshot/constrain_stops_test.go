package fewshot_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

type node struct {
	Name string         `json:"name"`
	Age  int            `json:"age,omitempty"`
	Tags []string       `json:"tags"`
	More map[string]int `json:"more"`
	Next *node          `json:"next"`
}

// compiles returns the error of a Task without examples, with and without a
// constraint.
func compiles[T any](out fewshot.Codec[T], quote bool, stops ...string) error {
	var errs [2]error
	for i, constrain := range []fewshot.Constrain{fewshot.ConstrainOff, fewshot.ConstrainWhereSupported} {
		_, errs[i] = fewshot.Task[string, T]{Out: out, Constrain: constrain, Format: fewshot.Format{Between: " => ", After: stops[0], Stop: stops, Quote: quote}}.Compile()
	}
	if (errs[0] == nil) != (errs[1] == nil) {
		return fmt.Errorf("without a constraint %v, with one %v", errs[0], errs[1])
	}
	return errs[0]
}

// TestStopsThatAnswersNeed: a stop sequence that an answer cannot do without is an
// error of Compile, also where no example shows it. One within strings is not.
func TestStopsThatAnswersNeed(t *testing.T) {
	type answer struct {
		A string
		B []int `json:",omitempty"`
	}
	json := func(stops ...string) error { return compiles(fewshot.Codec[answer]{}, false, stops...) }
	recursive := func(stops ...string) error { return compiles(fewshot.Codec[node]{}, false, stops...) }
	list := func(stops ...string) error { return compiles(fewshot.Codec[[]string]{}, false, stops...) }
	table := func(stops ...string) error { return compiles(fewshot.Codec[map[string]bool]{}, false, stops...) }
	clock := func(stops ...string) error { return compiles(fewshot.Codec[time.Time]{}, false, stops...) }
	number := func(stops ...string) error { return compiles(fewshot.Codec[float64]{}, false, stops...) }
	fields := func(stops ...string) error { return compiles(fewshot.Fields[answer](), false, stops...) }
	final := func(stops ...string) error {
		return compiles(fewshot.Final("", fewshot.Codec[int]{}), false, stops...)
	}
	first := func(stops ...string) error {
		return compiles(fewshot.FirstJSON(fewshot.Codec[answer]{}), false, stops...)
	}
	labels := func(stops ...string) error { return compiles(fewshot.OneOf("yes", "no, thanks"), false, stops...) }
	quoted := func(stops ...string) error { return compiles(fewshot.Codec[answer]{}, true, stops...) }
	for _, tt := range []struct {
		name      string
		compile   func(...string) error
		bad, good []string
	}{
		{"JSON", json, []string{",", "{", "}", ":", `"`, "[", "]", "A", `":`, `{"A"`, `","`, ":[-"}, []string{"\n", "\n\n", "#", "END", "x", ", ", "; "}},
		{"a type with itself in it", recursive, []string{",", "{", "}", ":", `"`, "name", `"],"`, "null"}, []string{"\n", "#", "Null", ", "}},
		{"a list", list, []string{",", "[", "]", `"`, `","`}, []string{"\n", "{", ":", "];"}},
		{"a map", table, []string{",", "{", "}", ":", `"`, "true"}, []string{"\n", "[", "TRUE"}},
		{"a time", clock, []string{":", "-", "T", "Z", " "}, []string{"\n", "t"}},
		{"a number", number, []string{".", "-", "-1"}, []string{"\n", "+", ","}},
		{"Fields", fields, []string{"\n", ":", "A: ", "[", "\nB"}, []string{"\n\n", "#", "\nC:"}},
		{"Final", final, []string{".", "answer", " "}, []string{"\n", "#"}},
		{"FirstJSON", first, []string{",", "}"}, []string{"\n"}},
		{"labels", labels, []string{",", "y", "o", "thanks"}, []string{"\n", "#", "x"}},
		{"JSON that may be quoted", quoted, []string{`"`}, []string{`\`, ",", "{", "}", ":", "[", "A", "\n", "END"}},
	} {
		for _, stop := range tt.bad {
			if err := tt.compile(stop); !errors.Is(err, sampling.ErrInvalid) {
				t.Errorf("%s with the stop %q: %v", tt.name, stop, err)
			}
		}
		for _, stop := range tt.good {
			if err := tt.compile(stop); err != nil {
				t.Errorf("%s with the stop %q: %v", tt.name, stop, err)
			}
		}
		// A second stop is checked too.
		if err := tt.compile("\n\n", tt.bad[0]); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s with a second stop %q: %v", tt.name, tt.bad[0], err)
		}
	}
}

// TestQuoteUnderConstraints: what the examples show under Format.Quote matches the
// constraint and is read back.
func TestQuoteUnderConstraints(t *testing.T) {
	type answer struct {
		A string
		B []string
	}
	lines, fenced, commas := fewshot.Lines, fewshot.Fenced, fewshot.Format{Between: "; ", After: ",", Stop: []string{",", "b#"}}
	for _, format := range []fewshot.Format{lines, fenced, commas} {
		format.Quote = true
		hostile := []string{"plain", "a: b", "a, b; ", "\n```\n", "#b#", `"quoted"`, "\\", " x ", "é나🙂\u2028\x7f"}
		for _, a := range hostile {
			checkQuoted(t, format, fewshot.Codec[answer]{}, answer{a, []string{a, a}})
			checkQuoted(t, format, fewshot.Codec[[]answer]{}, []answer{})
			checkQuoted(t, format, fewshot.Codec[map[string]string]{}, map[string]string{a: a})
			checkQuoted(t, format, fewshot.Fields[answer](), answer{a, []string{a}})
			checkQuoted(t, format, fewshot.FirstJSON(fewshot.Codec[answer]{}), answer{A: a})
			checkQuoted(t, format, fewshot.Codec[*string]{}, &a)
			checkQuoted(t, format, fewshot.Codec[[]byte]{}, []byte(a))
			if strings.TrimSpace(a) == a {
				checkQuoted(t, format, fewshot.OneOf("none", a), a)
			}
		}
		checkQuoted(t, format, fewshot.Codec[*string]{}, nil)
		checkQuoted(t, format, fewshot.Codec[int]{}, -12)
		checkQuoted(t, format, fewshot.Codec[time.Time]{}, time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
		checkQuoted(t, format, fewshot.Final("So:", fewshot.Codec[int]{}), 7)
	}
}

func checkQuoted[T any](t *testing.T, format fewshot.Format, out fewshot.Codec[T], value T) {
	t.Helper()
	task := fewshot.Task[string, T]{Format: format, Out: out, Constrain: fewshot.ConstrainRequired}
	task.Add("x", value)
	p, err := task.Compile()
	if err != nil {
		t.Errorf("%+v, %T %+v: %v", format, value, value, err)
		return
	}
	prompt, err := p.Prompt(t.Context(), sampling.Model{Backend: &constrainer{}}, "y")
	if err != nil {
		t.Fatal(err)
	}
	open := strings.TrimRight(format.Between, " ")
	answer, _ := sampling.Cut(strings.SplitN(prompt.Text, open, 2)[1], prompt.Stop)
	got, err := p.Run(t.Context(), sampling.Model{Backend: &constrainer{answer: answer}}, "y")
	if err != nil || !reflect.DeepEqual(got, value) {
		t.Errorf("%+v: %q is read as %+v, %v", format, answer, got, err)
	}
}
