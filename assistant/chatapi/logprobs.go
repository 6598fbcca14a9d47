package chatapi

import (
	"math"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// noLogprob is the value for a token of probability 0, since JSON has no
// infinity. OpenAI's own server sends the same.
const noLogprob = -9999

func finite(logprob float64) float64 {
	if logprob >= noLogprob && logprob <= math.MaxFloat64 {
		return logprob
	}
	return noLogprob
}

// tokenLogprobs returns the log probabilities of tokens, as chat completions and
// responses have them.
func (r *request) tokenLogprobs(tokens []sampling.Token) []object {
	list := make([]object, len(tokens))
	for i, t := range tokens {
		top := t.Top[:min(len(t.Top), r.topLogprobs)]
		tops := make([]object, len(top))
		for j, a := range top {
			tops[j] = tokenLogprob(a)
		}
		list[i] = tokenLogprob(t)
		list[i]["top_logprobs"] = tops
	}
	return list
}

func tokenLogprob(t sampling.Token) object {
	// A token need not be valid UTF-8, so JSON has its bytes too.
	bytes := make([]int, len(t.Text))
	for i := range len(t.Text) {
		bytes[i] = int(t.Text[i])
	}
	return object{"token": t.Text, "logprob": finite(t.Logprob), "bytes": bytes}
}

// textLogprobs returns the log probabilities of the next tokens of a completion.
func textLogprobs(tokens []sampling.Token, offset *int) object {
	texts, logprobs, tops, offsets := []string{}, []float64{}, []map[string]float64{}, []int{}
	for _, t := range tokens {
		top := map[string]float64{}
		for _, a := range t.Top {
			if at, ok := top[a.Text]; !ok || a.Logprob > at { // several tokens may have one text
				top[a.Text] = finite(a.Logprob)
			}
		}
		texts = append(texts, t.Text)
		logprobs = append(logprobs, finite(t.Logprob))
		tops = append(tops, top)
		offsets = append(offsets, *offset)
		*offset += utf8.RuneCountInString(t.Text)
	}
	return object{"tokens": texts, "token_logprobs": logprobs, "top_logprobs": tops, "text_offset": offsets}
}
