package openai

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// learned is what a Backend finds out about its server.
type learned struct {
	onlyOne    atomic.Bool  // the server ignores n and draws one continuation
	most       atomic.Int64 // continuations at once, where the server has told its slots
	noTokenIDs atomic.Bool  // the server reports no log probabilities of given tokens
	echoing    *httpwire.Fact[echoing]
	texts      sync.Map     // the tokens of texts, as []piece by tokenized
	remembered atomic.Int64 // how many texts were stored so far
}

// Draw implements [sampling.Drawer] with a single request, so that the prompt is
// read and paid for once. It always streams, since only then does llama.cpp report the
// cost of each completion. More than llama.cpp has slots for take several requests.
//
// The seed of the i-th completion is the seed plus i. The first completion's Usage has
// the prompt's tokens, or all tokens where the server reports only the sum. Greedy
// continuations are all the same, so one is drawn and copied.
//
// More choices than the server takes, and a server that ignores the number, are
// errors wrapping [sampling.ErrUnsupported]. sampling.Model then draws one by one.
func (b *Backend) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	d := &b.config.Dialect
	switch {
	case n < 1:
		return nil, invalid("drawing %d continuations; ask for at least 1", n)
	case d.fields["Choices"].name == "" || d.MaxChoices > 0 && n > d.MaxChoices:
		return nil, unsupported("%s does not draw %d continuations at once", d.Name, n)
	case req.Params.Temperature == 0 && n > 1:
		one, err := b.Draw(ctx, req, 1)
		if err != nil {
			return one, err
		}
		return alike(one[0], req.Params.Seed, n), nil
	case n > 1 && b.learned.onlyOne.Load():
		return nil, unsupported("the server ignores n and draws one continuation")
	}
	if most := int(b.learned.most.Load()); most > 0 && n > most {
		return b.drawInParts(ctx, req, n, most)
	}
	body, err := b.body(ctx, req, n, true)
	if err != nil {
		return nil, err
	}
	reply, err := b.open(ctx, body)
	if err != nil {
		if n > 1 && badRequest(err) {
			var props serverProps // without slots, if the server tells none
			if d.native == nativeLlamaCpp {
				props, _ = b.props(ctx)
			}
			if slots := props.Slots; 0 < slots && slots < n {
				b.learned.most.Store(int64(slots))
				return b.drawInParts(ctx, req, n, slots)
			}
			// The number may be the reason. If it is not, a single sample is refused too.
			notDone(err)
		}
		return nil, tooManyLogprobs(err, &req.Params)
	}
	defer reply.close()
	choices := make([]continuation, n)
	for i := range choices {
		choices[i].b, choices[i].req = b, req
	}
	texts := make([]strings.Builder, n)
	total, err := reply.read(choices, func(i int, c sampling.Chunk) bool {
		texts[i].WriteString(c.Text)
		choices[i].end.Tokens = append(choices[i].end.Tokens, c.Tokens...)
		return true
	})
	if n > 1 && (err == nil || errors.Is(err, sampling.ErrTruncated)) && onlyFirst(choices) {
		b.learned.onlyOne.Store(true)
		return nil, unsupported("the server drew one continuation when asked for %d", n)
	}
	var whole []*sampling.Completion
	for i := range choices {
		if !choices[i].finished() {
			continue
		}
		one := &choices[i].end
		one.Text = texts[i].String()
		if req.Params.Seed != 0 {
			one.Seed = seeds.At(req.Params.Seed, i)
		}
		whole = append(whole, one)
	}
	settle(whole, total)
	return whole, err
}

// drawInParts draws as many at once as the server does.
func (b *Backend) drawInParts(ctx context.Context, req *sampling.Request, n, most int) (all []*sampling.Completion, err error) {
	if most == 1 {
		return nil, unsupported("the server draws one continuation at once")
	}
	for len(all) < n {
		part := *req
		if part.Params.Seed != 0 {
			part.Params.Seed = seeds.At(req.Params.Seed, len(all))
		}
		drawn, err := b.Draw(ctx, &part, min(most, n-len(all)))
		all = append(all, drawn...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// alike returns n completions that are all like one, which has all of the cost.
func alike(one *sampling.Completion, seed uint64, n int) []*sampling.Completion {
	all := []*sampling.Completion{one}
	for i := 1; i < n; i++ {
		c := *one
		c.Tokens, c.Usage = slices.Clone(one.Tokens), sampling.Usage{}
		if seed != 0 {
			c.Seed = seeds.At(seed, i)
		}
		all = append(all, &c)
	}
	return all
}

// onlyFirst reports whether the server drew only the first choice.
func onlyFirst(choices []continuation) bool {
	for i := range choices {
		if choices[i].begun != (i == 0) {
			return false
		}
	}
	return choices[0].finished()
}

// settle gives the first part the prompt's cost, and makes the parts sum up to the
// total, if it is known.
func settle(parts []*sampling.Completion, total sampling.Usage) {
	if len(parts) == 0 {
		return
	}
	var sum sampling.Usage
	for _, c := range parts {
		u := c.Usage
		sum.PromptTokens, sum.CachedTokens = max(sum.PromptTokens, u.PromptTokens), max(sum.CachedTokens, u.CachedTokens)
		sum.CompletionTokens += u.CompletionTokens
		c.Usage = sampling.Usage{CompletionTokens: u.CompletionTokens}
	}
	total = cmp.Or(total, sum)
	first := &parts[0].Usage
	first.PromptTokens, first.CachedTokens = total.PromptTokens, total.CachedTokens
	first.CompletionTokens += max(0, total.CompletionTokens-sum.CompletionTokens)
}
