package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/internal/special"
	"github.com/foreword-go/foreword/sampling"
)

// echoAtOnce is how many texts one request by echo has in it.
const echoAtOnce = 16

// probeTexts are what a server is tried with. No vocabulary has one of them as
// one token, and no model is certain of all of it.
var probeTexts = []string{"The lighthouse keeper counted 17 ships.", "Nobody on the island owned 23 boats."}

// scoring is whether a server scores by echo, once it is known. The channel is a
// lock that gives up when a context does: the probe takes as long as the server
// does.
type scoring struct {
	lock  chan struct{}
	known bool
	one   bool // the server takes one text a request
	err   error
}

func (b *Backend) scoreByEcho(ctx context.Context, req *sampling.Request, texts []string) ([]sampling.Score, error) {
	if !b.dialect.Echo || b.dialect.logprobs.Name == "" {
		return nil, unsupported("%s does not return the log probabilities of a prompt", b.dialect.Name)
	}
	if err := b.probe(ctx); err != nil {
		return nil, err
	}
	atOnce := echoAtOnce
	if b.learned.scoring.one {
		atOnce = 1
	}
	var scores []sampling.Score
	for some := range slices.Chunk(texts, atOnce) {
		full := make([]string, len(some))
		for i, text := range some {
			full[i] = req.Prompt + text
		}
		echoed, err := b.echo(ctx, req.Params.Extra, full)
		if err != nil {
			return nil, err
		}
		for i := range some {
			score, err := echoed[i].score(req.Prompt, full[i])
			if err != nil {
				return nil, err
			}
			scores = append(scores, score)
		}
	}
	return scores, nil
}

// An echoed is a text as it came back.
type echoed struct {
	tokens []scored
	text   string
}

// score sums over the tokens of what follows the prompt.
func (e *echoed) score(prompt, full string) (sampling.Score, error) {
	var score sampling.Score
	at, ok := locate(e.tokens, full, e.text)
	if !ok {
		return score, unsupported("the tokens that the server returns do not spell the text")
	}
	from, to := at+len(prompt), at+len(full)
	offset := 0
	for i, t := range e.tokens {
		begin, end := offset, offset+len(t.Text)
		offset = end
		if begin >= to || end < from || end == from && (begin < from || !t.known) {
			continue // vLLM's tokens within a rune have no text, and follow the prompt
		}
		if !t.known {
			return score, unsupported("the server reports no log probability for token %d, %q, of the text; put some text before it", i, t.Text)
		}
		score.Logprob += t.Logprob
		score.Tokens = append(score.Tokens, t.Token)
	}
	return score, nil
}

// probe finds out, once, whether the server scores, and how many texts at once.
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
	err := b.try(ctx, probeTexts)
	if errors.Is(err, sampling.ErrUnsupported) {
		s.one = true
		err = b.try(ctx, probeTexts[:1])
	}
	if err == nil || errors.Is(err, sampling.ErrUnsupported) {
		s.known, s.err = true, err
	}
	return err
}

func (b *Backend) try(ctx context.Context, texts []string) error {
	all, err := b.echo(ctx, nil, texts)
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		switch e.Status {
		case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotImplemented:
			e.Err = both(sampling.ErrUnsupported, e.Err)
		}
	}
	if err != nil {
		return err
	}
	for i, text := range texts {
		if i > 0 && all[i].text == "" {
			return unsupported("the server answers one of several texts")
		}
		at, ok := locate(all[i].tokens, text, all[i].text)
		if !ok {
			return unsupported("asked to return a prompt's log probabilities (echo), the server returned %q without them", b.say([]byte(all[i].text)))
		}
		known, uncertain, offset := 0, false, 0
		for _, t := range all[i].tokens {
			if offset >= at && offset < at+len(text) && t.known {
				known++
				uncertain = uncertain || t.Logprob != 0
			}
			offset += len(t.Text)
		}
		if known < 2 || !uncertain {
			return unsupported("asked to return a prompt's log probabilities (echo), the server returned none or only zeros")
		}
	}
	return nil
}

// echo sends texts and returns the tokens of each, with what was drawn after it.
func (b *Backend) echo(ctx context.Context, extra map[string]any, texts []string) ([]echoed, error) {
	d := &b.dialect
	w := fields{dialect: d}
	w.set("model", "Config.Model", encode(b.model))
	var prompt any = texts[0]
	if len(texts) > 1 {
		prompt = texts
	}
	if d.native != "" && !b.special && slices.ContainsFunc(texts, special.MayName) {
		all := make([][]int, len(texts))
		for i, text := range texts {
			tokens, err := b.tokens(ctx, text, true, false)
			if err != nil {
				return nil, err
			}
			all[i] = ids(tokens)
		}
		prompt = all
	}
	w.set("prompt", "Request.Prompt", encode(prompt))
	w.always(d.maxTokens, "Score", encode(1))
	w.always(d.temperature, "Score", encode(0))
	w.param(d.topP, "Score", true, nil)
	w.param(d.topK, "Score", true, nil)
	w.always(d.logprobs, "Score", encode(1))
	w.set("echo", "Score", encode(true))
	w.set("stream", "Score", encode(false))
	w.extra(extra)
	if w.err != nil {
		return nil, w.err
	}
	raw, err := b.call(ctx, b.base+"/completions", append(w.json, '}'))
	if err != nil {
		return nil, err
	}
	var answer event
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, b.misread(wrong("cannot read the answer: %v: %s", err, b.say(raw)))
	}
	if answer.isError() {
		return nil, b.announced(raw)
	}
	spend(ctx, readUsage(answer.Usage))
	all := make([]echoed, len(texts))
	for _, c := range answer.Choices {
		if c.Index < 0 || c.Index >= len(all) {
			continue
		}
		e := &all[c.Index]
		e.text += c.Text.text
		more, err := readTokens(c.Logprobs, 1)
		if err != nil {
			return nil, b.misread(err)
		}
		e.tokens = append(e.tokens, more...)
	}
	return all, nil
}

// locate returns where full begins in the tokens put together. A server may set
// a token before it, as the beginning of the text, and others after it.
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
