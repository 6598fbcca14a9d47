package chatapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/internal/strictjson"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

const person = `{"type":"object","properties":{
	"name":{"type":"string","minLength":1,"maxLength":12,"description":"who"},
	"age":{"type":["integer","null"],"minimum":0},
	"tags":{"type":"array","items":{"enum":["a","b",3]},"maxItems":2},
	"home":{"anyOf":[{"$ref":"#/$defs/city"},{"type":"null"}]},
	"ok":{"type":"boolean"}},
	"required":["name","age","home"],"additionalProperties":false,
	"$defs":{"city":{"type":"object","properties":{"city":{"const":"Seoul"}},"required":["city"],"title":"City"}}}`

func chatFormat(schema string) string {
	return `"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":` + schema + `}}`
}

// TestSchemas asks for one answer after another within a schema: those of the
// schema pass, and others are errors.
func TestSchemas(t *testing.T) {
	for _, tt := range []struct {
		schema    string
		good, bad []string
	}{
		{person, []string{
			`{"name":"Ann","age":7,"home":null}`, `{"name":"\"","age":null,"tags":[],"home":{"city":"Seoul"}}`,
			`{"name":"猫","age":0,"tags":["a",3],"home":{"city":"Seoul"},"ok":true}`,
		}, []string{
			`{}`, `{"name":"","age":7,"home":null}`, `{"name":"Ann","age":-7,"home":null}`, `{"age":7,"name":"Ann","home":null}`,
			`{"name":"Ann","age":7,"home":{"city":"Paris"}}`, `{"name":"Ann","age":7,"home":null,"x":1}`,
			`{"name":"Ann","age":7,"tags":["a","b","a"],"home":null}`, `{ "name":"Ann","age":7,"home":null}`,
		}},
		{`{"type":"array","items":{"type":"integer","minimum":-1,"maximum":11},"minItems":1}`, []string{`[-1]`, `[0,11]`}, []string{`[]`, `[12]`, `[-2]`, `[1.5]`}},
		{`{"type":"string","pattern":"^[A-Z]{2}-\\d+$"}`, []string{`"AB-1"`}, []string{`"AB-"`, `"xAB-1"`}},
		{`{"type":"string","format":"date"}`, []string{`"2026-11-28"`}, []string{`"28 November"`}},
		{`{"type":"number"}`, []string{`-0.5`, `12`}, []string{`1e5`, `"1"`}},
		{`{"type":"integer","enum":[1,20]}`, []string{`1`, `20`}, []string{`2`}},
		{`{"const":{ "a" : [1] }}`, []string{`{"a":[1]}`}, []string{`{"a":[2]}`}},
		{`{"allOf":[{"type":"null"}]}`, []string{`null`}, []string{`0`}},
		{`{"type":"object"}`, []string{`{}`, `{"a":{"b":[1]}}`}, []string{`[]`, `{"a":1,"a":2}`}},
		{`{"type":"array"}`, []string{`[]`, `[{"b":[1]}]`}, []string{`{}`}},
		{`{"type":"object","additionalProperties":false}`, []string{`{}`}, []string{`{"a":1}`}},
	} {
		for i, text := range append(tt.good, tt.bad...) {
			for _, body := range []struct{ path, body string }{
				{"/v1/chat/completions", with(chatFormat(tt.schema))},
				{"/v1/chat/completions", with(`"structured_outputs":{"json":` + tt.schema + `}`)},
				{"/v1/chat/completions", with(`"structured_outputs":{"json":` + quote(tt.schema) + `}`)},
				{"/v1/responses", `{"input":"a","text":{"format":{"type":"json_schema","name":"x","schema":` + tt.schema + `}}}`},
			} {
				s := serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(" " + text), ChunkSize: 3})
				status, answer := s.postTo(t, body.path, body.body)
				if want := map[bool]int{true: 200, false: 502}[i < len(tt.good)]; status != want || status == 200 && !strings.Contains(answer, strings.Trim(quote(text), `"`)) {
					t.Errorf("%s: %s: %d %s", body.body, text, status, answer)
				}
				s.Close()
			}
		}
	}
}

// TestDrawnSchemas draws replies from pocket within a schema, at a temperature at
// which it would say anything, in every layout, whole and streamed.
func TestDrawnSchemas(t *testing.T) {
	for _, layout := range []assistant.Layout{assistant.Dialogue, assistant.Headings} {
		p := assistant.Helpful()
		p.Layout = layout
		s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: p, Params: sampling.Params{MaxTokens: 60, Temperature: 1.5}})
		whole, cut := 0, 0
		for seed := range 5 {
			body := with(fmt.Sprintf(`"seed":%d,%s`, seed+1, chatFormat(person)))
			status, text := s.post(t, body)
			if status != 200 {
				t.Fatalf("%d %s", status, text)
			}
			c := decode(t, text).Choices[0]
			if streamed, finish := s.streamed(t, body); streamed != c.Message.Content || finish != *c.FinishReason {
				t.Errorf("streamed %q, whole %q", streamed, c.Message.Content)
			}
			if *c.FinishReason == "length" {
				cut++
				continue
			}
			whole++
			var v struct {
				Name string           `json:"name"`
				Age  *json.Number     `json:"age"`
				Tags []any            `json:"tags"`
				Home *json.RawMessage `json:"home"`
				OK   bool             `json:"ok"`
			}
			if err := strictjson.Decode([]byte(c.Message.Content), &v); err != nil || v.Name == "" {
				t.Errorf("%q: %v", c.Message.Content, err)
			}
		}
		if whole == 0 {
			t.Errorf("%v: all %d were cut", layout, cut)
		}
	}
}

// TestRefusedSchemas names the place of what is not in the part of JSON Schema
// that can be enforced. Nothing is sent.
func TestRefusedSchemas(t *testing.T) {
	script := &samplingtest.Script{}
	s := serveScript(t, script)
	props := func(s string) string { return `{"type":"object","properties":{"a":` + s + `}}` }
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	laughs := `{"$ref":"#/$defs/a0","$defs":{`
	for i := range 12 {
		laughs += fmt.Sprintf(`"a%d":{"anyOf":[%s]},`, i, many(10, fmt.Sprintf(`{"$ref":"#/$defs/a%d"}`, i+1)))
	}
	laughs += `"a12":{"type":"null"}}}`
	var wide strings.Builder
	for i := range 101 {
		fmt.Fprintf(&wide, `,"a%d":{"type":"null"}`, i)
	}
	for schema, path := range map[string]string{
		`5`:                                      "",
		`{}`:                                     "",
		`true`:                                   "",
		`{"type":"strnig"}`:                      ".type",
		`{"type":5}`:                             ".type",
		`{"type":"string","pattern":"(?=a)"}`:    ".pattern",
		`{"type":"string","pattern":"\\bone"}`:   ".pattern",
		`{"type":"string","format":"idn-email"}`: ".format",
		`{"type":"string","pattern":"a","maxLength":3}`: ".maxLength",
		`{"type":"string","minLength":3,"maxLength":2}`: ".maxLength",
		`{"type":"string","minLength":-1}`:              ".minLength",
		`{"type":"string","maxLength":100000}`:          "",
		`{"type":"string","minItems":3}`:                ".minItems",
		`{"type":"number","minimum":0}`:                 ".minimum",
		`{"type":"integer","minimum":5}`:                "",
		`{"type":"integer","minimum":5,"maximum":4}`:    ".maximum",
		`{"type":"integer","multipleOf":5}`:             ".multipleOf",
		`{"type":"integer","exclusiveMinimum":5}`:       ".exclusiveMinimum",
		`{"enum":[]}`:                                              ".enum",
		`{"type":"string","enum":["a",1]}`:                         ".type",
		`{"enum":["a"],"minLength":1}`:                             ".minLength",
		`{"type":"string","enum":["a"],"minLength":1}`:             ".minLength",
		`{"oneOf":[{"type":"null"}]}`:                              ".oneOf",
		`{"not":{"type":"null"}}`:                                  ".not",
		`{"anyOf":[]}`:                                             ".anyOf",
		`{"anyOf":[{"type":"null"},{}]}`:                           ".anyOf[1]",
		`{"anyOf":[{"type":"null"}],"type":"null"}`:                ".type",
		`{"allOf":[{"type":"null"},{"type":"null"}]}`:              ".allOf",
		`{"type":"object","patternProperties":{}}`:                 ".patternProperties",
		`{"type":"object","required":["b"]}`:                       ".required",
		`{"type":"object","additionalProperties":{"type":"null"}}`: ".additionalProperties",
		props(`{"type":"array","items":{"type":"x"}}`):             ".properties.a.items.type",
		props(`{"type":"array","uniqueItems":true}`):               ".properties.a.uniqueItems",
		`{"$ref":"#/$defs/a"}`:                                     ".$ref",
		`{"$ref":"http://example.org/a"}`:                          ".$ref",
		`{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"}}}}`: "*",
		laughs: "*",
		`{"type":"object","properties":{"b":{"type":"null"}` + wide.String() + `}}`:                  ".properties",
		strings.Repeat(`{"type":"array","items":`, 20) + `{"type":"null"}` + strings.Repeat(`}`, 20): "*",
		`{"type":"null","type":"null"}`: ".type",
	} {
		status, text := s.post(t, with(chatFormat(schema)))
		e := decode(t, text).Error
		if status != 400 || e.Param == nil {
			t.Errorf("%.200s: %d %s", schema, status, text)
			continue
		}
		if want := "response_format.json_schema.schema" + path; path != "*" && *e.Param != want || !strings.HasPrefix(*e.Param, "response_format.json_schema.schema") || len(text) > 1500 {
			t.Errorf("%.200s: %q, want %q: %.500s", schema, *e.Param, want, text)
		}
	}
	for format, param := range map[string]string{
		`{}`:                                "response_format.type",
		`"json_object"`:                     "response_format",
		`{"type":"xml"}`:                    "response_format.type",
		`{"type":"json_schema"}`:            "response_format",
		`{"type":"json_object","x":1}`:      "response_format.x",
		`{"type":"json_schema","schema":5}`: "response_format.schema",
		`{"type":"text","type":"text"}`:     "response_format.type",
	} {
		status, text := s.post(t, with(`"response_format":`+format))
		if e := decode(t, text).Error; status != 400 || e.Param == nil || *e.Param != param {
			t.Errorf("%s: %d %s", format, status, text)
		}
	}
	if status, text := s.postTo(t, "/v1/responses", `{"input":"a","text":{"format":{"type":"json_schema","schema":{"type":"x"}}}}`); status != 400 || *decode(t, text).Error.Param != "text.format.schema.type" {
		t.Errorf("%d %s", status, text)
	}
}

// TestJSONObject asks for any JSON object.
func TestJSONObject(t *testing.T) {
	for text, want := range map[string]int{`{}`: 200, `{"a":[1,{"b":null}]}`: 200, `[1]`: 502, `{"a":1`: 502, `{"a":1,"a":2}`: 502, `Sure: {}`: 502, ``: 502} {
		s := serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(" " + text)})
		if status, answer := s.post(t, with(`"response_format":{"type":"json_object"}`)); status != want {
			t.Errorf("%q: %d %s", text, status, answer)
		}
	}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful(), Params: sampling.Params{MaxTokens: 100, Temperature: 1}})
	for seed := range 5 {
		status, text := s.post(t, with(fmt.Sprintf(`"seed":%d,"response_format":{"type":"json_object"}`, seed+1)))
		c := decode(t, text).Choices
		if status == 502 {
			continue // repeated names or a loop, said so
		}
		var v map[string]any
		if status != 200 || *c[0].FinishReason == "stop" && json.Unmarshal([]byte(c[0].Message.Content), &v) != nil {
			t.Errorf("%d %s", status, text)
		}
	}
	// A client's stop that cuts the JSON leaves no answer.
	s = serveScript(t, &samplingtest.Script{Answer: samplingtest.Always(` {"a":1}`), ChunkSize: 1})
	if status, text := s.post(t, with(`"stop":"1","response_format":{"type":"json_object"}`)); status != 502 {
		t.Errorf("%d %s", status, text)
	}
}
