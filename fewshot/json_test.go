package fewshot_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// TestAnswersThatAreHalfThere is about what encoding/json reads as zeros.
func TestAnswersThatAreHalfThere(t *testing.T) {
	type place struct {
		City string `json:"city"`
		Zip  string `json:"zip,omitempty"`
	}
	type record struct {
		Name  string    `json:"name"`
		Home  place     `json:"home"`
		Work  *place    `json:"work"`
		Trips []place   `json:"trips"`
		At    [2]int    `json:"at"`
		Since time.Time `json:"since"`
	}
	whole := `{"name":"Ada","home":{"city":"Lisbon"},"work":null,"trips":null,"at":[1,2],"since":"2025-03-04T00:00:00Z"}`
	for _, tt := range []struct{ why, text, missing string }{
		{"a whole one, without what may be left out", whole, ""},
		{"letter case counts", strings.Replace(whole, `"name"`, `"Name"`, 1), "name is missing"},
		{"a member twice", strings.Replace(whole, `"name"`, `"name":"Eva","name"`, 1), `has the members "name" and "name"`},
		{"a member twice but for letter case", strings.Replace(whole, `"name"`, `"NAME":"Eva","name"`, 1), `has the members "NAME" and "name"`},
		{"a member twice, deep inside", strings.Replace(whole, `"city"`, `"city":"Rome","city"`, 1), `has the members "city" and "city"`},
		{"an element too many", strings.Replace(whole, `[1,2]`, `[1,2,3]`, 1), "at[2] is missing or unexpected"},
		{"half a surrogate pair", strings.Replace(whole, `"Ada"`, `"\ud83d"`, 1), "surrogate"},
		{"text after it", whole + "{}", "text follows the value"},
		{"nothing in it", `{}`, "at is missing"},
		{"null for all of it", `null`, "the value is missing"},
		{"a field", strings.Replace(whole, `"name":"Ada",`, "", 1), "name is missing"},
		{"null for a field", strings.Replace(whole, `"Ada"`, "null", 1), "name is missing"},
		{"a field of a field", strings.Replace(whole, `{"city":"Lisbon"}`, `{"zip":"1000"}`, 1), "home.city is missing"},
		{"a pointer's field", strings.Replace(whole, `"work":null`, `"work":{}`, 1), "work.city is missing"},
		{"a field in a list", strings.Replace(whole, `"trips":null`, `"trips":[{"city":"Rome"},{}]`, 1), "trips[1].city is missing"},
		{"an element of an array", strings.Replace(whole, `[1,2]`, `[1]`, 1), "at[1] is missing"},
	} {
		_, err := decoded[record](tt.text)
		if tt.missing == "" && err != nil || tt.missing != "" && (err == nil || !strings.Contains(err.Error(), tt.missing)) {
			t.Errorf("%s: %v, want %q", tt.why, err, tt.missing)
		}
	}
	for text, want := range map[string]bool{`null`: true, `[]`: true, `["a"]`: true, `[null]`: false} {
		if _, err := decoded[[]string](text); (err == nil) != want {
			t.Errorf("%s as a list: %v", text, err)
		}
	}
	for text, want := range map[string]bool{`{"a":1,"A":2}`: true, `{"a":1,"a":2}`: false, "{\"\xff\":1}": false} {
		if _, err := decoded[map[string]int](text); (err == nil) != want {
			t.Errorf("%q as a map: %v", text, err)
		}
	}
	type score struct {
		Score int `json:"score"`
	}
	for _, twice := range []string{"{\"score\":1,\"ſcore\":2}", "{\"score\":1,\"SCORE\":2}"} {
		if _, err := decoded[score](twice); err == nil {
			t.Errorf("%s was read", twice)
		}
		if _, err := decoded[[]score]("[" + twice + "]"); err == nil {
			t.Errorf("%s in a list was read", twice)
		}
	}
	// A type's own JSON is its own business, whatever its shape.
	if got, err := decoded[coin](`"heads"`); err != nil || !got.heads {
		t.Errorf("a type that reads more than it writes: %v, %v", got, err)
	}
	if got, err := decoded[secret](`"heads"`); err != nil || !got.known {
		t.Errorf("a type that cannot be written: %v, %v", got, err)
	}
}

// A coin reads a word and writes an object.
type coin struct{ heads bool }

func (c *coin) UnmarshalJSON(text []byte) error { c.heads = string(text) == `"heads"`; return nil }
func (c coin) MarshalJSON() ([]byte, error)     { return []byte(`{"side":"heads"}`), nil }

// A secret can be read and not written.
type secret struct{ known bool }

func (s *secret) UnmarshalJSON([]byte) error  { s.known = true; return nil }
func (s secret) MarshalJSON() ([]byte, error) { return nil, errors.New("is secret") }

// TestTypesThatJSONWritesInPart are refused by Compile, before anybody answers {}.
func TestTypesThatJSONWritesInPart(t *testing.T) {
	type hidden struct {
		name string
		age  int
	}
	type inside struct{ List []map[string]*hidden }
	type twice struct {
		A int `json:"x"`
		B int `json:"X"`
	}
	type place struct{ City string }
	type fine struct {
		Name string
		note string `json:"-"`
		place
	}
	type anything struct{ Extra any }
	type half struct{ *place }
	refused := func(name string, err error) {
		t.Helper()
		if !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := fewshot.Task[string, hidden]{}.Compile()
	refused("unexported fields", err)
	_, err = fewshot.Task[inside, string]{}.Compile()
	refused("unexported fields deep inside", err)
	_, err = fewshot.Task[string, twice]{}.Compile()
	refused("two fields of one name", err)
	_, err = fewshot.Task[string, any]{}.Compile()
	refused("an interface", err)
	_, err = fewshot.Task[string, anything]{}.Compile()
	refused("an interface in a struct", err)
	_, err = fewshot.Task[string, half]{}.Compile()
	refused("a pointer that JSON cannot set", err)
	for name, compile := range map[string]func() error{
		"a struct":             func() error { _, err := fewshot.Task[string, fine]{}.Compile(); return err },
		"a time":               func() error { _, err := fewshot.Task[string, time.Time]{}.Compile(); return err },
		"a list of maps":       func() error { _, err := fewshot.Task[string, []map[string]int]{}.Compile(); return err },
		"a type with own JSON": func() error { _, err := fewshot.Task[string, coin]{}.Compile(); return err },
	} {
		if err := compile(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_ = hidden{name: "", age: 0}
	_ = fine{note: ""}
}

// TestScalars are what a model may write for a number or a bool, and what not.
func TestScalars(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "-2.5": true, "1e9": true, "1E-9": true, "-0": true, "0.50": true,
		"+3": false, ".5": false, "2.": false, "007": false, "-.5": false, "1e": false, "1e400": false,
		"nan": false, "NaN": false, "Inf": false, "-Infinity": false, "0x1p4": false, "1_0.5": false, "": false, "1,5": false, "e9": false} {
		if _, err := decoded[float64](text); (err == nil) != want {
			t.Errorf("float %q: %v", text, err)
		}
	}
	for text, want := range map[string]bool{"true": true, "false": true, "t": false, "1": false, "F": false, "TRUE": false, "yes": false} {
		if _, err := decoded[bool](text); (err == nil) != want {
			t.Errorf("bool %q: %v", text, err)
		}
	}
	for text, want := range map[string]bool{"7": true, "-7": true, "0": true, "+7": false, "007": false, "-": false, "７": false, "1e2": false, "1_000": false, "0x10": false, "1.0": false, "99999999999999999999": false} {
		if _, err := decoded[int](text); (err == nil) != want {
			t.Errorf("int %q: %v", text, err)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		task := fewshot.Task[string, float64]{Format: fewshot.Lines}
		task.Add("x", f)
		if _, err := task.Compile(); err == nil {
			t.Errorf("an example of %v was taken", f)
		}
	}
}

// TestFormatsWithoutAReachableStop: the model's own invented shots would be taken
// for a part of the answer.
func TestFormatsWithoutAReachableStop(t *testing.T) {
	for _, f := range []fewshot.Format{
		{Before: "\n", Between: ": "},
		{Before: "Q: ", Between: " A: "},
		{Before: "  ", Between: "="},
		{Before: "Q: ", Between: "\nA: ", After: " end\nQ: x"},
	} {
		if _, err := (fewshot.Task[string, string]{Format: f}).Compile(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%+v: %v", f, err)
		}
		f.Stop = []string{"never"}
		if _, err := (fewshot.Task[string, string]{Format: f}).Compile(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%+v: %v", f, err)
		}
		f.Stop = []string{}
		if _, err := (fewshot.Task[string, string]{Format: f}).Compile(); err != nil {
			t.Errorf("%+v, with stops of its own: %v", f, err)
		}
	}
}

// TestStopsWithinAfter: what comes before the stop in After would be read as a
// part of each answer.
func TestStopsWithinAfter(t *testing.T) {
	for _, tt := range []struct {
		after string
		stop  []string
		good  bool
	}{
		{" | END\n", []string{"END"}, false},
		{"</out>\n", []string{">"}, false},
		{"##\n", []string{"#\n", "\n"}, false},
		{" END\n", []string{"END"}, true},
		{"\n\nEND\n", []string{"END"}, true},
		{" | END\n", []string{"END", " |"}, true},
		{"answer\n", []string{"answer"}, true},
		{"\ue000\n", []string{"\ue000", "\ue001"}, true},
	} {
		task := fewshot.Task[string, string]{Format: fewshot.Format{Between: ": ", After: tt.after, Stop: tt.stop}}
		task.Add("x", "y")
		if _, err := task.Compile(); (err == nil) != tt.good || err != nil && !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("After %q, Stop %q: %v", tt.after, tt.stop, err)
		}
		if got, err := parseOf(task, " y"+tt.after+"z: "); tt.good && (err != nil || got != "y") {
			t.Errorf("After %q, Stop %q: read as %q, %v", tt.after, tt.stop, got, err)
		}
	}
}

// TestQuoteKeepsValues has marks that begin with what JSON escapes are made of.
func TestQuoteKeepsValues(t *testing.T) {
	for _, stop := range []string{"none", "true", "rabbit", "bad", "face", "0041", "u0041", "n", "b\\", "nn"} {
		for _, value := range []string{"first\none more", "a\ttrue", "\u2028face", "A none A", "\\n\n none", "나비 none", "nnn", "\x01bad \"rabbit\""} {
			task := fewshot.Task[string, string]{Format: fewshot.Format{Between: " = ", After: "\n", Stop: []string{stop, "\n"}, Quote: true}}
			task.Add("x", value)
			p, err := task.Compile()
			if err != nil {
				continue // refused: nothing was promised
			}
			prompt, err := p.Prompt(t.Context(), sampling.Model{}, "q")
			if err != nil {
				t.Fatal(err)
			}
			shown := strings.TrimSuffix(strings.TrimPrefix(prompt.Text, "x = "), "\nq =")
			if got, err := parseOf(task, " "+shown+"\n"); err != nil || got != value {
				t.Errorf("stop %q: %q is shown as %s and read as %q, %v", stop, value, shown, got, err)
			}
		}
	}
}
