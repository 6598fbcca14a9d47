package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	type inner struct {
		Score int `json:"score"`
	}
	type outer struct {
		Name string         `json:"name"`
		List []inner        `json:"list"`
		Map  map[string]int `json:"map"`
		Any  any            `json:"any"`
	}
	for text, good := range map[string]bool{
		`{"name":"a","list":[{"score":1}],"map":{"a":1,"A":2},"any":{"x":1,"X":2}}`: true,
		` {"name":"\ud83d\ude00"} `:                   true,
		`{"NAME":"a"}`:                                true, // as encoding/json does
		`{"name":"a","name":"b"}`:                     false,
		`{"name":"a","Name":"b"}`:                     false,
		"{\"list\":[{\"score\":1,\"\u017fcore\":2}]}": false, // a long s, which folds to s
		`{"map":{"a":1,"a":2}}`:                       false,
		`{"any":{"x":[{"y":1,"y":2}]}}`:               false,
		`{"name":"a","age":1}`:                        false,
		`{"name":"\ud83d"}`:                           false,
		`{"name":"\\ud83d"}`:                          true,
		`{"name":"\ud83d\ude00\ude00"}`:               false,
		`{"name":"\ud83d\\\ude00"}`:                   false,
		"{\"name\":\"\xff\"}":                         false,
		`{"name":"a"}{}`:                              false,
		`{"name":"a"`:                                 false,
		`{"name":"a",}`:                               false,
		``:                                            false,
		`{"any":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`: true,
		`{"any":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`:     false,
	} {
		var v outer
		if err := Decode([]byte(text), &v); (err == nil) != good {
			t.Errorf("%.80q: %v", text, err)
		}
	}
}

// TestManyMembers: a large object costs a look-up a member.
func TestManyMembers(t *testing.T) {
	m := map[string]int{}
	for i := range 50_000 {
		m["member "+string(rune(0x4e00+i%20000))+string(rune('a'+i/20000))] = i
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(text, nil); err != nil {
		t.Error(err)
	}
}

// FuzzCheck: what is accepted, encoding/json reads and writes without a loss. The
// oracle counts members in the text and in the value.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `[{"a":{}},"\ud83d",1e5,null]`, `{"a":{"b":[{}]}}`, "\"\\ud83d\\ude00\ufffd\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Check([]byte(text), nil) != nil {
			return
		}
		if !utf8.ValidString(text) {
			t.Fatalf("%q is not UTF-8", text)
		}
		v := read(t, text)
		written, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(written, nil); err != nil || !reflect.DeepEqual(v, read(t, string(written))) {
			t.Fatalf("%q became %q: %v", text, written, err)
		}
		if got, want := members(v), strings.Count(withoutStrings(text), ":"); got != want {
			t.Fatalf("%q has %d members, and %d were read", text, want, got)
		}
	})
}

// read keeps numbers as they are: one may be too large for a float64.
func read(t *testing.T, text string) (v any) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

func members(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			n += 1 + members(inner)
		}
	case []any:
		for _, inner := range v {
			n += members(inner)
		}
	}
	return n
}

// withoutStrings returns JSON text with its strings taken out.
func withoutStrings(text string) string {
	var b strings.Builder
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString:
			b.WriteByte(c)
		}
	}
	return b.String()
}
