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
	"github.com/foreword-go/foreword/internal/parallel"
	"github.com/foreword-go/foreword/sampling"
)

// A reply is one of those that a request asks for. It is the backend of its own model.
type reply struct {
	sampling.Forward // the server's backend
	request          *request
	index            int    // of all replies to the request
	choice           int    // of the replies to its prompt
	group            *group // nil if it is drawn alone
	talk             *assistant.Conversation
	raw              *sampling.Request // of a completion; nil for a conversation
	early            []string          // the client's stops that the backend gets

	calls    int
	answered bool // the backend has sent text
	filtered bool // a filter ended the last continuation
	spent    sampling.Usage

	text   strings.Builder // so far
	tokens []sampling.Token
	finish openai.FinishReason
}

// A piece is a part of one reply. The last piece of a reply has a finish.
type piece struct {
	index  int // of the reply
	text   string
	tokens []sampling.Token
	finish openai.FinishReason
}

// draw draws all replies to the request at once and calls emit with their pieces as
// they arrive. The first error ends them all. When draw returns, all have stopped, and
// x.spent is what they cost.
func (x *exchange) draw(ctx context.Context, emit func(piece) error) error {
	r := x.request
	x.replies = make([]*reply, r.choices())
	var g *group
	for i := range x.replies {
		if i%r.n == 0 && r.n > 1 && !r.stream {
			g = &group{n: r.n}
		}
		x.replies[i] = newReply(r, i, g)
	}
	defer func() {
		for prompt := range slices.Chunk(x.replies, r.n) {
			x.spent = x.spent.Add(spent(prompt))
		}
	}()
	var one sync.Mutex
	draw := func(ctx context.Context, a *reply) error {
		return a.draw(ctx, func(p piece) error {
			one.Lock()
			defer one.Unlock()
			return emit(p)
		})
	}
	for err := range parallel.Do(ctx, slices.Values(x.replies), len(x.replies), false, draw) {
		if err != nil {
			return err
		}
	}
	return nil
}

// spent returns the cost of the replies to one prompt, which counts once.
func spent(replies []*reply) (u sampling.Usage) {
	for _, a := range replies {
		u.PromptTokens = max(u.PromptTokens, a.spent.PromptTokens)
		u.CachedTokens = max(u.CachedTokens, a.spent.CachedTokens)
		u.CompletionTokens += a.spent.CompletionTokens
	}
	return u
}

func newReply(r *request, i int, g *group) *reply {
	config := &r.h.config
	a := &reply{Forward: sampling.Forward{Backend: config.Model.Backend}, request: r, index: i, choice: i % r.n, group: g}
	model := config.Model
	model.Backend = a
	a.talk = &assistant.Conversation{Model: model, Persona: config.Persona, Params: r.params, Transcript: slices.Clip(r.turns)}
	if r.prompts != nil {
		a.raw = &sampling.Request{Prompt: r.prompts[i/r.n], Stop: r.stop, Constraint: r.constraint, Params: r.params}
		return a
	}
	a.early = early(r.stop)
	a.talk.Persona.Description = r.h.description(&r.dialogue)
	return a
}

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

// draw draws the reply. A loop in a whole answer is drawn again once, if the backend has
// a repetition penalty.
func (a *reply) draw(ctx context.Context, emit func(piece) error) error {
	err := a.drawOnce(ctx, emit)
	if errors.Is(err, assistant.ErrLoop) && !a.request.stream && a.request.params.RepetitionPenalty <= 1 {
		a.calls, a.group = 0, nil
		a.text, a.tokens = strings.Builder{}, nil
		a.talk.Params.RepetitionPenalty = loopPenalty
		if again := a.drawOnce(ctx, emit); !errors.Is(again, sampling.ErrUnsupported) {
			return again
		}
	}
	return err
}

// drawOnce draws the reply. An empty reply is not an error.
func (a *reply) drawOnce(ctx context.Context, emit func(piece) error) error {
	for chunk, err := range a.chunks(ctx) {
		switch {
		case err == nil:
			a.finish = finishReason(chunk.Reason)
		case errors.Is(err, assistant.ErrEmpty):
			a.finish = openai.FinishReasonStop
		case a.filtered && errors.Is(err, sampling.ErrTruncated):
			a.finish = openai.FinishReasonContentFilter
		default:
			return err
		}
		a.text.WriteString(chunk.Text)
		a.tokens = append(a.tokens, chunk.Tokens...)
		if a.finish == openai.FinishReasonStop && !a.request.constraint.IsZero() {
			// The model has not verified an empty reply and one that the client's
			// stop ended.
			if err := a.request.verify(a.text.String()); err != nil {
				return err
			}
		}
		if err := emit(piece{a.index, chunk.Text, chunk.Tokens, a.finish}); err != nil || a.finish != "" {
			return err
		}
	}
	return nil
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
