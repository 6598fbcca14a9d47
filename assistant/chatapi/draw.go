package chatapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A piece is a part of one reply. The last piece of a reply has a finish.
type piece struct {
	index  int // of the reply
	text   string
	tokens []sampling.Token
	finish openai.FinishReason
	again  bool // the reply begins again with this piece
}

// draw draws all replies to the request at once and yields their pieces as they
// arrive. The first error ends them all. When the loop ends, all have stopped, and
// x.spent is what they cost.
func (x *exchange) draw(ctx context.Context) iter.Seq2[piece, error] {
	r := x.request
	return func(yield func(piece, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		replies := make([]*reply, r.choices())
		all := make([]iter.Seq2[piece, error], len(replies))
		var g *group
		for i := range replies {
			if i%r.n == 0 {
				g = &group{n: r.n, whole: !r.stream && r.n > 1}
			}
			replies[i] = newReply(r, i, g)
			all[i] = replies[i].pieces(ctx)
		}
		defer func() {
			for i := 0; i < len(replies); i += r.n {
				spend(&x.spent, replies[i:i+r.n])
			}
		}()
		merge(all, cancel)(yield)
	}
}

// spend adds the cost of the replies to one prompt, which counts once.
func spend(total *sampling.Usage, replies []*reply) {
	prompt, cached := 0, 0
	for _, a := range replies {
		prompt = max(prompt, a.tap.spent.PromptTokens)
		cached = max(cached, a.tap.spent.CachedTokens)
		total.CompletionTokens += a.tap.spent.CompletionTokens
	}
	total.PromptTokens += prompt
	total.CachedTokens += cached
}

// merge yields the items of all sequences as they arrive. It reads each in a goroutine;
// a single one needs none. When the loop is left, or a sequence fails, merge calls
// cancel, which must make the sequences end.
func merge(all []iter.Seq2[piece, error], cancel func()) iter.Seq2[piece, error] {
	if len(all) == 1 {
		return all[0]
	}
	type item struct {
		piece piece
		err   error
		over  bool // the sequence has ended
	}
	return func(yield func(piece, error) bool) {
		items := make(chan item)
		done := make(chan struct{})
		give := func(it item) bool {
			select {
			case items <- it:
				return true
			case <-done:
				return false
			}
		}
		var wg sync.WaitGroup
		for _, one := range all {
			wg.Go(func() {
				defer func() {
					if v := recover(); v != nil { // it would end the program
						give(item{err: caught(v)})
					}
				}()
				one(func(p piece, err error) bool { return give(item{piece: p, err: err}) })
				give(item{over: true})
			})
		}
		defer wg.Wait()
		defer cancel()
		defer close(done)
		for running := len(all); running > 0; {
			it := <-items
			if it.over {
				running--
				continue
			}
			if !yield(it.piece, it.err) || it.err != nil {
				return
			}
		}
	}
}

// A reply is one of the n that a request asks for, while it is drawn.
type reply struct {
	request *request
	index   int
	tap     *tap
	talk    *assistant.Conversation // nil for a completion of a raw prompt
	raw     *sampling.Request
	retried bool
}

// newReply prepares the i-th reply of the request, which belongs to g.
func newReply(r *request, i int, g *group) *reply {
	model := r.h.config.Model
	t := &tap{Forward: sampling.Forward{Backend: model.Backend}, counter: model.Counter, group: g, index: i % r.n}
	model.Backend = t
	a := &reply{request: r, index: i, tap: t}
	params := r.params
	if t.index > 0 && params.Seed != 0 {
		params.Seed = seeds.At(params.Seed, t.index)
	}
	a.talk = &assistant.Conversation{Model: model, Persona: r.h.config.Persona, Params: params, Transcript: slices.Clip(r.turns)}
	if r.prompts != nil {
		a.raw = &sampling.Request{Prompt: r.prompts[i/r.n], Stop: r.stop, Constraint: r.constraint, Params: params}
		return a
	}
	t.stop = early(r.stop)
	a.talk.Persona.Description = r.h.description(&r.dialogue)
	return a
}

// chunks asks the model.
func (a *reply) chunks(ctx context.Context) iter.Seq2[sampling.Chunk, error] {
	r := a.request
	if a.raw != nil {
		return a.talk.Model.Stream(ctx, a.raw)
	}
	chunks := a.trim(a.talk.Stream(ctx, r.user, assistant.ReplyOptions{Prefill: r.prefill, Constraint: r.constraint}))
	if len(r.stop) > 0 {
		chunks = sampling.Until(chunks, r.stop)
	}
	return chunks
}

// loopPenalty is the repetition penalty with which a reply that repeats itself is
// drawn again, as in [assistant.Conversation.Reply].
const loopPenalty = 1.1

// pieces draws the reply. An empty reply is not an error. A loop in a whole answer is
// drawn again once.
func (a *reply) pieces(ctx context.Context) iter.Seq2[piece, error] {
	r := a.request
	return func(yield func(piece, error) bool) {
		var text strings.Builder
		for chunk, err := range a.chunks(ctx) {
			p := piece{index: a.index, text: chunk.Text, tokens: chunk.Tokens}
			switch {
			case err == nil:
				p.finish = finishReason(chunk.Reason)
			case errors.Is(err, assistant.ErrEmpty):
				p.finish = openai.FinishReasonStop
			case a.tap.filtered && errors.Is(err, sampling.ErrTruncated):
				p.finish = openai.FinishReasonContentFilter
			case errors.Is(err, assistant.ErrLoop) && !r.stream && !a.retried && r.params.RepetitionPenalty <= 1:
				a.again(ctx, err, yield)
				return
			default:
				yield(piece{}, err)
				return
			}
			if text.WriteString(p.text); p.finish == openai.FinishReasonStop && !r.constraint.IsZero() {
				// The model has not verified an empty reply and one that the client's
				// stop ended.
				if err := r.verify(text.String()); err != nil {
					yield(piece{}, err)
					return
				}
			}
			if !yield(p, nil) || p.finish != "" {
				return
			}
		}
	}
}

// again draws the reply again with a repetition penalty. If the backend has none, the
// reply fails with first.
func (a *reply) again(ctx context.Context, first error, yield func(piece, error) bool) {
	a.retried = true
	a.tap.calls, a.tap.group = 0, &group{}
	a.talk.Params.RepetitionPenalty = loopPenalty
	begins := true
	for p, err := range a.pieces(ctx) {
		if errors.Is(err, sampling.ErrUnsupported) {
			err = first
		}
		p.again, begins = begins, false
		if !yield(p, err) {
			return
		}
	}
}

func finishReason(r sampling.Reason) openai.FinishReason {
	switch r {
	case sampling.Unfinished:
		return ""
	case sampling.TokenLimit:
		return openai.FinishReasonLength
	}
	return openai.FinishReasonStop
}

// trim removes the prefill from the beginning of the reply, since the client has it, and
// then white space, unless the prefill ends within a line. It also removes that white
// space from the tokens, so that they have the text of the reply.
func (a *reply) trim(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		skip := len(a.request.prefill)
		leading := skip == 0 || a.request.spaced
		inText, inTokens := leading, leading
		for chunk, err := range chunks {
			n := min(skip, len(chunk.Text))
			skip -= n
			if chunk.Text = chunk.Text[n:]; inText && skip == 0 {
				chunk.Text = strings.TrimLeftFunc(chunk.Text, unicode.IsSpace)
				inText = chunk.Text == ""
			}
			chunk.Tokens = slices.Clone(chunk.Tokens)
			for i := 0; inTokens && i < len(chunk.Tokens); i++ {
				text := strings.TrimLeftFunc(chunk.Tokens[i].Text, unicode.IsSpace)
				chunk.Tokens[i].Text, inTokens = text, text == ""
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// early returns the stop sequences that the server may know, which saves tokens. The
// server sees the reply in its layout, with white space before it and before lines, so
// these are the ones that such white space cannot complete.
func early(stops []string) []string {
	var safe []string
	for _, s := range stops {
		first := strings.IndexFunc(s, unicode.IsSpace)
		if first != 0 && !strings.ContainsAny(s, "\n\r\v\f\u0085\u2028\u2029") {
			safe = append(safe, s)
		}
	}
	return safe
}
