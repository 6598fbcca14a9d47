package jsonpattern

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
)

func compile(t testing.TB, pattern string) sampling.Constraint {
	t.Helper()
	c, err := sampling.Matching(pattern)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return c
}

// TestPatterns checks texts against patterns. What matches must be strict JSON.
func TestPatterns(t *testing.T) {
	matching := func(expr string) string {
		t.Helper()
		p, err := Matching(expr)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	format := func(name string) string {
		p, ok := Format(name)
		if !ok {
			t.Fatal(name)
		}
		return p
	}
	two := Object(Member{Name: "a", Value: Integer}, Member{Name: "b", Value: String(""), Optional: true})
	late := Object(Member{"a", Integer, true}, Member{"b", Integer, true}, Member{"c", Integer, false}, Member{"d", Integer, true})
	all := Object(Member{"a", Integer, true}, Member{"b", Integer, true}, Member{"c", Integer, true})
	for _, tt := range []struct{ pattern, good, bad string }{
		{Null, `null`, `nul|"null"|`},
		{Integer, `0|-1|120`, `00|-0|01|1.0|+1|1e3`},
		{Natural, `0|7|120`, `-1|00`},
		{Number, `0|-0.5|12.25|-3`, `.5|1.|1e5|NaN|00.1`},
		{Bool, `true|false`, `True|1`},
		{String(""), `""|"a b"|"\"\\\/\b\f\n\r\t"|"\u001f"|"é猫😀"`, "\"\n\"|\"\\u00e9\"|\"\\x\"|\"a|a\"|\"\u2028\""},
		{Text(2, 3), `"ab"|"\n\n\n"|"猫猫"`, `"a"|"abcd"`},
		{Array(Integer, 0, Unlimited), `[]|[1]|[1,2,3]`, `[1,]|[,1]|[1, 2]|[`},
		{Array(Integer, 2, 3), `[1,2]|[1,2,3]`, `[]|[1]|[1,2,3,4]`},
		{Array(Integer, 0, 1), `[]|[1]`, `[1,2]`},
		{Array(Integer, 1, Unlimited), `[1]|[1,2]`, `[]`},
		{Array(Integer, 0, 0), `[]`, `[1]`},
		{two, `{"a":1}|{"a":1,"b":"x"}`, `{}|{"b":"x"}|{"b":"x","a":1}|{"a":1,}|{"a": 1}`},
		{late, `{"c":1}|{"a":1,"c":1}|{"b":1,"c":1}|{"a":1,"b":1,"c":1,"d":1}|{"c":1,"d":1}`, `{}|{"a":1,"b":1}|{"c":1,"a":1}|{"a":1"c":1}`},
		{all, `{}|{"a":1}|{"b":1}|{"c":1}|{"a":1,"c":1}|{"b":1,"c":1}|{"a":1,"b":1,"c":1}`, `{"c":1,"a":1}|{,"a":1}|{"a":1,}`},
		{Object(), `{}`, `{"a":1}`},
		{Object(Member{"a", Integer, true}), `{}|{"a":1}`, `{"a":}|{"a"}|{"a":1,}`},
		{Object(Member{Name: `"é.\`, Value: Null}), `{"\"é.\\":null}`, `{"\"éx\\":null}`},
		{Map(Integer), `{}|{"x":1}|{"x":1,"y":2}`, `{"x":"1"}|{1:1}`},
		{Any(2), `1|{"a":[1,"b"],"c":null}|[[],{}]`, `{"a":[[1]]}|[1 ,2]`},
		{Literal([]byte(`{ "b" : [1, "x.y"] }`)), `{"b":[1,"x.y"]}`, `{"b":[1,"xzy"]}`},
		{AnyOf(Integer, Null), `1|null`, `nullnull`},
		{matching(`^[a-c]+$`), `"abc"`, `""|"abd"|"xabc"`},
		{matching(`b`), `"b"|"abc"|"\"b\n"`, `"ac"`},
		{matching(`^x`), `"x"|"xyz"`, `"yx"`},
		{matching(`^(?i)ab$`), `"aB"|"AB"`, `"cb"`},
		{matching(`^a"\\$`), `"a\"\\"`, `"a"`},
		{matching(`^[^a]$`), `"b"|"\""|"\\"|"\n"|"\u0001"`, `"a"`},
		{matching(`^.\n.$`), `"a\nb"`, "\"a\nb\"|\"\\n\\n\\n\""},
		{matching(`^(ab|c){2}d?$`), `"abc"|"ccd"`, `"ab"|"abccc"`},
		{matching(`^\d{3}-\d{4}$`), `"555-1234"`, `"555-123"`},
		{format("date"), `"2026-11-28"`, `"2026-13-01"`},
		{format("date-time"), `"2026-11-28T09:45:00Z"|"2026-11-28T09:45:00.5+02:00"`, `"2026-11-28"`},
		{format("uuid"), `"123e4567-e89b-12d3-a456-426614174000"`, `"123"`},
	} {
		c := compile(t, tt.pattern)
		for text := range strings.SplitSeq(tt.good, "|") {
			if err := c.Match(text); err != nil {
				t.Errorf("%s refuses %s: %v", tt.pattern, text, err)
			}
			if err := strictjson.Check([]byte(text), nil); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		for text := range strings.SplitSeq(tt.bad, "|") {
			if c.Match(text) == nil {
				t.Errorf("%s allows %s", tt.pattern, text)
			}
		}
	}
	for _, expr := range []string{`(`, `a^b`, `a$b`, `\bword\b`, `(?=a)`, `(?m)^a$`} {
		if p, err := Matching(expr); err == nil {
			t.Errorf("%s: %s", expr, p)
		}
	}
}

// TestMatching holds the text of random JSON strings against the expression
// itself.
func TestMatching(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []rune("ab\"\\\n\té\u0001")
	for _, expr := range []string{`a`, `^a*$`, `^[^a]+$`, `"b"`, `^(a|\\)+$`, `\n$`, `^.b`, `(?s)^.b`, `^[\x00-\x20]*$`, `^(?:ab?)*é?$`} {
		pattern, err := Matching(expr)
		if err != nil {
			t.Fatal(err)
		}
		// JSON Schema's $ is the end of the text, as it is in package regexp.
		own, c := regexp.MustCompile(expr), compile(t, pattern)
		for range 2000 {
			text := make([]rune, rng.IntN(5))
			for i := range text {
				text[i] = letters[rng.IntN(len(letters))]
			}
			encoded, err := json.Marshal(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := c.Match(string(encoded)) == nil, own.MatchString(string(text)); got != want {
				t.Fatalf("%s: %s matches: %v, want %v", expr, encoded, got, want)
			}
		}
	}
}
