package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// learned is what a Backend finds out about its server.
type learned struct {
	onlyOne    atomic.Bool  // the server ignores n and draws one continuation
	most       atomic.Int64 // continuations at once, where the server has told its slots
	noTokenIDs atomic.Bool  // the server reports no log probabilities of given tokens
	scoring    scoring
	labels     memory
}

// Draw implements [sampling.Drawer] with a single request, so that the prompt is
// read and paid for once. It streams even with Config.NoStreaming: only in a
// stream does llama.cpp report the cost of each completion.
//
// llama.cpp draws at most as many at once as it has slots, a number read from
// /props. More are drawn in several requests.
//
// The seed of the i-th completion is the seed plus i, as in llama.cpp and vLLM. The
// first completion's Usage has the prompt's tokens, so the sum over all is the cost
// of the call. Where the server reports only the sum, the first has all of it.
//
// Greedy continuations are all the same, so one is drawn and copied.
//
// More choices than the server takes, and a server that ignores the number, are
// errors wrapping [sampling.ErrUnsupported]. sampling.Model then draws one by one.
func (b *Backend) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	d := &b.dialect
	switch {
	case n < 1:
		return nil, invalid("drawing %d continuations; ask for at least 1", n)
	case d.choices.Name == "" || d.MaxChoices > 0 && n > d.MaxChoices:
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
	sent, err := b.plain(ctx, req)
	if err != nil {
		return nil, err
	}
	body, err := b.body(sent, ask{choices: n, stream: true})
	if err != nil {
		return nil, err
	}
	reply, err := b.open(ctx, body, true)
	if err != nil {
		if e, ok := errors.AsType[*sampling.Error](err); ok && n > 1 &&
			(e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) {
			if slots := b.slots(ctx); 0 < slots && slots < n {
				b.learned.most.Store(int64(slots))
				return b.drawInParts(ctx, req, n, slots)
			}
			// The number may be the reason, and if it is not, a single sample will
			// be refused for the same one.
			e.Err = both(sampling.ErrUnsupported, e.Err)
		}
		return nil, tooManyLogprobs(err, &req.Params)
	}
	defer reply.close()
	drawn := make([]drawing, n)
	for i := range drawn {
		drawn[i].b, drawn[i].req = b, req
	}
	total, err := b.collect(reply, drawn)
	if err == nil {
		reply.events.drain()
	}
	if n > 1 && (err == nil || errors.Is(err, sampling.ErrTruncated)) && onlyFirst(drawn) {
		b.learned.onlyOne.Store(true)
		return nil, unsupported("the server drew one continuation when asked for %d", n)
	}
	return completions(drawn, req.Params.Seed, total), err
}

// slots returns how many continuations llama.cpp draws at once, or 0.
func (b *Backend) slots(ctx context.Context) int {
	if b.dialect.native != nativeLlamaCpp {
		return 0
	}
	props, err := b.props(ctx)
	if err != nil {
		return 0
	}
	return max(0, props.Slots)
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
		c := &sampling.Completion{Text: one.Text, Reason: one.Reason, Stop: one.Stop, Model: one.Model, Tokens: slices.Clone(one.Tokens)}
		if seed != 0 {
			c.Seed = seeds.At(seed, i)
		}
		all = append(all, c)
	}
	return all
}

// A drawing is one of several continuations under way.
type drawing struct {
	continuation
	body  strings.Builder
	all   []sampling.Token
	begun bool
	done  bool
}

// collect reads the reply, whose events mix the choices as they come, and
// returns the usage that no single choice owns.
func (b *Backend) collect(reply *reply, drawn []drawing) (total sampling.Usage, err error) {
	open := len(drawn)
	for {
		event, err := reply.next()
		if err == io.EOF || err != nil && open == 0 && reply.broke(err) {
			break
		}
		if err != nil {
			return total, err
		}
		if len(event.Choices) != 1 {
			if u := readUsage(event.Usage); u != (sampling.Usage{}) {
				total = u
			}
			event.Usage = nil
		}
		for i := range event.Choices {
			at := event.Choices[i].Index
			if at < 0 || at >= len(drawn) {
				return total, b.misread(wrong("the answer has a choice %d, and %d were asked for", at, len(drawn)))
			}
			d := &drawn[at]
			d.begun = true
			chunk, err := d.add(event, at)
			d.body.WriteString(chunk.Text)
			d.all = append(d.all, chunk.Tokens...)
			if err != nil {
				return total, b.misread(err)
			}
			if d.finished() && !d.done {
				d.done = true
				open--
			}
		}
		if open == 0 {
			reply.linger()
		}
	}
	for i := range drawn {
		last, err := drawn[i].close()
		if err != nil {
			return total, reply.unfinished(err)
		}
		drawn[i].body.WriteString(last.Text)
	}
	return total, nil
}

// onlyFirst reports whether the first is all that the server drew.
func onlyFirst(drawn []drawing) bool {
	for i := range drawn {
		if drawn[i].begun != (i == 0) {
			return false
		}
	}
	return drawn[0].done
}

// completions returns those that are whole, in the order of their seeds.
func completions(drawn []drawing, seed uint64, total sampling.Usage) []*sampling.Completion {
	var whole []*sampling.Completion
	var prompt sampling.Usage
	for i := range drawn {
		d := &drawn[i]
		if !d.finished() {
			continue
		}
		c := &sampling.Completion{Text: d.body.String(), Reason: d.reason, Stop: d.stop, Model: d.model, Tokens: d.all}
		if seed != 0 {
			c.Seed = seeds.At(seed, i)
		}
		prompt.PromptTokens = max(prompt.PromptTokens, d.usage.PromptTokens)
		prompt.CachedTokens = max(prompt.CachedTokens, d.usage.CachedTokens)
		c.Usage.CompletionTokens = d.usage.CompletionTokens
		whole = append(whole, c)
	}
	if len(whole) > 0 {
		whole[0].Usage.PromptTokens, whole[0].Usage.CachedTokens = prompt.PromptTokens, prompt.CachedTokens
	}
	if total != (sampling.Usage{}) && len(whole) > 0 {
		settle(whole, total)
	}
	return whole
}

// settle makes the parts sum up to the total, which is the one that is charged.
func settle(parts []*sampling.Completion, total sampling.Usage) {
	sum := 0
	for _, c := range parts {
		sum += c.Usage.CompletionTokens
	}
	first := &parts[0].Usage
	first.PromptTokens, first.CachedTokens = total.PromptTokens, total.CachedTokens
	first.CompletionTokens += max(0, total.CompletionTokens-sum)
}
