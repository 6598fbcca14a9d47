package pocket

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

var _ interface {
	sampling.Backend
	sampling.Drawer
	sampling.Counter
	sampling.Scorer
	sampling.Constrainer
} = (*Model)(nil)

// Sample continues req.Prompt, one token in each chunk, with the Usage so far. It ends
// with [sampling.EndOfText] where a document would end, or with [sampling.TokenLimit].
// It supports all Params except Extra, which is an error wrapping
// [sampling.ErrUnsupported]. Stop is left to [sampling.Model].
//
// It draws tokens of the corpus. The probability of other words is spread over
// them. If no token keeps to the constraint, it spells the text one character at
// a time. Log probabilities are those without the constraint.
func (m *Model) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		s := m.sampler()
		defer m.samplers.Put(s)
		if err := s.prompt(ctx, req); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		s.run(ctx, req, yield)
	}
}

// Draw implements [sampling.Drawer]. It reads the prompt once, and cuts each
// completion at its first stop sequence.
func (m *Model) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	s := m.sampler()
	defer m.samplers.Put(s)
	if err := s.prompt(ctx, req); err != nil {
		return nil, err
	}
	var read reading
	read.copy(&s.reading)
	again := sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, free *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		s.reading.copy(&read)
		one := *free
		one.Constraint = req.Constraint
		return func(yield func(sampling.Chunk, error) bool) { s.run(ctx, &one, yield) }
	})}
	var all []*sampling.Completion
	for i := range n {
		one := *req
		one.Params.Seed = seeds.At(req.Params.Seed, i)
		one.Constraint = sampling.Constraint{} // a BackendFunc refuses one
		c, err := again.Complete(ctx, &one)
		if err != nil {
			return all, err
		}
		if i > 0 {
			c.Usage.PromptTokens = 0 // it was read once
		}
		all = append(all, c)
	}
	return all, nil
}

// A sampler is the scratch of one call.
type sampler struct {
	reading
	ids        []int     // the tokens of the prompt
	last       []int     // those of the prompt before it
	prefix     reading   // after the first tokens, which both prompts share
	shared     int       // how many those are; 0 is none
	weights    []float64 // by token, all 0 between calls
	expected   []int32   // the tokens that have a weight
	candidates []sampling.Candidate
	unexpected []int32 // tokens that a constraint allows
}

func (m *Model) sampler() *sampler {
	if s, ok := m.samplers.Get().(*sampler); ok {
		return s
	}
	return &sampler{reading: reading{m: m}, weights: make([]float64, len(m.words.text))}
}

// prompt reads the prompt of a request. It resumes after the tokens that the last two
// prompts have in common, since prompts of one task begin with the same examples.
func (s *sampler) prompt(ctx context.Context, req *sampling.Request) error {
	if len(req.Params.Extra) > 0 {
		return fmt.Errorf("pocket: %w: Params.Extra; leave it empty", sampling.ErrUnsupported)
	}
	before := s.ids
	s.ids = s.last[:0]
	for token := range split(req.Prompt) {
		s.ids = append(s.ids, int(s.m.words.meant(token)))
	}
	s.last = before
	common := 0
	for common < min(len(s.ids), len(before)) && s.ids[common] == before[common] {
		common++
	}
	if common < s.shared {
		s.shared = 0
	}
	if s.shared > 0 {
		s.reading.copy(&s.prefix)
	} else {
		s.begin()
	}
	for at := s.shared; at < len(s.ids); at++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.read(int32(s.ids[at]))
		if at+1 == common {
			s.prefix.copy(&s.reading)
			s.shared = common
		}
	}
	return nil
}

// run draws a continuation.
func (s *sampler) run(ctx context.Context, req *sampling.Request, yield func(sampling.Chunk, error) bool) {
	p := &req.Params
	decoder := sampling.NewDecoder(&sampling.Request{Params: *p}, s.ids, nil)
	var matcher *sampling.Matcher // the Decoder cannot spell
	if c := closed(req); !c.IsZero() {
		matcher = c.Start()
	}
	limit := cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens)
	for drawn := 0; ; {
		if err := ctx.Err(); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		candidates := s.expect()
		var top []sampling.Token
		if p.TopLogprobs > 0 {
			top = s.top(candidates, p.TopLogprobs)
		}
		text, id, err := s.next(decoder, matcher, candidates)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if id != boundary {
			drawn++
		}
		chunk := sampling.Chunk{Text: text, Usage: sampling.Usage{PromptTokens: len(s.ids), CompletionTokens: drawn}}
		logprob := math.Log(s.read(id))
		if id == unknown {
			logprob += logSpelling(text)
		}
		if p.Logprobs && id != boundary {
			chunk.Tokens = []sampling.Token{{Text: chunk.Text, Logprob: logprob, Top: top}}
		}
		switch {
		case id == boundary:
			chunk.Reason = sampling.EndOfText
		case drawn == limit:
			chunk.Reason = sampling.TokenLimit
		}
		if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
			return
		}
	}
}

const (
	// visits is how many places are read to find the candidates. Each document and level
	// gets a share by its weight, at least one. If it has more places, evenly spread ones
	// represent all. So the work does not grow with the corpus, and the probabilities
	// that are drawn from are exact to about 1/visits. Reported ones are exact.
	visits = 2048

	// negligible is the weight below which a level of a document is ignored.
	negligible = 1e-5
)

// expect returns the tokens that may come next, with their log probabilities. They stay
// valid until the next call.
func (s *sampler) expect() []sampling.Candidate {
	alien := 0.0 // the weight of foreign tokens
	for i := range s.followed {
		f := &s.followed[i]
		d := &s.m.documents[f.document]
		levels := s.levels[f.first:f.end]
		line, inLine, all := -1, 0.0, foreign // the level of the line, and the weight of a foreign token there and at the deepest level
		for j := range levels {
			all *= levels[j].foreign
			if line < 0 && levels[j].depth >= s.line {
				line, inLine = j, all
			}
		}
		weight := f.weight
		if line >= 0 {
			weight *= 1 - reorder
			alien += f.weight * reorder * inLine
		}
		alien += weight * all
		weight *= 1 - all
		for j := len(levels) - 1; j >= 0; j-- {
			if j == line {
				weight += f.weight * reorder * (1 - inLine)
			}
			l := &levels[j]
			s.expectAny(d.next[l.lo:l.hi], weight*(1-l.shallower))
			weight *= l.shallower
		}
		s.expectAny(d.next, weight)
	}
	s.expectAny(s.m.some, alien)
	s.candidates = s.candidates[:0]
	for _, token := range s.expected {
		s.candidates = append(s.candidates, sampling.Candidate{ID: int(token), Logprob: math.Log(s.weights[token])})
		s.weights[token] = 0
	}
	s.expected = s.expected[:0]
	return s.candidates
}

// expectAny spreads a weight over tokens.
func (s *sampler) expectAny(tokens []int32, weight float64) {
	if weight < negligible {
		return
	}
	n := min(len(tokens), 1+int(weight*visits))
	weight /= float64(n)
	for i := range n {
		token := tokens[(2*i+1)*len(tokens)/(2*n)]
		if s.weights[token] == 0 {
			s.expected = append(s.expected, token)
		}
		s.weights[token] += weight
	}
}

// top returns the n most likely candidates with their exact probabilities. It computes
// these for some more than n, since the candidates have approximate ones. It leaves the
// candidates in their order, which decides what a seed draws.
func (s *sampler) top(candidates []sampling.Candidate, n int) []sampling.Token {
	byLogprob := func(a, b sampling.Candidate) int {
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.ID, b.ID))
	}
	best := slices.SortedFunc(slices.Values(candidates), byLogprob)
	n = min(n, len(best))
	best = best[:min(2*n+8, len(best))]
	for i := range best {
		best[i].Logprob = math.Log(s.try(int32(best[i].ID)))
	}
	slices.SortFunc(best, byLogprob)
	top := make([]sampling.Token, n)
	for i := range top {
		top[i] = sampling.Token{Text: s.m.words.text[best[i].ID], Logprob: best[i].Logprob}
	}
	return top
}
