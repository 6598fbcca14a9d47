package fewshot_test

import (
	"errors"
	"strings"
	"testing"
	"time"
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
		{"letter case is as encoding/json has it", strings.Replace(whole, `"name"`, `"Name"`, 1), ""},
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
	// A type's own JSON is its own business, whatever its shape.
	if got, err := decoded[coin](`"heads"`); err != nil || !got.heads {
		t.Errorf("a type that reads more than it writes: %v, %v", got, err)
	}
	if got, err := decoded[secret](`"heads"`); err != nil || !got.known {
		t.Errorf("a type that cannot be written: %v, %v", got, err)
	}
	// Of names that differ in letter case alone, the exact one counts.
	for range 20 { // maps are in no order
		if _, err := decoded[person](`{"NAME":null,"Name":null,"nAme":null,"name":"Ada","age":34}`); err != nil {
			t.Fatal(err)
		}
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
