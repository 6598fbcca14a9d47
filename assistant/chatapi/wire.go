package chatapi

import (
	"math"

	"github.com/foreword-go/foreword/sampling"
)

// The types of the answers. go-openai's are used for the roles, the finish reasons
// and the usage. Its others are made for reading answers. Written, they lack an
// empty content, a null refusal and a log probability of 0, have the bytes of a
// token in base 64, and add fields of other vendors.

type errorBody struct {
	Error errorObject `json:"error"`
}

type errorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

type modelList struct {
	Object string        `json:"object"`
	Data   []modelObject `json:"data"`
}

type modelObject struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

type chatLogprobs struct {
	Content []tokenLogprob `json:"content"`
	Refusal []tokenLogprob `json:"refusal"` // null
}

type tokenLogprob struct {
	Token   string       `json:"token"`
	Logprob float64      `json:"logprob"`
	Bytes   []int        `json:"bytes"`
	Top     []topLogprob `json:"top_logprobs"`
}

type topLogprob struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// noLogprob is the value for a token of probability 0, since JSON has no
// infinity. OpenAI's own server sends the same.
const noLogprob = -9999

func finite(logprob float64) float64 {
	if logprob >= noLogprob && logprob <= math.MaxFloat64 {
		return logprob
	}
	return noLogprob
}

// chatLogprobs returns what the request wants to know about tokens.
func (r *request) chatLogprobs(tokens []sampling.Token) *chatLogprobs {
	if !r.params.Logprobs {
		return nil
	}
	return &chatLogprobs{Content: r.tokenLogprobs(tokens)}
}

func (r *request) tokenLogprobs(tokens []sampling.Token) []tokenLogprob {
	list := make([]tokenLogprob, len(tokens))
	for i, t := range tokens {
		top := t.Top[:min(len(t.Top), r.topLogprobs)]
		list[i] = tokenLogprob{Token: t.Text, Logprob: finite(t.Logprob), Bytes: bytesOf(t.Text), Top: make([]topLogprob, len(top))}
		for j, a := range top {
			list[i].Top[j] = topLogprob{Token: a.Text, Logprob: finite(a.Logprob), Bytes: bytesOf(a.Text)}
		}
	}
	return list
}

// bytesOf is a token's bytes as numbers. A token need not be valid UTF-8, and
// then its text in JSON is not what it is.
func bytesOf(text string) []int {
	b := make([]int, len(text))
	for i := range len(text) {
		b[i] = int(text[i])
	}
	return b
}
