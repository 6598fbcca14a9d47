package eval

import (
	"context"
	"math"
	"strings"
	"unicode"

	"github.com/foreword-go/foreword/fewshot"
)

// A Metric scores an answer from 0, wrong, to 1, right. An error or another score
// ends the evaluation. Metrics are called from one goroutine. A Metric gets the
// whole case, so that another model can be the judge.
type Metric[In, Out any] func(ctx context.Context, c fewshot.Example[In, Out], got Out) (float64, error)

// Exact is right when the answer is the expected one.
func Exact[In any, Out comparable](_ context.Context, c fewshot.Example[In, Out], got Out) (float64, error) {
	if c.Out == got {
		return 1, nil
	}
	return 0, nil
}

// Loose ignores letter case, and all but letters and digits. An expected answer
// without any is compared as it is.
func Loose[In any](_ context.Context, c fewshot.Example[In, string], got string) (float64, error) {
	want, read := letters(c.Out), letters(got)
	if want == "" {
		want, read = strings.TrimSpace(c.Out), strings.TrimSpace(got)
	}
	if want == read {
		return 1, nil
	}
	return 0, nil
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Wilson returns the 95 % score interval of Wilson (1927) for a share of n cases.
// It stays within 0 and 1, and holds for few cases and for shares near the ends.
func Wilson(share float64, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // the 97.5 % point of the normal distribution
	count := float64(n)
	centre := share + z*z/(2*count)
	margin := z * math.Sqrt(share*(1-share)/count+z*z/(4*count*count))
	scale := 1 + z*z/count
	return max((centre-margin)/scale, 0), min((centre+margin)/scale, 1)
}
