package openai_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A constraint is written as the dialect has it, and closed with the first stop
// sequence.
func TestConstraintOnTheWire(t *testing.T) {
	labels := sampling.OneOf(" yes", " no")
	number, err := sampling.Matching(` [0-9]{1,3}`)
	if err != nil {
		t.Fatal(err)
	}
	regexOnly := openai.OpenAI.WithGrammar("", "guided.deep")
	choiceOnly := openai.OpenAI.WithGrammar("choices", "")
	for _, test := range []struct {
		dialect    openai.Dialect
		constraint sampling.Constraint
		stop       []string
		field      string
		want       string // "" where it is unsupported
	}{
		{openai.VLLM, labels, []string{"\n", "Q:"}, "structured_outputs", `{"choice":[" yes\n"," no\n"]}`},
		{openai.VLLM, labels, nil, "structured_outputs", `{"choice":[" yes"," no"]}`},
		{openai.VLLM, number, []string{"\n"}, "structured_outputs", `{"regex":" [0-9]{1,3}\\n"}`},
		{openai.SGLang, labels, []string{"\n"}, "regex", `" (no|yes)\\n"`},
		{openai.SGLang, number, nil, "regex", `" [0-9]{1,3}"`},
		{openai.LlamaCpp, labels, []string{"\n"}, "grammar", `"root ::= \" \" (\"no\" | \"yes\") \"\\n\"\n"`},
		{openai.LlamaCpp, number, []string{"\n"}, "grammar", `"root ::= \" \" [0-9]{1,3} \"\\n\"\n"`},
		{openai.OpenAI, labels, []string{"\n"}, "", ""},
		{openai.OpenAI, number, nil, "", ""},
		{regexOnly, labels, nil, "guided", `{"deep":" (no|yes)"}`},
		{choiceOnly, labels, nil, "choices", `[" yes"," no"]`},
		{choiceOnly, number, nil, "", ""},
	} {
		sent := ""
		b := overTransport(t, test.dialect, func(r *http.Request) (*http.Response, error) {
			raw, _ := io.ReadAll(r.Body)
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(raw, &fields); err != nil {
				t.Error(err)
			}
			sent = string(fields[test.field])
			return response(r, strings.NewReader(stream(said(" yes"), `{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`))), nil
		})
		_, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: "x", Stop: test.stop, Constraint: test.constraint})
		supported := test.want != ""
		if errors.Is(err, sampling.ErrUnsupported) == supported || sent != test.want {
			t.Errorf("%s %q: sent %s, want %s; %v", test.dialect.Name, test.constraint.Pattern(), sent, test.want, err)
		}
		if err := b.Constrains(test.constraint); (err == nil) != supported || err != nil && !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%s %q: Constrains says %v", test.dialect.Name, test.constraint.Pattern(), err)
		}
	}
}

// Log probabilities after a mask are not the model's.
func TestConstraintAndLogprobs(t *testing.T) {
	req := &sampling.Request{Prompt: "x", Constraint: sampling.OneOf("a"), Params: sampling.Params{Logprobs: true}}
	for _, test := range []struct {
		dialect openai.Dialect
		masked  bool
	}{{openai.VLLM, true}, {openai.SGLang, true}, {openai.LlamaCpp, false}} {
		b := overTransport(t, test.dialect, func(r *http.Request) (*http.Response, error) {
			return response(r, strings.NewReader(stream(`{"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[-1]},"finish_reason":"stop"}]}`))), nil
		})
		c, err := sampling.Model{Backend: b}.Complete(t.Context(), req)
		if errors.Is(err, sampling.ErrUnsupported) != test.masked || !test.masked && (err != nil || len(c.Tokens) != 1) {
			t.Errorf("%s: %+v, %v", test.dialect.Name, c, err)
		}
	}
}

// A server that ignores a constraint gives no answer, streamed, whole or drawn.
func TestIgnoredConstraint(t *testing.T) {
	free := stream(said(" maybe"), said(" not"), `{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`)
	req := &sampling.Request{Prompt: "x", Stop: []string{"\n"}, Constraint: sampling.OneOf(" yes", " no"), Params: sampling.Params{Temperature: 1}}
	for how, body := range map[string]string{"streamed": free, "whole": `{"choices":[{"index":0,"text":" maybe not","finish_reason":"stop"}]}`} {
		for _, d := range []openai.Dialect{openai.VLLM, openai.SGLang, openai.LlamaCpp} {
			b := overTransport(t, d, func(r *http.Request) (*http.Response, error) { return response(r, strings.NewReader(body)), nil })
			if c, err := (sampling.Model{Backend: b}).Complete(t.Context(), req); !errors.Is(err, sampling.ErrConstraint) || c != nil && c.Reason != sampling.Unfinished {
				t.Errorf("%s, %s: %+v, %v", d.Name, how, c, err)
			}
			if all, err := (sampling.Model{Backend: b}).Draw(t.Context(), req, 2); err == nil || len(all) > 0 {
				t.Errorf("%s, %s: drew %+v, %v", d.Name, how, all, err)
			}
		}
	}
}

// The prompt cache is switched off where the dialect knows how.
func TestNoPromptCache(t *testing.T) {
	for _, d := range []openai.Dialect{openai.LlamaCpp, openai.VLLM, openai.OpenAI} {
		sent := ""
		b, err := openai.New(openai.Config{BaseURL: "http://model.test/v1", Model: "m", Key: sampling.NewSecret("k"), Dialect: d, NoPromptCache: true,
			HTTPClient: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				raw, _ := io.ReadAll(r.Body)
				sent = string(raw)
				return response(r, strings.NewReader(stream(said("a"), ended))), nil
			})}})
		if !d.CanSkipPromptCache() {
			if !errors.Is(err, sampling.ErrUnsupported) {
				t.Errorf("%s: %v", d.Name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (sampling.Model{Backend: b}).Complete(t.Context(), &sampling.Request{Prompt: "x"}); err != nil || !strings.Contains(sent, `"cache_prompt":false`) {
			t.Errorf("%s: sent %s, %v", d.Name, sent, err)
		}
	}
}
