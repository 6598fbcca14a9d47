package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// scoreAtOnce is how many continuations are scored at a time.
const scoreAtOnce = 8

// probeText is what a server is tried with. No vocabulary has it as one token,
// and no model is certain of all of it.
const probeText = "The lighthouse keeper counted 17 ships."

// scoring is whether a server can score, once it is known. The channel is a lock
// that gives up when a context does: the probe takes as long as the server does.
type scoring struct {
	lock  chan struct{}
	known bool
	err   error
}

// Score returns how likely each continuation of prompt is, by sending both
// together and asking for the log probabilities of the prompt (echo). It
// implements [sampling.Scorer]. Each continuation costs a request, eight of
// them at a time, and one token is drawn and thrown away in each.
//
// Many servers ignore echo, or answer it without log probabilities, and every
// continuation would then score alike. So the first call sends a short probe,
// and an answer without the prompt's log probabilities makes this and every
// later call an error wrapping [sampling.ErrUnsupported].
//
// The first token of a text has no log probability unless the server puts a
// token of its own before it. An empty prompt is an error where it does not.
func (b *Backend) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if !b.dialect.Echo || b.dialect.Logprobs.Name == "" {
		return nil, unsupported("%s does not return the log probabilities of a prompt", b.dialect.Name)
	}
	if err := b.probe(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		scores = make([]sampling.Score, len(continuations))
		slots  = make(chan struct{}, scoreAtOnce)
		wg     sync.WaitGroup
		once   sync.Once
		first  error
	)
	for i, continuation := range continuations {
		if continuation == "" {
			continue // certain, and nothing to ask
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			score, err := b.score(ctx, req.Prompt, continuation)
			if err != nil {
				once.Do(func() { first = err })
				cancel()
				return
			}
			scores[i] = score
		})
	}
	wg.Wait()
	if first != nil {
		return nil, first
	}
	return scores, nil
}

func (b *Backend) score(ctx context.Context, prompt, continuation string) (sampling.Score, error) {
	var score sampling.Score
	full := prompt + continuation
	tokens, text, err := b.echo(ctx, full)
	if err != nil {
		return score, err
	}
	at, ok := locate(tokens, full, text)
	if !ok {
		return score, unsupported("the tokens that the server returns do not spell the text that it was sent")
	}
	from, to := at+len(prompt), at+len(full)
	offset := 0
	for i, t := range tokens {
		begin, end := offset, offset+len(t.Text)
		offset = end
		if end <= from || begin >= to {
			continue
		}
		if !t.known {
			return score, unsupported("the server tells no log probability for token %d, %q, of the text; put some text before it", i, t.Text)
		}
		score.Logprob += t.Logprob
		score.Tokens = append(score.Tokens, t.Token)
	}
	return score, nil
}

// probe finds out, once, whether the server scores.
func (b *Backend) probe(ctx context.Context) error {
	s := &b.learned.scoring
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return b.fault(ctx, ctx.Err())
	}
	if s.known {
		return s.err
	}
	err := b.try(ctx)
	if err == nil || errors.Is(err, sampling.ErrUnsupported) {
		s.known, s.err = true, err
	}
	return err
}

func (b *Backend) try(ctx context.Context) error {
	tokens, text, err := b.echo(ctx, probeText)
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		switch e.Status {
		case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotImplemented:
			e.Err = both(sampling.ErrUnsupported, e.Err)
		}
	}
	if err != nil {
		return err
	}
	at, ok := locate(tokens, probeText, text)
	if !ok {
		return unsupported("asked to return a prompt's log probabilities (echo), the server returned %q without them", b.say([]byte(text)))
	}
	known, uncertain, offset := 0, false, 0
	for _, t := range tokens {
		if offset >= at && offset < at+len(probeText) && t.known {
			known++
			uncertain = uncertain || t.Logprob != 0
		}
		offset += len(t.Text)
	}
	if known < 2 || !uncertain {
		return unsupported("asked to return a prompt's log probabilities (echo), the server returned none or only zeros")
	}
	return nil
}

// echo sends a text and returns its tokens, those that were drawn behind it,
// and the text of both.
func (b *Backend) echo(ctx context.Context, full string) ([]scored, string, error) {
	req := &sampling.Request{Prompt: full, Params: sampling.Params{MaxTokens: 1, Logprobs: true}}
	body, err := b.body(req, ask{choices: 1, echo: true})
	if err != nil {
		return nil, "", err
	}
	reply, err := b.open(ctx, body, false)
	if err != nil {
		return nil, "", err
	}
	defer reply.close()
	var (
		tokens []scored
		text   strings.Builder
	)
	for {
		event, err := reply.next()
		if err == io.EOF && reply.choice {
			reply.drain()
			return tokens, text.String(), nil
		}
		if err == io.EOF {
			err = reply.unfinished(errNoReason)
		}
		if err != nil {
			return nil, "", err
		}
		for i := range event.Choices {
			more, err := readTokens(event.Choices[i].Logprobs, 1)
			if err != nil {
				return nil, "", b.misread(err)
			}
			text.WriteString(string(event.Choices[i].Text))
			tokens = append(tokens, more...)
		}
	}
}

// locate returns where full begins in the tokens put together. A server may set
// a token before it, as the beginning of the text, and others behind it.
func locate(tokens []scored, full, text string) (at int, ok bool) {
	var all strings.Builder
	for _, t := range tokens {
		all.WriteString(t.Text)
	}
	joined := all.String()
	if strings.HasPrefix(text, full) && strings.HasSuffix(joined, text) {
		return len(joined) - len(text), true
	}
	for _, t := range tokens {
		if strings.HasPrefix(joined[at:], full) {
			return at, true
		}
		at += len(t.Text)
	}
	return 0, false
}
