package fewshot

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// VoteOptions are the options of [Prompter.Vote].
type VoteOptions[Out any] struct {
	// Samples is how many answers are drawn at most; 0 is 10.
	Samples int

	// Key groups answers: two agree when their keys are equal. nil is the answer's
	// text in the Task's Out codec.
	Key func(Out) string
}

// A Candidate is one distinct answer.
type Candidate[Out any] struct {
	Value Out // the first answer that had this key
	Votes int
}

// Votes are the result of a vote.
type Votes[Out any] struct {
	Value      Out     // the winner; of two with equal votes, the one drawn first
	Share      float64 // its votes as a share of the samples drawn, 0 to 1
	Candidates []Candidate[Out]
	Samples    int // drawn; fewer than asked for once the majority is settled
	Prompt     *Prompt
}

// Vote draws several answers to one input and returns the most frequent one:
// self-consistency (Wang et al. 2022). Params.Temperature must be above 0, since
// greedy samples are all the same. It stops early once no other answer can catch up.
//
// An answer that cannot be parsed counts as a sample without a vote. When the model
// fails, Vote returns the votes so far with the error. A vote without any valid
// answer is an error too.
func (p *Prompter[In, Out]) Vote(ctx context.Context, m sampling.Model, in In, o VoteOptions[Out]) (*Votes[Out], error) {
	n := cmp.Or(o.Samples, 10)
	if n < 0 {
		return nil, mistake("VoteOptions.Samples is %d; use 0 for 10, or a positive number", n)
	}
	params := p.params
	if params.Temperature == 0 && n > 1 {
		return nil, mistake("voting at Temperature 0, where all samples are alike; set Task.Params.Temperature, to 0.7 for example")
	}
	prompt, err := p.Prompt(ctx, m, in)
	if err != nil {
		return nil, err
	}
	if params.Seed == 0 {
		params.Seed = rand.Uint64N(1<<30) + 1 // so that each batch goes on where the last ended
	}
	v := &Votes[Out]{Prompt: prompt}
	var keys []string // of the candidates
	var invalid, failed error
	for failed == nil && v.Samples < n {
		batch := v.toSettle(n - v.Samples)
		if batch == 0 {
			break
		}
		request := prompt.Request(params)
		request.Params.Seed = seeds.At(params.Seed, v.Samples)
		var drawn []*sampling.Completion
		drawn, failed = m.Draw(ctx, request, batch)
		for _, c := range drawn {
			v.Samples++
			answer, err := p.Parse(c)
			if err != nil {
				invalid = err
				continue
			}
			key := p.key(answer, o.Key)
			i := slices.Index(keys, key)
			if i < 0 {
				i = len(keys)
				keys = append(keys, key)
				v.Candidates = append(v.Candidates, Candidate[Out]{Value: answer})
			}
			v.Candidates[i].Votes++
		}
	}
	v.elect()
	if failed == nil && len(v.Candidates) == 0 {
		failed = fmt.Errorf("fewshot: none of %d samples is a valid answer: %w", v.Samples, invalid)
	}
	return v, failed
}

// key returns what groups an answer with others.
func (p *Prompter[In, Out]) key(answer Out, key func(Out) string) string {
	if key != nil {
		return key(answer)
	}
	text, err := p.out.encode(answer)
	if err != nil { // a Codec that only reads
		return fmt.Sprintf("%#v", answer)
	}
	return text
}

// toSettle returns the least number of further samples, of those left, after
// which the majority can be settled; 0 when it is.
//
// Worked example: of 10, the leader has 4, the next 1, and 5 are left. After 2
// more for the leader it is 6 to 1 with 3 left, and nobody can catch up.
func (v *Votes[Out]) toSettle(left int) int {
	votes := []int{0, 0}
	for _, c := range v.Candidates {
		votes = append(votes, c.Votes)
	}
	slices.Sort(votes)
	second, first := votes[len(votes)-2], votes[len(votes)-1]
	if first > second+left {
		return 0
	}
	return min((second+left-first)/2+1, left)
}

// elect sorts the candidates by their votes and sets the winner. The sort is stable,
// so of equals the first wins.
func (v *Votes[Out]) elect() {
	slices.SortStableFunc(v.Candidates, func(a, b Candidate[Out]) int { return b.Votes - a.Votes })
	if len(v.Candidates) > 0 {
		v.Value = v.Candidates[0].Value
		v.Share = float64(v.Candidates[0].Votes) / float64(v.Samples)
	}
}
