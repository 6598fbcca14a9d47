package ollama_test

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A tiny model: what comes next depends on the two tokens before, by a hash, so
// that it is the same everywhere and has no answers planted.

// vocabulary holds the tokens that can be drawn. One is half of a rune.
var vocabulary = []string{
	" a", " the", " dog", " cat", " ran", " sat", " and", " then", " little", " girl", " named", " L", "ily", " p", "lay", "ed",
	".", ",", "\n", " é", "t\xc3", "\xa9", " she", " was",
}

const (
	eos = 1000 // drawn, never written
	bos = 1001 // before every prompt
)

// tokenize takes the longest token that fits, and a byte where none does.
func tokenize(text string) (ids []int) {
	for len(text) > 0 {
		best := -1
		for id, piece := range vocabulary {
			if strings.HasPrefix(text, piece) && (best < 0 || len(piece) > len(vocabulary[best])) {
				best = id
			}
		}
		if best < 0 {
			ids = append(ids, 2000+int(text[0]))
			text = text[1:]
			continue
		}
		ids = append(ids, best)
		text = text[len(vocabulary[best]):]
	}
	return ids
}

// distribution returns the logits of the tokens that may come next.
func distribution(ids []int) []sampling.Candidate {
	hash := uint64(14695981039346656037)
	for _, id := range ids[max(0, len(ids)-2):] {
		hash = (hash ^ uint64(id)) * 1099511628211
	}
	candidates := make([]sampling.Candidate, 0, len(vocabulary)+1)
	for id := range vocabulary {
		candidates = append(candidates, sampling.Candidate{ID: id, Logprob: logit(hash, id)})
	}
	return append(candidates, sampling.Candidate{ID: eos, Logprob: -3})
}

// logit is between 0 and 4, a few of them well above the rest.
func logit(hash uint64, id int) float64 {
	h := (hash ^ uint64(id)*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	h ^= h >> 32
	return 4 * math.Pow(float64(h%10007)/10007, 3)
}

// A probability is one token's log probability with those of the most likely
// ones in its place, as Ollama writes it.
type probability struct {
	alternative
	Top []alternative `json:"top_logprobs,omitempty"`
}

type alternative struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// probabilities turns logits into what is reported for the token id.
func probabilities(id int, logits []sampling.Candidate, top int) (p probability) {
	sum := 0.0
	for _, c := range logits {
		sum += math.Exp(c.Logprob)
	}
	slices.SortFunc(logits, func(a, b sampling.Candidate) int {
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.ID, b.ID))
	})
	for i, c := range logits {
		text := "</s>"
		if c.ID != eos {
			text = vocabulary[c.ID]
		}
		one := alternative{Token: text, Logprob: c.Logprob - math.Log(sum)}
		for _, b := range []byte(text) {
			one.Bytes = append(one.Bytes, int(b))
		}
		if c.ID == id {
			p.alternative = one
		}
		if i < top {
			p.Top = append(p.Top, one)
		}
	}
	return p
}
