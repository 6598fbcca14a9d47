package fewshot_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

// encoded returns how a value is written in a prompt.
func encoded[T any](t *testing.T, v T) (string, error) {
	t.Helper()
	task := fewshot.Task[T, string]{Format: fewshot.Format{Between: "=>", After: "\n"}}
	p, err := promptOf(t.Context(), task, sampling.Model{}, v)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(p.Text, "=>"), nil
}

// decoded reads a value from a completion.
func decoded[T any](text string) (T, error) {
	task := fewshot.Task[string, T]{Format: fewshot.Lines}
	return parseOf(task, " "+text)
}

func roundTrip[T any](t *testing.T, v T, want string) {
	t.Helper()
	text, err := encoded(t, v)
	if err != nil {
		t.Errorf("%T: %v", v, err)
		return
	}
	if text != want {
		t.Errorf("%T: encoded as %q, want %q", v, text, want)
	}
	back, err := decoded[T](text)
	if err != nil {
		t.Errorf("%T: %v", v, err)
		return
	}
	if diff := cmp.Diff(v, back); diff != "" {
		t.Errorf("%T: (-in +back):\n%s", v, diff)
	}
}

func TestDefaultCodec(t *testing.T) {
	type word string
	type celsius float64
	roundTrip(t, "나비", "나비")
	roundTrip(t, word("나비"), "나비")
	roundTrip(t, 42, "42")
	roundTrip(t, int8(-3), "-3")
	roundTrip(t, uint64(math.MaxUint64), "18446744073709551615")
	roundTrip(t, 1e6, "1000000")
	roundTrip(t, celsius(0.1), "0.1")
	roundTrip(t, true, "true")
	roundTrip(t, time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC), "2025-03-04T00:00:00Z")
	date := time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)
	roundTrip(t, &date, "2025-03-04T00:00:00Z") // the methods of what it points to
	roundTrip(t, (*time.Time)(nil), "null")
	roundTrip(t, new(42), "42")
	roundTrip(t, person{"Ada <&>", 34}, `{"name":"Ada <&>","age":34}`)
	roundTrip(t, []string{"a", "b"}, `["a","b"]`)
	roundTrip(t, &person{"Ada", 34}, `{"name":"Ada","age":34}`)
	roundTrip(t, map[string]int{"b": 2, "a": 1}, `{"a":1,"b":2}`)
}

func TestAnswersThatDoNotParse(t *testing.T) {
	check := func(name string, err error) {
		t.Helper()
		var answer *fewshot.AnswerError
		if !errors.As(err, &answer) {
			t.Errorf("%s: error %v, want an AnswerError", name, err)
		}
	}
	_, err := decoded[int]("twelve")
	check("a word for a number", err)
	_, err = decoded[int8]("300")
	check("a number out of range", err)
	_, err = decoded[bool]("maybe")
	check("a word for a bool", err)
	_, err = decoded[person](`{"name":"Ada"`)
	check("half an object", err)
	_, err = decoded[person](`{"name":"Ada","job":"nurse"}`)
	check("an unknown field", err)
	_, err = decoded[person](`{"name":"Ada","age":3} and more`)
	check("text after the object", err)
	_, err = decoded[time.Time]("yesterday")
	check("a type's own text", err)
	_, err = decoded[int]("")
	check("nothing", err)
	_, err = decoded[string]("")
	check("nothing, where any text is an answer", err)
	_, err = decoded[string](" \nteacher: 선생님")
	check("an answer that ends before it begins", err)

	task := fewshot.Task[string, string]{Format: fewshot.Lines, Out: fewshot.OneOf("yes", "no")}
	_, err = parseOf(task, " perhaps")
	check("no label", err)
	if got, err := parseOf(task, " Yes\nand more"); err != nil || got != "yes" {
		t.Errorf("a label in capitals: %q, %v", got, err)
	}
}

func TestValuesThatCannotBeEncoded(t *testing.T) {
	if _, err := encoded(t, func() {}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a func: %v", err)
	}
	if _, err := encoded(t, person{Name: "\xff"}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("invalid UTF-8 in a struct would be changed in silence: %v", err)
	}
	if _, err := encoded(t, person{Name: "\ufffd"}); err != nil {
		t.Errorf("a real replacement character: %v", err)
	}
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Out: fewshot.OneOf("b", "c")}
	task.Add("x", "a")
	var value *fewshot.ValueError
	if _, err := task.Compile(); !errors.As(err, &value) || value.Field != "output" || value.Example != 0 {
		t.Errorf("an example that is none of the labels: %v", err)
	}
	for name, labels := range map[string][]string{"none": {}, "an empty one": {"a", ""}, "two that are alike": {"a", "b", "A"}, "white space": {"a", " b"}} {
		task := fewshot.Task[string, string]{Format: fewshot.Lines, Out: fewshot.OneOf(labels...)}
		if _, err := task.Compile(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	labels := []string{"yes", "no"}
	codec := fewshot.OneOf(labels...)
	labels[0] = "si"
	if text, err := codec.Encode("yes"); text != "yes" || err != nil {
		t.Errorf("the caller's slice changed, and with it the labels: %q, %v", text, err)
	}
}
