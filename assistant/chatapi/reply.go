package chatapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"unicode"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A reply is one of the n that a request asks for, while it is drawn.
type reply struct {
	request *request
	source  func(context.Context) iter.Seq2[sampling.Chunk, error]
	tap     *tap
	tokens  []sampling.Token // those that the stop sequences hold back, as they came
}

// newReply makes ready to draw the i-th reply. Each reply to messages has a
// conversation of its own, which lives no longer than the request.
func (h *Handler) newReply(r *request, i int, g *group) *reply {
	model := h.config.Model
	t := &tap{Forward: sampling.Forward{Backend: model.Backend}, model: model, group: g, index: i % r.n}
	model.Backend = t
	a := &reply{request: r, tap: t}
	params := r.params
	if t.index > 0 && params.Seed != 0 {
		params.Seed = sampling.SeedAt(params.Seed, t.index)
	}
	if r.prompts != nil {
		raw := sampling.Request{Prompt: r.prompts[i/r.n], Stop: r.stop, Constraint: r.constraint, Params: params}
		a.source = func(ctx context.Context) iter.Seq2[sampling.Chunk, error] { return model.Stream(ctx, &raw) }
		return a
	}
	t.stop = early(r.stop)
	talk := &assistant.Conversation{Model: model, Persona: h.config.Persona, Params: params, Transcript: slices.Clip(r.turns)}
	talk.Persona.Description = h.description(&r.dialogue)
	o := assistant.ReplyOptions{Prefill: r.prefill, Constraint: r.constraint}
	ask := func(ctx context.Context) iter.Seq2[sampling.Chunk, error] {
		return a.chunks(talk.Stream(ctx, r.user, o))
	}
	a.source = ask
	if r.stream || params.RepetitionPenalty > 1 {
		return a
	}
	a.source = func(ctx context.Context) iter.Seq2[sampling.Chunk, error] {
		return unlessLoop(ask(ctx), func() iter.Seq2[sampling.Chunk, error] {
			t.calls, t.group, a.tokens = 0, &group{}, nil
			talk.Params.RepetitionPenalty = loopPenalty
			return ask(ctx)
		})
	}
	return a
}

// loopPenalty is the repetition penalty with which a reply that repeats itself is
// asked for again, as [assistant.Conversation.Reply] does.
const loopPenalty = 1.1

// unlessLoop yields the chunks at their end, or those of again where they are a
// loop. It is for whole answers.
func unlessLoop(chunks iter.Seq2[sampling.Chunk, error], again func() iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		type item struct {
			chunk sampling.Chunk
			err   error
		}
		var held []item
		for chunk, err := range chunks {
			if errors.Is(err, assistant.ErrLoop) {
				for chunk, second := range again() {
					if errors.Is(second, sampling.ErrUnsupported) { // by a backend without this penalty
						second = err
					}
					if !yield(chunk, second) {
						return
					}
				}
				return
			}
			held = append(held, item{chunk, err})
		}
		for _, it := range held {
			if !yield(it.chunk, it.err) {
				return
			}
		}
	}
}

// A piece is what a reply has more of. The last has a finish.
type piece struct {
	index  int
	text   string
	tokens []sampling.Token
	finish openai.FinishReason
}

// pieces draws the reply. An empty reply is not an error: the model stopped.
func (a *reply) pieces(ctx context.Context, index int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		var text strings.Builder
		for chunk, err := range a.source(ctx) {
			p := piece{index: index, text: chunk.Text, tokens: chunk.Tokens}
			switch {
			case err == nil:
				p.finish = finishReason(chunk.Reason)
			case errors.Is(err, assistant.ErrEmpty):
				p.finish = openai.FinishReasonStop
			case a.tap.filtered && errors.Is(err, sampling.ErrTruncated):
				p.finish = openai.FinishReasonContentFilter
			default:
				yield(piece{}, err)
				return
			}
			if c := a.request.constraint; !c.IsZero() {
				text.WriteString(p.text)
				if p.finish == openai.FinishReasonStop {
					// An empty reply and a stop of the client's end a text that
					// nobody has verified.
					if err := a.request.verify(text.String()); err != nil {
						yield(piece{}, err)
						return
					}
				}
			}
			if !yield(p, nil) || p.finish != "" {
				return
			}
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

// chunks is what comes after the prefill, up to the client's stop sequences.
func (a *reply) chunks(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	chunks = a.afterPrefill(chunks)
	if len(a.request.stop) == 0 {
		return chunks
	}
	return a.restore(sampling.Until(a.trimTokens(chunks), a.request.stop))
}

// afterPrefill takes the prefill away from the beginning of a reply: the client
// has it. Where it ended in white space, the reply need not begin with any.
func (a *reply) afterPrefill(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	if a.request.prefill == "" {
		return chunks
	}
	return func(yield func(sampling.Chunk, error) bool) {
		skip, spaces := len(a.request.prefill), a.request.spaced
		for chunk, err := range chunks {
			n := min(skip, len(chunk.Text))
			skip -= n
			chunk.Text = chunk.Text[n:]
			if spaces && skip == 0 {
				chunk.Text = strings.TrimLeftFunc(chunk.Text, unicode.IsSpace)
				spaces = chunk.Text == ""
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// trimTokens gives Until tokens that are as long as the text. A reply has lost
// the white space at its beginning, and its tokens still have it, so that Until
// would take the last token before a stop to reach into it. What the tokens
// were, restore puts back.
func (a *reply) trimTokens(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		leading := a.request.prefill == "" || a.request.spaced
		for chunk, err := range chunks {
			a.tokens = append(a.tokens, chunk.Tokens...)
			if leading && len(chunk.Tokens) > 0 {
				chunk.Tokens = slices.Clone(chunk.Tokens)
				for i := range chunk.Tokens {
					text := strings.TrimLeftFunc(chunk.Tokens[i].Text, unicode.IsSpace)
					chunk.Tokens[i].Text = text
					if text != "" {
						leading = false
						break
					}
				}
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

func (a *reply) restore(chunks iter.Seq2[sampling.Chunk, error]) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		for chunk, err := range chunks {
			n := len(chunk.Tokens)
			chunk.Tokens, a.tokens = a.tokens[:n:n], a.tokens[n:]
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// early returns the stop sequences that the server may know, which saves tokens. The
// server reads the reply in its layout, with white space before it and before
// lines, so it may know only those that this white space cannot complete.
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
