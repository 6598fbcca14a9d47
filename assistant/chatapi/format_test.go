package chatapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestStructuredOutputs asks for completions within vLLM's constraints.
func TestStructuredOutputs(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}})
	for range 5 {
		a := s.complete(t, `{"prompt":"The sky is","temperature":1.5,"n":4,"structured_outputs":{"choice":[" blue"," green"]}}`)
		for _, c := range a.Choices {
			if !slices.Contains([]string{" blue", " green"}, c.Text) {
				t.Errorf("%+v", c)
			}
		}
	}
	object := s.complete(t, `{"prompt":"The sky is","max_tokens":200,"structured_outputs":{"json_object":true}}`).Choices[0]
	if !strings.HasPrefix(object.Text, "{") {
		t.Errorf("%+v", object)
	}
	for body, param := range map[string]string{
		`{"choice":[]}`:                  "structured_outputs.choice",
		`{"choice":["a","a"]}`:           "structured_outputs.choice",
		`{"choice":5}`:                   "structured_outputs.choice",
		`{"regex":"("}`:                  "structured_outputs.regex",
		`{"regex":"a{1000}{1000}"}`:      "structured_outputs.regex",
		`{"regex":"(?=a)b"}`:             "structured_outputs.regex",
		`{"grammar":"root ::= \"a\""}`:   "structured_outputs.grammar",
		`{"regex":"a","choice":["b"]}`:   "structured_outputs.choice",
		`{"regex":"a","regex":"b"}`:      "structured_outputs.regex",
		`"private-words-51d7"`:           "structured_outputs",
		`{"choice":["one stop here"]}`:   "structured_outputs.choice",
		`{"structural_tag":{"a":[1,2]}}`: "structured_outputs.structural_tag",
	} {
		status, text := s.postTo(t, "/v1/completions", `{"prompt":"a","stop":" stop","structured_outputs":`+body+`}`)
		if e := decode(t, text).Error; status != 400 || e.Param == nil || *e.Param != param {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
}

// TestConstraintViolated has a backend that claims to enforce the constraint, and
// does not. No text that leaves it reaches the client, whole or streamed.
func TestConstraintViolated(t *testing.T) {
	for _, size := range []int{0, 1, 3} {
		script := &samplingtest.Script{Answer: samplingtest.Always(" private-words-51d7"), ChunkSize: size}
		s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}})
		body := `{"prompt":"a","structured_outputs":{"regex":" [0-9]+"}}`
		status, text := s.postTo(t, "/v1/completions", body)
		if status != 502 || *decode(t, text).Error.Code != "constraint_violated" || strings.Contains(text, "private") {
			t.Errorf("%d %s", status, text)
		}
		_, text = s.postTo(t, "/v1/completions", strings.TrimSuffix(body, "}")+`,"stream":true}`)
		if !strings.Contains(text, "constraint_violated") || strings.Contains(text, "private") || strings.Contains(text, "[DONE]") {
			t.Errorf("%s", text)
		}
	}
	// A backend that cannot constrain is not asked.
	script := &samplingtest.Script{}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: sampling.BackendFunc(script.Sample)}})
	status, text := s.postTo(t, "/v1/completions", `{"prompt":"a","structured_outputs":{"choice":["a"]}}`)
	if e := decode(t, text).Error; status != 400 || *e.Code != "unsupported_parameter" || *e.Param != "structured_outputs.choice" || len(script.Calls()) > 0 {
		t.Errorf("%d %s", status, text)
	}
}
