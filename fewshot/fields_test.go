package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

type passage struct {
	Context  string
	Question string
	Year     int       `fewshot:"Asked in"`
	Tags     []string  `fewshot:"Tags"`
	At       time.Time `fewshot:"-"`
}

// TestFields writes and reads back hostile values: other fields' labels, line ends,
// quotation marks, white space, nothing at all.
func TestFields(t *testing.T) {
	codec := fewshot.Fields[passage]()
	task := fewshot.Task[string, passage]{Format: fewshot.Format{Between: "\nSheet:\n", After: "\n\n"}, Out: codec, Constrain: fewshot.ConstrainRequired}
	prompt, err := promptOf(t.Context(), task, sampling.Model{Backend: &constrainer{}}, "x")
	if err != nil {
		t.Fatal(err)
	}
	values := []string{
		"plain", "two words", "", " ", " a", "a ", "\u00a0a", "a\nQuestion: b", "Question: b", "a\n\nb", `"quoted"`, `say "x"`, `a\nb`, "a\tb", "\u2028", "a\u0085b",
		"\x00", "é나🙂", "a:b", ": ", "\\", "null", "{}", "Context: x\nQuestion: y\nAsked in: 1\nTags: null",
	}
	for _, a := range values {
		for _, b := range values {
			want := passage{Context: a, Question: b, Year: -len(a), Tags: []string{a, b}}
			text, err := codec.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(text, "\n"); n != 3 {
				t.Errorf("%q has %d line breaks", text, n)
			}
			if got, err := codec.Decode(text); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q is read as %+v, %v", text, got, err)
			}
			if err := prompt.Constraint.Match(text); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
	const whole = "Context: a\nQuestion: b\nAsked in: 1\nTags: null"
	for text, good := range map[string]bool{
		whole:                                              true,
		whole + "\nMore: x":                                false,
		strings.Replace(whole, "b", "", 1):                 false,
		strings.Replace(whole, "b", `"b`, 1):               false,
		strings.Replace(whole, "1", "one", 1):              false,
		strings.Replace(whole, ": a", ":a", 1):             false,
		strings.Replace(whole, "Q", "q", 1):                false,
		strings.Replace(whole, "null", "[", 1):             false,
		"Question: b\nContext: a\nAsked in: 1\nTags: null": false,
		"Context: a":                                       false,
		"":                                                 false,
	} {
		if _, err := codec.Decode(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzFields(f *testing.F) {
	type record struct {
		A string `fewshot:"a"`
		B string `fewshot:"b b"`
		C *string
	}
	codec := fewshot.Fields[record]()
	f.Add("a: x\n", "\"", "b b: ")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := record{a, b, &c}
		text, err := codec.Encode(want)
		if err != nil {
			return // not UTF-8
		}
		if got, err := codec.Decode(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
		// What is read is written alike.
		if v, err := codec.Decode(a + "\n" + b + "\n" + c); err == nil {
			text, err := codec.Encode(v)
			if again, errAgain := codec.Decode(text); err != nil || errAgain != nil || !reflect.DeepEqual(v, again) {
				t.Errorf("%+v became %+v, %v, %v", v, again, err, errAgain)
			}
		}
	})
}

func TestFieldsMistakes(t *testing.T) {
	type hidden struct{ a string }
	type colon struct {
		A string `fewshot:"a:"`
	}
	type twice struct {
		A string
		B string `fewshot:"A"`
	}
	type nothing struct {
		A string `fewshot:"-"`
	}
	type loose struct{ A any }
	for name, compile := range map[string]func() error{
		"unexported": func() error {
			_, err := (fewshot.Task[string, hidden]{Out: fewshot.Fields[hidden]()}).Compile()
			return err
		},
		"a colon": func() error {
			_, err := (fewshot.Task[string, colon]{Out: fewshot.Fields[colon]()}).Compile()
			return err
		},
		"one label": func() error {
			_, err := (fewshot.Task[string, twice]{Out: fewshot.Fields[twice]()}).Compile()
			return err
		},
		"no field": func() error {
			_, err := (fewshot.Task[string, nothing]{Out: fewshot.Fields[nothing]()}).Compile()
			return err
		},
		"an interface": func() error {
			_, err := (fewshot.Task[string, loose]{Out: fewshot.Fields[loose]()}).Compile()
			return err
		},
		"not a struct":  func() error { _, err := (fewshot.Task[string, int]{Out: fewshot.Fields[int]()}).Compile(); return err },
		"as inputs too": func() error { _, err := (fewshot.Task[int, string]{In: fewshot.Fields[int]()}).Compile(); return err },
	} {
		if err := compile(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_ = hidden{a: ""}
}

// An input of two fields: a passage and a question.
func ExampleFields() {
	type question struct {
		Context  string
		Question string
	}
	task := fewshot.Task[question, string]{
		Format: fewshot.Format{Between: "\nAnswer: ", After: "\n\n"},
		In:     fewshot.Fields[question](),
	}
	task.Add(question{"The bridge opened in 1932.", "When did it open?"}, "1932")
	model := sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(" the mayor\n\nContext: The")}}
	a, err := task.MustCompile().Do(context.Background(), model, question{"The mayor cut the ribbon.", "Who cut the ribbon?"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Prompt.Text, a.Value)
	// Output:
	// Context: The bridge opened in 1932.
	// Question: When did it open?
	// Answer: 1932
	//
	// Context: The mayor cut the ribbon.
	// Question: Who cut the ribbon?
	// Answer: the mayor
}
