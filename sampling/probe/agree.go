package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/words"
	"github.com/foreword-go/foreword/sampling"
)

// An Agreement says how far samples of one prompt agree.
type Agreement struct {
	Samples  []*sampling.Completion
	Variants []Variant // the different answers, the most common first
	Share    float64   // of the samples that have the most common answer, 0 to 1
}

// A Variant is an answer and how many samples have it.
type Variant struct {
	Text  string // in lower case
	Count int
}

// Agree draws n continuations of a request and measures how far they agree. A model
// that has read a fact repeats it; hallucinations differ. Params.Temperature 0 is 1
// here, since greedy samples are all alike.
//
// The answer is the words up to the first punctuation mark, in lower case. An
// answer that begins with all words of another is the same answer: "Paris",
// "Paris." and "Paris is the capital" agree.
//
// On an error Agree returns no Agreement, since too few samples look like agreement.
func Agree(ctx context.Context, m sampling.Model, req *sampling.Request, n int) (*Agreement, error) {
	if n < 2 {
		return nil, fmt.Errorf("%w: probe.Agree of %d samples; draw at least 2", sampling.ErrInvalid, n)
	}
	if req == nil {
		return nil, fmt.Errorf("%w: probe.Agree of a nil request; pass &sampling.Request{Prompt: ...}", sampling.ErrInvalid)
	}
	sampled := *req
	sampled.Params.Temperature = cmp.Or(req.Params.Temperature, 1)
	drawn, err := m.Draw(ctx, &sampled, n)
	if err != nil {
		return nil, err
	}
	a := &Agreement{Samples: drawn, Variants: variants(drawn)}
	a.Share = float64(a.Variants[0].Count) / float64(n)
	return a, nil
}

// answer returns the words of a text up to the first punctuation mark after a word.
// Hyphens, quotation marks, and marks between letters or digits do not end it.
func answer(text string) (answer string) {
	text = strings.TrimSpace(text)
	end := 0 // of the last word in the answer
	for w := range words.All(text) {
		joined := w.Start == end
		if answer != "" && strings.Contains(text[end:w.Start], "\n") {
			break
		}
		if mark, _ := utf8.DecodeRuneInString(w.Text); unicode.IsPunct(mark) {
			next, _ := utf8.DecodeRuneInString(text[w.End:])
			inside := joined && (unicode.IsLetter(next) || unicode.IsDigit(next))
			if answer == "" || !inside && strings.ContainsRune("-'\u2019\"\u201d", mark) {
				continue
			}
			if !inside {
				break
			}
		}
		if answer != "" && !joined {
			answer += " "
		}
		answer += strings.ToLower(w.Text)
		end = w.End
	}
	return answer
}

// variants counts the answers. Of equally common ones, the first sample's is first.
func variants(samples []*sampling.Completion) []Variant {
	answers := make([]string, len(samples))
	for i, c := range samples {
		answers[i] = answer(c.Text)
	}
	var list []Variant
	for _, full := range answers {
		text := full
		for _, other := range answers {
			if other != "" && len(other) < len(text) && strings.HasPrefix(full, other+" ") {
				text = other
			}
		}
		i := slices.IndexFunc(list, func(v Variant) bool { return v.Text == text })
		if i < 0 {
			i = len(list)
			list = append(list, Variant{Text: text})
		}
		list[i].Count++
	}
	slices.SortStableFunc(list, func(a, b Variant) int { return b.Count - a.Count })
	return list
}

// String returns the share and the variants as a table.
func (a *Agreement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d samples: %.0f %% the same answer\n", len(a.Samples), 100*a.Share)
	for _, v := range a.Variants {
		fmt.Fprintf(&b, "%4d  %s\n", v.Count, v.Text)
	}
	return b.String()
}
