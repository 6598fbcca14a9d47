package probe

import (
	"context"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// A Text is one of many that [Survey] examines.
type Text struct{ Name, Text string }

// A Finding is what came of one text.
type Finding struct {
	Name     string
	Recitals []*Recital // by prefix, as far as they were done
	Err      error      // why there are no more
}

// surveyedAtOnce is how many texts a Survey has under way.
const surveyedAtOnce = 4

// Survey runs [Recite] on many texts, four at a time, and returns a Finding for
// each, in their order. done, unless it is nil, is called after each text, from
// one goroutine at a time, with how many are done. When ctx ends, the texts that
// are left have its error.
func Survey(ctx context.Context, m sampling.Model, texts []Text, o Reciting, done func(n int, f Finding)) []Finding {
	findings := make([]Finding, len(texts))
	slots := make(chan struct{}, surveyedAtOnce)
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		nowDone int
	)
	for i := range texts {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f := Finding{Name: texts[i].Name}
			f.Recitals, f.Err = Recite(ctx, m, texts[i].Text, o)
			mu.Lock()
			defer mu.Unlock()
			findings[i] = f
			if nowDone++; done != nil {
				done(nowDone, f)
			}
		})
	}
	wg.Wait()
	return findings
}

// Extractable returns the share of the texts that the model recites to the end
// of what is compared, for each prefix length that any text allows: the curve of
// Carlini et al. 2023. Texts that failed do not count.
func Extractable(findings []Finding) map[int]float64 {
	right, all := map[int]int{}, map[int]int{}
	for _, f := range findings {
		for _, r := range f.Recitals {
			if all[r.Prefix]++; r.Extracted() {
				right[r.Prefix]++
			}
		}
	}
	shares := make(map[int]float64, len(all))
	for prefix, n := range all {
		shares[prefix] = float64(right[prefix]) / float64(n)
	}
	return shares
}
