package llamacpp_test

import (
	"math"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

// TestScoreMerges scores continuations that begin alike: each beginning is read
// once, and the scores are those of each continuation by itself.
func TestScoreMerges(t *testing.T) {
	alone, together := open(t, llamacpp.Config{}), open(t, llamacpp.Config{})
	for i, continuations := range [][]string{
		{" very good", " very bad", " poor", " very", " very very dull", " poor"},
		{" a"}, {" a", " b", " c"}, {"", " one day", ""},
		{" once upon a time", " once upon a", " once upon", " once"},
		{"ly", " ly", "lylyly", "\n", "\n\n"},
	} {
		prompt := []string{"The film was", "Once upon a time there was a dog. It was"}[i%2]
		before := together.Decoded()
		got, err := together.Score(t.Context(), &sampling.Request{Prompt: prompt}, continuations)
		if err != nil {
			t.Fatal(err)
		}
		read := together.Decoded() - before
		beginnings := map[string]bool{}
		for j, continuation := range continuations {
			want, err := alone.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{continuation})
			if err != nil {
				t.Fatal(err)
			}
			tolerance := 0.02
			if !exact() {
				tolerance = 0.3
			}
			if len(got[j].Tokens) != len(want[0].Tokens) || math.Abs(got[j].Logprob-want[0].Logprob) > tolerance {
				t.Errorf("%q: %+v, and alone %+v", continuation, got[j], want[0])
			}
			text := ""
			for k, token := range got[j].Tokens {
				if token.Text != want[0].Tokens[k].Text {
					t.Errorf("%q: token %d is %q, and alone %q", continuation, k, token.Text, want[0].Tokens[k].Text)
				}
				if k > 0 {
					beginnings[text] = true
				}
				text += token.Text
			}
		}
		n, err := together.Count(t.Context(), prompt)
		if err != nil {
			t.Fatal(err)
		}
		// A continuation that joins the prompt's last token is read without it.
		if most := int64(n + len(beginnings) + 1); read > most {
			t.Errorf("%q: %d tokens were read; %d are in the prompt and the beginnings", continuations, read, most)
		}
	}
}
