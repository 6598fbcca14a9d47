package sampling

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A Candidate is one token that could come next, for a backend that draws
// tokens itself.
type Candidate struct {
	ID      int     // the token in the backend's own vocabulary
	Logprob float64 // its natural log probability, or its logit: a common constant does not matter
}

// A Decoder draws tokens from distributions by a request's Params. It is what
// an in-process [Backend] uses, so that all of them read the parameters alike:
// penalties first, then temperature, top-k, top-p and min-p, each on what the
// one before it left.
//
// A Decoder keeps the tokens it has seen and its random state: make one for
// each continuation and use it from one goroutine.
type Decoder struct {
	params Params
	random *rand.Rand
	prompt map[int]bool // tokens of the prompt, kept when RepetitionPenalty is on
	drawn  map[int]int  // how often each token stands in the continuation
}

// NewDecoder returns a Decoder for one continuation. The same Params, Seed
// included, on the same candidates in the same order draw the same tokens.
func NewDecoder(p Params) *Decoder {
	return &Decoder{params: p, random: rand.New(rand.NewPCG(p.Seed, 0x666f7265776f7264))}
}

// Prompt tells the Decoder the tokens of the prompt, which RepetitionPenalty
// counts too.
func (d *Decoder) Prompt(ids []int) {
	if !d.repeats() {
		return
	}
	if d.prompt == nil {
		d.prompt = make(map[int]bool, len(ids))
	}
	for _, id := range ids {
		d.prompt[id] = true
	}
}

func (d *Decoder) repeats() bool {
	return d.params.RepetitionPenalty != 0 && d.params.RepetitionPenalty != 1
}

// Next draws the next token and remembers it. It reorders and overwrites
// candidates, which must hold each ID once, and returns the ID of the one drawn;
// false when there is no candidate with a probability above zero. Greedy
// decoding takes the smallest ID among equals, so that it is deterministic.
func (d *Decoder) Next(candidates []Candidate) (id int, ok bool) {
	candidates = slices.DeleteFunc(candidates, func(c Candidate) bool {
		return math.IsNaN(c.Logprob) || math.IsInf(c.Logprob, -1)
	})
	if len(candidates) == 0 {
		return 0, false
	}
	d.penalize(candidates)
	if d.params.Temperature == 0 {
		id = slices.MaxFunc(candidates, byLogprobThenID).ID
	} else {
		id = d.draw(d.truncate(candidates))
	}
	if d.drawn == nil {
		d.drawn = make(map[int]int)
	}
	d.drawn[id]++
	return id, true
}

func byLogprobThenID(a, b Candidate) int {
	return cmp.Or(cmp.Compare(a.Logprob, b.Logprob), cmp.Compare(b.ID, a.ID))
}

func (d *Decoder) penalize(candidates []Candidate) {
	p := &d.params
	if !d.repeats() && p.FrequencyPenalty == 0 && p.PresencePenalty == 0 {
		return
	}
	for i := range candidates {
		c := &candidates[i]
		n := d.drawn[c.ID]
		if d.repeats() && (n > 0 || d.prompt[c.ID]) {
			if c.Logprob > 0 {
				c.Logprob /= p.RepetitionPenalty
			} else {
				c.Logprob *= p.RepetitionPenalty
			}
		}
		if n > 0 {
			c.Logprob -= float64(n)*p.FrequencyPenalty + p.PresencePenalty
		}
	}
}

// truncate applies temperature, top-k, top-p and min-p, and leaves in each
// Logprob the weight that the token is drawn with: its probability relative to
// the most likely one.
func (d *Decoder) truncate(candidates []Candidate) []Candidate {
	p := &d.params
	nucleus := p.TopP > 0 && p.TopP < 1
	if p.TopK > 0 || nucleus || p.MinP > 0 {
		slices.SortFunc(candidates, func(a, b Candidate) int { return byLogprobThenID(b, a) })
	}
	if p.TopK > 0 {
		candidates = candidates[:min(p.TopK, len(candidates))]
	}
	best := math.Inf(-1)
	for _, c := range candidates {
		best = max(best, c.Logprob)
	}
	total := 0.0
	for i := range candidates {
		w := 1.0 // also where a logit is infinite, and a difference would not be a number
		if candidates[i].Logprob != best {
			w = math.Exp((candidates[i].Logprob - best) / p.Temperature)
		}
		candidates[i].Logprob = w
		total += w
	}
	if nucleus {
		sum := 0.0
		for i, c := range candidates {
			sum += c.Logprob
			if sum >= p.TopP*total {
				candidates = candidates[:i+1]
				break
			}
		}
	}
	if p.MinP > 0 {
		for i, c := range candidates {
			if c.Logprob < p.MinP {
				candidates = candidates[:i]
				break
			}
		}
	}
	return candidates
}

// draw picks one candidate in proportion to the weight that truncate left.
func (d *Decoder) draw(candidates []Candidate) int {
	total := 0.0
	for _, c := range candidates {
		total += c.Logprob
	}
	at := d.random.Float64() * total
	for _, c := range candidates {
		if at -= c.Logprob; at < 0 {
			return c.ID
		}
	}
	return candidates[len(candidates)-1].ID // rounding left a sliver at the end
}
