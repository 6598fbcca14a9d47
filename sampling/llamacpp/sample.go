package llamacpp

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A drawn is one token as it was drawn. The last has a reason.
type drawn struct {
	id      int32 // negative: only the reason
	logprob float64
	top     []sampling.Token
	reason  sampling.Reason
	stop    string
}

// A sampler draws the tokens of one continuation, on the engine's goroutine.
type sampler struct {
	m          *Model
	req        sampling.Request
	decoder    *sampling.Decoder
	candidates []sampling.Candidate
	limit, n   int
	tail       []byte // the end of the text, as long as a stop may be
	out        chan drawn
	task       *task
}

// ahead is how many tokens are drawn that nobody has asked for yet.
const ahead = 32

func (m *Model) sampler(ctx context.Context, req *sampling.Request, prompt []int32, buffer int) *sampler {
	s := &sampler{m: m, req: *req, limit: cmp.Or(req.Params.MaxTokens, sampling.DefaultMaxTokens)}
	s.limit = min(s.limit, m.config.Window-len(prompt))
	s.out = make(chan drawn, min(buffer, s.limit+1))
	ids := make([]int, len(prompt))
	for i, id := range prompt {
		ids[i] = int(id)
	}
	s.decoder = sampling.NewDecoder(req, ids, m.vocab.texts)
	s.task = &task{
		ctx: ctx, tokens: slices.Clone(prompt), from: len(prompt) - 1, grow: s.limit, draws: true,
		take: s.take, full: func() bool { return len(s.out) == cap(s.out) },
	}
	return s
}

// take draws the next token.
func (s *sampler) take(_ int, logits []float32) (int32, bool, error) {
	p := &s.req.Params
	d := drawn{}
	var sum float64 // the logarithm of it
	if p.Logprobs {
		sum = logSum(logits)
		d.top = s.top(logits, sum)
	}
	id, ok := s.decoder.Next(s.choose(logits))
	if !ok {
		return 0, false, fmt.Errorf("llamacpp: %w: no token keeps to it", sampling.ErrConstraint)
	}
	d.id = int32(id)
	if s.m.vocab.ends[id] {
		s.out <- drawn{id: -1, reason: sampling.EndOfText}
		return 0, false, nil
	}
	if p.Logprobs {
		d.logprob = float64(logits[id]) - sum
	}
	s.n++
	if d.stop = s.stopped(s.m.vocab.texts[id]); d.stop != "" {
		d.reason = sampling.StopSequence
	} else if s.n == s.limit {
		d.reason = sampling.TokenLimit
	}
	s.out <- d
	return d.id, d.reason == sampling.Unfinished, nil
}

// choose returns the tokens that may be drawn. Greedy decoding without anything
// that changes the order has only one.
func (s *sampler) choose(logits []float32) []sampling.Candidate {
	p := &s.req.Params
	constrained := !s.req.Constraint.IsZero()
	s.candidates = s.candidates[:0]
	if p.Temperature == 0 && !constrained && p.FrequencyPenalty == 0 && p.PresencePenalty == 0 && (p.RepetitionPenalty == 0 || p.RepetitionPenalty == 1) {
		best := 0
		for i, l := range logits {
			if l > logits[best] {
				best = i
			}
		}
		return append(s.candidates, sampling.Candidate{ID: best, Logprob: float64(logits[best])})
	}
	for i, l := range logits {
		if constrained && s.m.vocab.texts[i] == "" && !s.m.vocab.ends[i] {
			continue // it would not end the text
		}
		s.candidates = append(s.candidates, sampling.Candidate{ID: i, Logprob: float64(l)})
	}
	return s.candidates
}

// stopped adds a text and returns the stop sequence that it completes.
func (s *sampler) stopped(text string) string {
	if len(s.req.Stop) == 0 {
		return ""
	}
	most := 0
	for _, stop := range s.req.Stop {
		most = max(most, len(stop)-1)
	}
	s.tail = append(s.tail, text...)
	_, found := sampling.Cut(string(s.tail), s.req.Stop)
	if over := len(s.tail) - most; over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
	return found
}

// logSum returns the logarithm of the sum of what logits are the logarithms of.
func logSum(logits []float32) float64 {
	highest := float64(slices.Max(logits))
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l) - highest)
	}
	return highest + math.Log(sum)
}

// top returns the most likely tokens, as many as the request asks for.
func (s *sampler) top(logits []float32, sum float64) (top []sampling.Token) {
	n := min(s.req.Params.TopLogprobs, len(logits))
	if n == 0 {
		return nil
	}
	var best []int32
	for i, l := range logits {
		if len(best) == n && l <= logits[best[n-1]] {
			continue
		}
		at := len(best)
		for at > 0 && logits[best[at-1]] < l {
			at--
		}
		if len(best) == n {
			best = best[:n-1]
		}
		best = slices.Insert(best, at, int32(i))
	}
	for _, id := range best {
		top = append(top, sampling.Token{Text: s.m.vocab.name(id), Logprob: float64(logits[id]) - sum})
	}
	return top
}

// prompt checks a request and returns the tokens of its prompt.
func (m *Model) prompt(req *sampling.Request) ([]int32, error) {
	if len(req.Params.Extra) > 0 {
		return nil, fmt.Errorf("llamacpp: %w: Params.Extra; leave it empty", sampling.ErrUnsupported)
	}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	tokens, err := m.vocab.prompt(req.Prompt)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: %w", err)
	}
	if len(tokens) >= m.config.Window {
		return nil, fmt.Errorf("llamacpp: %w: the prompt has %d tokens, and the window %d", sampling.ErrBudget, len(tokens), m.config.Window)
	}
	return tokens, nil
}

// Sample continues req.Prompt, a token in each chunk, with the Usage so far. All
// Params are honoured, except that Extra is an error wrapping
// [sampling.ErrUnsupported]. Samples that run at a time share batches, and prompts
// that begin alike are read once.
func (m *Model) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if err := m.begin(ctx); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		defer m.calls.Done()
		prompt, err := m.prompt(req)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		s := m.sampler(ctx, req, prompt, ahead)
		m.engine.add(s.task)
		defer m.engine.leave(s.task)
		s.chunks(yield)
	}
}

// Draw draws n continuations of req.Prompt, which is read once. Each ends at its
// first stop sequence.
func (m *Model) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	prompt, err := m.prompt(req)
	if err != nil {
		return nil, err
	}
	samplers := make([]*sampler, max(0, n))
	tasks := make([]*task, len(samplers))
	for i := range samplers {
		one := *req
		one.Params.Seed = seeds.At(req.Params.Seed, i)
		samplers[i] = m.sampler(ctx, &one, prompt, math.MaxInt)
		tasks[i] = samplers[i].task
	}
	m.engine.add(tasks...)
	defer m.engine.leave(tasks...)
	for _, s := range samplers {
		c := &sampling.Completion{Seed: s.req.Params.Seed, Model: m.name}
		var text strings.Builder
		for chunk, err := range sampling.Until(s.chunks, req.Stop) {
			if err != nil {
				return all, err
			}
			text.WriteString(chunk.Text)
			c.Tokens = append(c.Tokens, chunk.Tokens...)
			c.Reason, c.Stop, c.Usage = chunk.Reason, chunk.Stop, chunk.Usage
		}
		if c.Text = text.String(); len(all) > 0 {
			c.Usage.PromptTokens = 0 // it was read once
		}
		all = append(all, c)
	}
	return all, nil
}

// chunks yields what is drawn. It has to be called once, by who waits for it.
func (s *sampler) chunks(yield func(sampling.Chunk, error) bool) {
	var pending []byte // less than a character
	var tokens []sampling.Token
	number := 0
	for {
		d, err := s.next()
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if d.id >= 0 {
			number++
			text := s.m.vocab.texts[d.id]
			pending = append(pending, text...)
			if s.req.Params.Logprobs {
				tokens = append(tokens, sampling.Token{Text: text, Logprob: d.logprob, Top: d.top})
			}
		}
		chunk := sampling.Chunk{Reason: d.reason, Stop: d.stop, Usage: sampling.Usage{PromptTokens: s.task.prompt, CompletionTokens: number}}
		n := whole(pending)
		if d.reason == sampling.Unfinished || d.reason == sampling.TokenLimit {
			n -= s.begun(pending[:n])
		}
		if n == len(pending) {
			chunk.Tokens, tokens = tokens, nil
		}
		chunk.Text = string(bytes.ToValidUTF8(pending[:n], []byte("\uFFFD")))
		pending = append(pending[:0], pending[n:]...)
		if d.reason != sampling.Unfinished {
			chunk.Model = s.m.name
		}
		if (chunk.Text != "" || chunk.Reason != sampling.Unfinished) && !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
			return
		}
	}
}

// begun returns the length of the stop sequence's beginning at the end of a
// constrained text. It is not a part of the answer that the constraint allows,
// and a limit may cut it off before it is complete.
func (s *sampler) begun(text []byte) int {
	if s.req.Constraint.IsZero() || len(s.req.Stop) == 0 {
		return 0
	}
	stop := s.req.Stop[0]
	for n := min(len(stop)-1, len(text)); n > 0; n-- {
		if bytes.HasSuffix(text, []byte(stop[:n])) {
			return n
		}
	}
	return 0
}

// next waits for the next token.
func (s *sampler) next() (drawn, error) {
	if err := s.task.ctx.Err(); err != nil {
		return drawn{}, err
	}
	full := len(s.out) == cap(s.out)
	select {
	case d := <-s.out:
		if full {
			s.m.engine.nudge()
		}
		return d, nil
	case <-s.task.ctx.Done():
		return drawn{}, s.task.ctx.Err()
	case err := <-s.task.done:
		// All that was drawn is in the channel by now.
		s.task.done <- err
		select {
		case d := <-s.out:
			return d, nil
		default:
		}
		if err == nil {
			err = s.task.ctx.Err()
		}
		return drawn{}, cmp.Or(err, errClosed)
	}
}

// whole returns the length of b without a character that is not complete.
func whole(b []byte) int {
	for i := 1; i <= min(len(b), utf8.UTFMax-1); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}
