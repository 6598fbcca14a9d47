package openai_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// tops are the texts and log probabilities of the likeliest tokens.
func tops(tokens []sampling.Token) (all []string) {
	for _, token := range tokens {
		all = append(all, fmt.Sprintf("%s %v", token.Text, token.Logprob))
	}
	return all
}

// The likeliest tokens are an object keyed by text at most servers, in which
// several tokens may have one text, and the drawn one may be missing.
func TestTopLogprobs(t *testing.T) {
	for _, test := range []struct {
		why, logprobs, text string
		top                 int
		want                []string
		drawn               string
	}{
		{"a later, unlikely token of the same text", `{"tokens":[" false"],"token_logprobs":[-0.2],"top_logprobs":[{" false":-0.2," true":-2," false":-9}]}`, " false", 3, []string{" false -0.2", " true -2"}, " false"},
		{"the drawn one by another's number", `{"tokens":[" false"],"token_logprobs":[-0.2],"top_logprobs":[{" true":-2," false":-9}]}`, " false", 3, []string{" false -0.2", " true -2"}, " false"},
		{"two others of the same text", `{"tokens":[" false"],"token_logprobs":[-0.2],"top_logprobs":[{" true":-2," no":-3," true":-9}]}`, " false", 5, []string{" false -0.2", " true -2", " no -3"}, " false"},
		{"the drawn one left out", `{"tokens":[" false"],"token_logprobs":[-0.2],"top_logprobs":[{" true":-2}]}`, " false", 2, []string{" false -0.2", " true -2"}, " false"},
		{"the drawn one is unlikely", `{"tokens":[" odd"],"token_logprobs":[-7],"top_logprobs":[{" true":-0.1," false":-2}]}`, " odd", 2, []string{" true -0.1", " false -2"}, " odd"},
		{"unfinished runes have no text", `{"tokens":[" a"],"token_logprobs":[-1],"top_logprobs":[{"":-0.5," a":-1,"":-2}]}`, " a", 3, []string{" a -1"}, " a"},
		{"nulls", `{"tokens":[" a"],"token_logprobs":[-1],"top_logprobs":[{" b":null," a":-1}]}`, " a", 3, []string{" a -1"}, " a"},
		{"none of them", `{"tokens":[" a"],"token_logprobs":[-1],"top_logprobs":[null]}`, " a", 3, nil, " a"},
		{"rounding", `{"tokens":[" a"],"token_logprobs":[1e-7],"top_logprobs":[{" a":1e-7}]}`, " a", 1, []string{" a 0"}, " a"},
		{"GPT-2's spelling", `{"tokens":["Ġowl"],"token_logprobs":[-0.5],"top_logprobs":[{"Ġowl":-0.5,"Ċ":-1,"ĠcafÃ©":-3}]}`, " owl", 5, []string{" owl -0.5", "\n -1", " café -3"}, " owl"},
		{"SentencePiece's", `{"tokens":["▁owl"],"token_logprobs":[-0.5],"top_logprobs":[{"▁owl":-0.5,"<0x0A>":-1,"▁é":-3}]}`, " owl", 5, []string{" owl -0.5", "\n -1", " é -3"}, " owl"},
		{"only the others are spelled", `{"tokens":["owl"],"token_logprobs":[-0.5],"top_logprobs":[{"owl":-0.5,"Ġowl":-1}]}`, "owl", 5, []string{"owl -0.5", " owl -1"}, "owl"},
		{"a text with such a letter", `{"tokens":["Ġgantija"],"token_logprobs":[-0.5],"top_logprobs":[{"Ġgantija":-0.5,"x":-1}]}`, "Ġgantija", 5, []string{"Ġgantija -0.5", "x -1"}, "Ġgantija"},
		{"and one beside a space", `{"tokens":[" x"],"token_logprobs":[-0.5],"top_logprobs":[{" x":-0.5,"Ġ":-1}]}`, " x", 5, []string{" x -0.5", "Ġ -1"}, " x"},
		{"a pair of escapes", `{"tokens":["\ud83d\ude00"],"token_logprobs":[-1],"top_logprobs":[{"\ud83d\ude00":-1}]}`, "😀", 3, []string{"😀 -1"}, "😀"},
		{"no others asked for", `{"tokens":[" a"],"token_logprobs":[-1],"top_logprobs":[{" a":-1}]}`, " a", 0, nil, " a"},
	} {
		event := fmt.Sprintf(`{"choices":[{"index":0,"text":%s,"logprobs":%s,"finish_reason":"length"}]}`, rawString(test.text), test.logprobs)
		for how, body := range map[string]string{"streamed": stream(event), "whole": event} {
			d := openai.VLLM
			c, err := asked(t, d, body, sampling.Request{Params: sampling.Params{Logprobs: true, TopLogprobs: test.top}})
			if err != nil || len(c.Tokens) != 1 || c.Tokens[0].Text != test.drawn || !reflect.DeepEqual(tops(c.Tokens[0].Top), test.want) {
				t.Errorf("%s, %s: %+v, %v; want %q with %q", test.why, how, c.Tokens, err, test.drawn, test.want)
			}
		}
	}
}

// The token that ends the text is not one of the text's.
func TestEndTokenIsLeftOut(t *testing.T) {
	probs := func(tokens ...string) string {
		list, values := "", ""
		for i, token := range tokens {
			if i > 0 {
				list, values = list+",", values+","
			}
			list, values = list+rawString(token), values+fmt.Sprint(-math.Ln2)
		}
		return `{"tokens":[` + list + `],"token_logprobs":[` + values + `]}`
	}
	for _, test := range []struct {
		why, body string
		want      int
	}{
		{"whole, by name", `{"choices":[{"index":0,"text":"a b","logprobs":` + probs("a", " b", "<|im_end|>") + `,"finish_reason":"stop"}]}`, 2},
		{"whole, without text", `{"choices":[{"index":0,"text":"a b","logprobs":` + probs("a", " b", "") + `,"finish_reason":"stop"}]}`, 2},
		{"whole, not listed", `{"choices":[{"index":0,"text":"a b","logprobs":` + probs("a", " b") + `,"finish_reason":"stop"}]}`, 2},
		{"nothing but the end", `{"choices":[{"index":0,"text":"","logprobs":` + probs("</s>") + `,"finish_reason":"stop"}]}`, 0},
		{"the token limit", `{"choices":[{"index":0,"text":"a b","logprobs":` + probs("a", " b") + `,"finish_reason":"length"}]}`, 2},
		{"streamed, with the last event", stream(
			`{"choices":[{"index":0,"text":"a","logprobs":`+probs("a")+`}]}`,
			`{"choices":[{"index":0,"text":"","logprobs":`+probs("<|im_end|>")+`,"finish_reason":"stop"}]}`), 1},
		{"streamed, before the last event", stream(
			`{"choices":[{"index":0,"text":"a","logprobs":`+probs("a")+`}]}`,
			`{"choices":[{"index":0,"text":"","logprobs":`+probs("")+`}]}`,
			`{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`), 1},
		{"streamed, a token without text amid the text", stream(
			`{"choices":[{"index":0,"text":"a","logprobs":`+probs("a")+`}]}`,
			`{"choices":[{"index":0,"text":"","logprobs":`+probs("")+`}]}`,
			`{"choices":[{"index":0,"text":"b","logprobs":`+probs("b")+`}]}`,
			`{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`), 3},
		{"streamed, without text before the token limit", stream(
			`{"choices":[{"index":0,"text":"a","logprobs":`+probs("a")+`}]}`,
			`{"choices":[{"index":0,"text":"","logprobs":`+probs("")+`}]}`,
			`{"choices":[{"index":0,"text":"","finish_reason":"length"}]}`), 2},
	} {
		c, err := asked(t, openai.VLLM, test.body, sampling.Request{Params: sampling.Params{Logprobs: true}})
		if err != nil || len(c.Tokens) != test.want {
			t.Errorf("%s: %+v, %v; want %d tokens", test.why, c, err, test.want)
		}
	}
}
