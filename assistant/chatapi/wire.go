package chatapi

import (
	"math"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

// The types of the answers. go-openai's serve where they write what OpenAI's
// own server writes: the roles, the reasons to finish and the usage. Its others
// are made for reading answers. Written, they lack an empty content, a null
// refusal and a log probability of 0, have the bytes of a token in base 64 and
// add the fields of other vendors; and from a request they cannot tell a
// temperature of 0 from none.

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

// A completion is a whole answer, or with object "chat.completion.chunk" one
// event of a streamed one.
type completion struct {
	ID      string        `json:"id"`
	Object  string        `json:"object"`
	Created int64         `json:"created"`
	Model   string        `json:"model"`
	Choices []choice      `json:"choices"`
	Usage   *openai.Usage `json:"usage,omitempty"`
}

type choice struct {
	Index        int                 `json:"index"`
	Message      *message            `json:"message,omitempty"`
	Delta        *delta              `json:"delta,omitempty"`
	Logprobs     *logprobs           `json:"logprobs"`
	FinishReason openai.FinishReason `json:"finish_reason"` // "" is null
}

type message struct {
	Role    string  `json:"role"`
	Content string  `json:"content"`
	Refusal *string `json:"refusal"`
}

type delta struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

type logprobs struct {
	Content []tokenLogprob `json:"content"`
	Refusal []tokenLogprob `json:"refusal"` // null
}

type tokenLogprob struct {
	Token   string         `json:"token"`
	Logprob float64        `json:"logprob"`
	Bytes   []int          `json:"bytes"`
	Top     []alternatives `json:"top_logprobs"`
}

type alternatives struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// noLogprob stands for a token whose probability is 0, of which JSON knows no
// logarithm. OpenAI's own server sends the same.
const noLogprob = -9999

func finite(logprob float64) float64 {
	if logprob >= noLogprob && logprob <= math.MaxFloat64 {
		return logprob
	}
	return noLogprob
}

// logprobs returns what the request wants to know about tokens.
func (r *request) logprobs(tokens []sampling.Token) *logprobs {
	if !r.wantLogprobs {
		return nil
	}
	list := make([]tokenLogprob, len(tokens))
	for i, t := range tokens {
		top := t.Top[:min(len(t.Top), r.topLogprobs)]
		list[i] = tokenLogprob{Token: t.Text, Logprob: finite(t.Logprob), Bytes: bytesOf(t.Text), Top: make([]alternatives, len(top))}
		for j, a := range top {
			list[i].Top[j] = alternatives{Token: a.Text, Logprob: finite(a.Logprob), Bytes: bytesOf(a.Text)}
		}
	}
	return &logprobs{Content: list}
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
