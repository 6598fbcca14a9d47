package fewshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// Voting says how [Task.Vote] polls a model.
type Voting[Out any] struct {
	// Samples is how many answers are drawn at most; 0 is 10.
	Samples int

	// Key says which answers agree: those with the same key. nil takes an
	// answer's text in the Task's Out codec.
	Key func(Out) string

	// Decide is a rule other than the majority: it gets the answers, the one with
	// the most votes first, and returns the index of the one that wins; any other
	// number is an error. With a rule of its own a poll draws all Samples.
	Decide func([]Tally[Out]) int
}

// A Tally is one answer of a poll.
type Tally[Out any] struct {
	Value Out // the first answer that had this key
	Votes int
}

// A Poll is what the samples said.
type Poll[Out any] struct {
	Value   Out     // the answer that won; of two with as many votes, the one that came first
	Share   float64 // its votes as a share of the samples that were drawn, 0 to 1
	Tallies []Tally[Out]
	Samples int // drawn; fewer than asked for when the majority was settled before
	Failed  int // of them, those that were no answer
	Prompt  *Prompt
}

// Vote draws several answers to one input and returns the one that most of them
// agree on: self-consistency (Wang et al. 2022). Params.Temperature must be
// above 0, since greedy samples all agree. It stops early once no other answer
// can catch up, and draws no more at a time than could settle it.
//
// Answers that cannot be parsed count as samples without a vote. An error is
// returned when the model fails, together with the poll so far, or when no
// sample was an answer.
func (t *Task[In, Out]) Vote(ctx context.Context, m sampling.Model, in In, v Voting[Out]) (*Poll[Out], error) {
	n := cmp.Or(v.Samples, 10)
	if n < 0 {
		return nil, fmt.Errorf("fewshot: Voting.Samples is %d; use 0 for 10, or a positive number", n)
	}
	if t.Params.Temperature == 0 && n > 1 {
		return nil, errors.New("fewshot: voting at Temperature 0, where all samples are alike; set Task.Params.Temperature, to 0.7 for example")
	}
	prompt, err := t.Prompt(ctx, m, in)
	if err != nil {
		return nil, err
	}
	params := t.Params
	if params.Seed == 0 {
		params.Seed = rand.Uint64N(1<<30) + 1 // so that each batch goes on where the last ended
	}
	p := &poll[Out]{Poll: Poll[Out]{Prompt: prompt}, index: map[string]int{}, key: v.Key}
	if p.key == nil {
		p.key = func(out Out) string {
			text, err := t.Out.encode(out)
			if err != nil { // a Codec that only reads
				return fmt.Sprintf("%#v", out)
			}
			return text
		}
	}
	var last error
	for p.Samples < n {
		batch := n - p.Samples
		if v.Decide == nil {
			if batch = p.toSettle(n - p.Samples); batch == 0 {
				break
			}
		}
		request := prompt.Request(params)
		request.Params.Seed = sampling.SeedAt(params.Seed, p.Samples)
		drawn, err := m.Draw(ctx, request, batch)
		for _, c := range drawn {
			answer, err := t.Read(c)
			if err != nil {
				last = err
				p.Failed++
			} else {
				p.count(answer)
			}
			p.Samples++
		}
		if err != nil {
			return p.result(), err
		}
	}
	if len(p.Tallies) == 0 {
		return p.result(), fmt.Errorf("fewshot: none of %d samples is an answer: %w", p.Samples, last)
	}
	p.result()
	if v.Decide != nil {
		winner := v.Decide(slices.Clone(p.Tallies))
		if winner < 0 || winner >= len(p.Tallies) {
			return &p.Poll, fmt.Errorf("fewshot: Voting.Decide returned %d, which is no index of %d answers", winner, len(p.Tallies))
		}
		p.elect(winner)
	}
	return &p.Poll, nil
}

// A poll is a Poll that is going on.
type poll[Out any] struct {
	Poll[Out]
	key   func(Out) string
	index map[string]int // where a key's Tally is
}

func (p *poll[Out]) count(answer Out) {
	key := p.key(answer)
	i, ok := p.index[key]
	if !ok {
		i = len(p.Tallies)
		p.index[key] = i
		p.Tallies = append(p.Tallies, Tally[Out]{Value: answer})
	}
	p.Tallies[i].Votes++
}

// toSettle returns the least number of further samples, of those left, after
// which the majority can be settled; 0 when it is.
//
// Worked example: of 10, the leader has 4, the next 1, and 5 are left. After 2
// more for the leader it stands 6 to 1 with 3 left, and nobody can catch up.
func (p *poll[Out]) toSettle(left int) int {
	first, second := 0, 0
	for _, t := range p.Tallies {
		if t.Votes > first {
			first, second = t.Votes, first
		} else {
			second = max(second, t.Votes)
		}
	}
	if first > second+left {
		return 0
	}
	return min((second+left-first)/2+1, left)
}

// result decides the poll by the majority. The sort is stable, so that the first
// of equals wins.
func (p *poll[Out]) result() *Poll[Out] {
	slices.SortStableFunc(p.Tallies, func(a, b Tally[Out]) int { return b.Votes - a.Votes })
	if len(p.Tallies) > 0 {
		p.elect(0)
	}
	return &p.Poll
}

func (p *poll[Out]) elect(winner int) {
	p.Value = p.Tallies[winner].Value
	p.Share = float64(p.Tallies[winner].Votes) / float64(p.Samples)
}
