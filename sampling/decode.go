package sampling

import (
	"cmp"
	"math"
	"math/rand/v2"
)

// A Candidate is one token that could come next, for a [Decoder].
type Candidate struct {
	ID      int     // the token in the backend's own vocabulary
	Logprob float64 // its natural log probability, or its logit
}

// A Decoder draws tokens by a request's Constraint and Params, for a [Backend] in
// this process. It masks tokens that violate the constraint, then applies
// penalties, temperature, top-k, top-p and min-p, in this order.
//
// A Decoder has state: make one for each completion, and use it from one
// goroutine.
type Decoder struct {
	params  Params
	random  *rand.Rand
	prompt  map[int]bool // tokens of the prompt, if RepetitionPenalty is on
	drawn   map[int]int  // how often each token was drawn
	matcher Matcher
	texts   []string // by token; nil without a constraint
	masks   map[*dfaState][]uint64
	spare   []Candidate // room for a ranking
}

// NewDecoder returns a Decoder for one completion of a prompt with these tokens.
// The same request and candidates give the same tokens.
//
// texts holds the bytes of each token by ID. It is read only if the request has a
// constraint. A token may end within a character. A token without text ends the
// completion, and is drawn only where the constraint is met. The constraint ends
// with the first stop sequence.
func NewDecoder(req *Request, prompt []int, texts []string) *Decoder {
	d := &Decoder{params: req.Params, random: rand.New(rand.NewPCG(req.Params.Seed, 0x666f7265776f7264))}
	if d.repeats() {
		d.prompt = make(map[int]bool, len(prompt))
		for _, id := range prompt {
			d.prompt[id] = true
		}
	}
	if c := req.Constraint; !c.IsZero() {
		if len(req.Stop) > 0 {
			c = c.Wrap("", req.Stop[0])
		}
		d.matcher, d.texts = *c.Start(), texts
	}
	return d
}

func (d *Decoder) repeats() bool {
	return d.params.RepetitionPenalty != 0 && d.params.RepetitionPenalty != 1
}

// Next draws the next token and returns its ID. It reorders and overwrites
// candidates, which must hold each ID once. ok is false if the constraint allows
// no candidate with a probability above zero. Among equals, greedy decoding takes
// the smallest ID.
func (d *Decoder) Next(candidates []Candidate) (id int, ok bool) {
	left := candidates[:0]
	var mask []uint64
	if d.matcher.at != nil {
		mask = d.mask()
	}
	for _, c := range candidates {
		if c.Logprob > math.Inf(-1) && (mask == nil || uint(c.ID) < uint(len(d.texts)) && mask[c.ID/64]>>(c.ID%64)&1 == 1) { // false for NaN too
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return 0, false
	}
	d.penalize(left)
	if d.params.Temperature == 0 {
		best := left[0]
		for _, c := range left[1:] {
			if c.better(best) {
				best = c
			}
		}
		id = best.ID
	} else {
		id = d.draw(left)
	}
	if d.drawn == nil {
		d.drawn = make(map[int]int)
	}
	d.drawn[id]++
	if d.matcher.at != nil {
		d.matcher.Add(d.texts[id])
	}
	return id, true
}

// maxMasks is how many masks a Decoder keeps.
const maxMasks = 64

// mask returns a bit for each token, set if the token keeps to the constraint.
// Masks are kept, because states such as "within a string" repeat.
func (d *Decoder) mask() []uint64 {
	if mask, ok := d.masks[d.matcher.at]; ok {
		return mask
	}
	mask := make([]uint64, (len(d.texts)+63)/64)
	for id, text := range d.texts {
		next := d.matcher
		if text == "" && next.Done() || text != "" && next.Add(text) {
			mask[id/64] |= 1 << (id % 64)
		}
	}
	if d.masks == nil || len(d.masks) == maxMasks {
		d.masks = make(map[*dfaState][]uint64)
	}
	d.masks[d.matcher.at] = mask
	return mask
}

// compare orders candidates, the best one first.
func (c Candidate) compare(o Candidate) int {
	return cmp.Or(cmp.Compare(o.Logprob, c.Logprob), cmp.Compare(c.ID, o.ID))
}

// better reports whether c comes before o. Two are never equal.
func (c Candidate) better(o Candidate) bool {
	return c.Logprob > o.Logprob || c.Logprob == o.Logprob && c.ID < o.ID
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
