package wrap

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/google/go-cmp/cmp"
)

// fill sets every field to something that is not zero, and each to something
// else.
func fill(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(math.MaxUint64 - uint64(*n))
	case reflect.Float64:
		v.SetFloat(-1 / float64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[sampling.Constraint]():
			v.Set(reflect.ValueOf(sampling.OneOf(fmt.Sprint("text ", *n))))
			return
		case reflect.TypeFor[sampling.Token](): // its Top holds tokens whose own Top is empty
			text := fmt.Sprint("text ", *n)
			v.Set(reflect.ValueOf(sampling.Token{Text: text, Logprob: -1 / float64(*n), Top: []sampling.Token{{Text: text, Logprob: -1}, {Text: "b", Logprob: -2}}}))
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"x": *n}))
	default:
		t.Fatalf("a field of a kind that this test does not know: %v", v.Type())
	}
	if v.Type() == reflect.TypeFor[sampling.Reason]() {
		v.SetInt(int64(1 + *n%4))
	}
}

// throughJSON writes and reads.
func throughJSON[T any](t *testing.T, v T) (back T) {
	t.Helper()
	line, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// Every field of package sampling's types comes back from a file as it was. A
// field that is added there and forgotten here fails this.
func TestMirror(t *testing.T) {
	var n int
	var chunk sampling.Chunk
	fill(t, reflect.ValueOf(&chunk).Elem(), &n)
	p := throughJSON(t, writeCompletion(&chunk))
	if diff := cmp.Diff(chunk, p.completion()); diff != "" {
		t.Errorf("chunk (-was +is):\n%s", diff)
	}
	completions := make([]*sampling.Completion, 2)
	fill(t, reflect.ValueOf(&completions).Elem(), &n)
	if diff := cmp.Diff(completions, readCompletions(throughJSON(t, writeCompletions(completions)), new(sampling.Request))); diff != "" {
		t.Errorf("completions (-was +is):\n%s", diff)
	}
	var scores []sampling.Score
	fill(t, reflect.ValueOf(&scores).Elem(), &n)
	if diff := cmp.Diff(scores, readScores(throughJSON(t, writeScores(scores)))); diff != "" {
		t.Errorf("scores (-was +is):\n%s", diff)
	}
	scores[0].Logprob, scores[1].Logprob = math.Inf(-1), math.Inf(1)
	if diff := cmp.Diff(scores, readScores(throughJSON(t, writeScores(scores)))); diff != "" {
		t.Errorf("infinite scores (-was +is):\n%s", diff)
	}
}

// Each field of a request has a part in the key: two requests that differ in it
// have different keys.
func TestKeyHasEveryField(t *testing.T) {
	key := func(req *sampling.Request) string {
		q, err := ask("sample", req, 0)
		if err != nil {
			t.Fatal(err)
		}
		line, err := encode(q)
		if err != nil {
			t.Fatal(err)
		}
		return string(line)
	}
	base := sampling.Request{Params: sampling.Params{Temperature: 1}}
	change := func(name string, field reflect.Value, req *sampling.Request) {
		before := key(req)
		n := 40
		fill(t, field, &n)
		if key(req) == before {
			t.Errorf("%s is not in the key", name)
		}
	}
	for i := range reflect.TypeFor[sampling.Request]().NumField() {
		req := base
		f := reflect.TypeFor[sampling.Request]().Field(i)
		if f.Name != "Params" {
			change(f.Name, reflect.ValueOf(&req).Elem().Field(i), &req)
		}
	}
	for i := range reflect.TypeFor[sampling.Params]().NumField() {
		req := base
		change(reflect.TypeFor[sampling.Params]().Field(i).Name, reflect.ValueOf(&req.Params).Elem().Field(i), &req)
	}
}
