package fewshot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// An answer with reasoning: the value is what follows the last marker.
func ExampleFinal() {
	prompter := fewshot.Task[string, int]{
		Preamble: "Q: Tom has 3 apples and buys 4. How many has he?\nA: 3 plus 4 is 7. The answer is 7.\n\n",
		Format:   fewshot.QA,
		Out:      fewshot.Final("", fewshot.Codec[int]{}),
	}.MustCompile()
	n, err := prompter.Parse(&sampling.Completion{Text: " Half of 8 is 4, and 4 plus 5 is 9. The answer is 9.\n\n", Reason: sampling.EndOfText})
	fmt.Println(n, err)
	_, err = prompter.Parse(&sampling.Completion{Text: " It is 9.\n\n", Reason: sampling.EndOfText})
	fmt.Println(err)
	// Output:
	// 9 <nil>
	// fewshot: the answer "It is 9." cannot be decoded: has no "The answer is" in it
}

func TestFinal(t *testing.T) {
	task := fewshot.Task[string, int]{Format: fewshot.QA, Out: fewshot.Final("", fewshot.Codec[int]{})}
	for text, want := range map[string]int{
		"The answer is 7.":                        7,
		"The answer is 7":                         7,
		"3 + 4 = 7. So, yes.\nThe answer is\n-7.": -7,
		"The answer is 5. No: The answer is 6.":   6,
		"The answer is 5 The answer is 6":         6,
	} {
		if got, err := parseOf(task, " "+text); err != nil || got != want {
			t.Errorf("%q is read as %d, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"7", "the answer is 7.", "The answer is7.", "The answer is", "The answer is .", "The answer is 7. Or 8.", "The answer is 7..", "The answer is: 7.",
		"The answer is $7.", "The answer is 7. The answer is not known.", "The answer isn't 7.",
	} {
		var answer *fewshot.AnswerError
		if got, err := parseOf(task, " "+text); !errors.As(err, &answer) {
			t.Errorf("%q is read as %d, %v", text, got, err)
		}
	}
	words := fewshot.Task[string, string]{Format: fewshot.QA, Out: fewshot.Final("####", fewshot.Codec[string]{})}
	words.Add("x", "a, b etc.")
	p, err := promptOf(t.Context(), words, sampling.Model{}, "y")
	if want := "Q: x\nA: #### a, b etc..\n\nQ: y\nA:"; err != nil || p.Text != want {
		t.Errorf("%+v, %v", p, err)
	}
	if got, err := parseOf(words, " #### a, b etc.."); err != nil || got != "a, b etc." {
		t.Errorf("%q, %v", got, err)
	}
	words.Add("z", "has #### in it")
	if _, err := words.Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a value with the marker: %v", err)
	}
	if _, err := (fewshot.Task[string, int]{Out: fewshot.Final("so: ", fewshot.Codec[int]{})}).Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a marker with white space: %v", err)
	}
	if _, err := (fewshot.Task[string, any]{Out: fewshot.Final("", fewshot.Codec[any]{})}).Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a codec that is wrong: %v", err)
	}
}

func TestFirstJSON(t *testing.T) {
	type place struct {
		City string `json:"city"`
		At   [2]int `json:"at"`
	}
	type trip struct {
		Home place   `json:"home"`
		Via  []place `json:"via,omitempty"`
	}
	rome := place{"Rome", [2]int{1, 2}}
	task := fewshot.Task[string, place]{Out: fewshot.FirstJSON(fewshot.Codec[place]{})}
	for _, text := range []string{
		`{"city":"Rome","at":[1,2]}`,
		"Sure! Here you are:\n```json\n{\n \"city\": \"Rome\",\n \"at\": [1, 2]\n}\n```\nIt is {nice}.",
		`The [sic] place {of them} is { "city":"Rome","at":[1,2]}, and {"city":"Oslo"} is another.`,
		`나비 {"city":"Rome","at":[1,2]}{"city":"Oslo"`,
	} {
		if got, err := parseOf(task, text); err != nil || got != rome {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		`Rome`, `{`, `{"city":"Rome","at":[1,2]`, `{"city":"Rome"}`, `{"city":"Rome","at":[1,2],"zip":1}`, `{"city":"Rome","city":"Oslo","at":[1,2]}`,
		`{"city":"Rome","at":[1,2],}`, `{'city':'Rome'}`, `[1,2] {"city":"Rome","at":[1,2]}`, `"city" 1 null`, `{"x":{"city":"Rome","at":[1,2]}}`, `{"city": "\ud800","at":[1,2]}`,
		"[\xff", "{" + strings.Repeat(" ", 1<<18) + "Rome", // read once, not once for each space
	} {
		var answer *fewshot.AnswerError
		if got, err := parseOf(task, text); !errors.As(err, &answer) {
			t.Errorf("%.80q is read as %v, %v", text, got, err)
		}
	}
	// What is inside a broken value is not an answer.
	lists := fewshot.Task[string, []int]{Out: fewshot.FirstJSON(fewshot.Codec[[]int]{})}
	for _, text := range []string{`[[1,2],[3`, `{"a":[1,2]`, `["a [1,2]`, `{"a" [1,2]}`} {
		if got, err := parseOf(lists, text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if _, err := parseOf(fewshot.Task[string, trip]{Out: fewshot.FirstJSON(fewshot.Codec[trip]{})}, `so: {"home":{"city":"Rome","at":[1,2]}} ok`); err != nil {
		t.Error(err)
	}
	scalar := fewshot.Task[string, int]{Out: fewshot.FirstJSON(fewshot.Codec[int]{})}
	scalar.Add("x", 7)
	if _, err := scalar.Compile(); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a number, which is not an object: %v", err)
	}
}

// TestConstraintsWithin: a wrapped codec is constrained as the codec in it.
func TestConstraintsWithin(t *testing.T) {
	check := func(c sampling.Constraint, text string, good bool) {
		t.Helper()
		if err := c.Match(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	final := fewshot.Task[string, int8]{Format: fewshot.QA, Out: fewshot.Final("", fewshot.Codec[int8]{}), Constrain: fewshot.ConstrainRequired}
	final.Add("x", -7)
	m := sampling.Model{Backend: &samplingtest.Script{}}
	p, err := promptOf(t.Context(), final, m, "y")
	if err != nil {
		t.Fatal(err)
	}
	check(p.Constraint, " The answer is 7.", true)
	check(p.Constraint, " 3 and 4. The answer is -7.", true)
	check(p.Constraint, " The answer is 5. No. The answer is 6.", true)
	check(p.Constraint, " The answer is 700.", false)
	check(p.Constraint, " The answer is 7", false)
	check(p.Constraint, " 3\nand 4. The answer is 7.", false)
	check(p.Constraint, " So it is 7.", false)
	object := fewshot.Task[string, person]{Out: fewshot.FirstJSON(fewshot.Codec[person]{}), Constrain: fewshot.ConstrainRequired}
	if p, err = promptOf(t.Context(), object, m, "y"); err != nil {
		t.Fatal(err)
	}
	check(p.Constraint, ` {"name":"a","age":3}`, true)
	check(p.Constraint, ` so {"name":"a","age":3}`, false)
	free := fewshot.Task[string, string]{Out: fewshot.Final("", fewshot.Codec[string]{}), Constrain: fewshot.ConstrainRequired}
	if _, err := free.Compile(); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("free text: %v", err)
	}
}
