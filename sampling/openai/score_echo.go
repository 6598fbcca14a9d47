package openai

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// echoAtOnce is how many texts one request by echo has.
const echoAtOnce = 16

// probeTexts are what a server is tried with. No vocabulary has one of them as
// one token, and no model is certain of all of it.
var probeTexts = []string{"The lighthouse keeper counted 17 ships.", "Nobody on the island owned 23 boats."}

// An echoing is whether a server scores by echo.
type echoing struct {
	atOnce int   // how many texts it takes in one request
	err    error // it does not score
}

// byEcho sends prompt and continuation together, and sums over the tokens after the
// prompt.
func (s *scoring) byEcho(ctx context.Context) ([]sampling.Score, error) {
	b := s.b
	if !b.config.Dialect.Echo || b.config.Dialect.fields["Logprobs"].name == "" {
		return nil, unsupported("%s does not return the log probabilities of a prompt", b.config.Dialect.Name)
	}
	echoes, err := b.learned.echoing.Learn(ctx, func() (echoing, error) { return s.probe(ctx) })
	if err := cmp.Or(err, echoes.err); err != nil {
		return nil, err
	}
	var scores []sampling.Score
	for some := range slices.Chunk(s.texts, echoes.atOnce) {
		full := make([]string, len(some))
		for i, text := range some {
			full[i] = s.req.Prompt + text
		}
		echoed, err := s.echo(ctx, s.req.Params.Extra, full)
		if err != nil {
			return nil, err
		}
		for i := range some {
			score, err := echoed[i].score(s.req.Prompt, full[i])
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
	tokens []sampling.Token
	text   string
}

// score sums over the tokens of what follows the prompt.
func (e *echoed) score(prompt, full string) (sampling.Score, error) {
	var score sampling.Score
	at, ok := e.locate(full)
	if !ok {
		return score, unsupported("the tokens that the server returns do not spell the text")
	}
	from, to := at+len(prompt), at+len(full)
	offset := 0
	for i, t := range e.tokens {
		begin, end := offset, offset+len(t.Text)
		offset = end
		if begin >= to || end < from || end == from && (begin < from || unknown(t)) {
			continue // vLLM's tokens within a rune have no text, and follow the prompt
		}
		if unknown(t) {
			return score, unsupported("the server reports no log probability for token %d, %q, of the text; put some text before it", i, t.Text)
		}
		score.Logprob += t.Logprob
		score.Tokens = append(score.Tokens, t)
	}
	return score, nil
}

// locate returns where full begins in the tokens put together. A server may put a
// token before it, as the beginning of the text, and others after it. The first token of
// the text may begin with a space that the text does not have.
func (e *echoed) locate(full string) (at int, ok bool) {
	var all strings.Builder
	for _, t := range e.tokens {
		all.WriteString(t.Text)
	}
	joined := all.String()
	if strings.HasPrefix(e.text, full) && strings.HasSuffix(joined, e.text) {
		return len(joined) - len(e.text), true
	}
	for _, t := range e.tokens { // not within one: "<s>" has an s too
		switch rest := joined[at:]; {
		case strings.HasPrefix(rest, full):
			return at, true
		case strings.HasPrefix(rest, " "+full):
			return at + 1, true
		}
		at += len(t.Text)
	}
	return 0, false
}

// probe finds out whether the server scores, and how many texts at once.
func (s *scoring) probe(ctx context.Context) (echoing, error) {
	e := echoing{echoAtOnce, s.try(ctx, probeTexts)}
	if errors.Is(e.err, sampling.ErrUnsupported) {
		e = echoing{1, s.try(ctx, probeTexts[:1])}
	}
	if e.err != nil && !errors.Is(e.err, sampling.ErrUnsupported) {
		return e, e.err
	}
	return e, nil
}

func (s *scoring) try(ctx context.Context, texts []string) error {
	all, err := s.echo(ctx, nil, texts)
	if err != nil {
		return notDone(err, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotImplemented)
	}
	for i, text := range texts {
		first := strings.IndexByte(text, ' ') + 1 // the first token may have no log probability
		score, err := all[i].score(text[:first], text)
		uncertain := slices.ContainsFunc(score.Tokens, func(t sampling.Token) bool { return t.Logprob != 0 })
		if err != nil || len(score.Tokens) < 2 || !uncertain {
			return unsupported("asked to return a prompt's log probabilities (echo), the server returned %q without them, or zeros", s.b.wire.Quote([]byte(all[i].text)))
		}
	}
	return nil
}

// echo sends texts and returns the tokens of each, with one that was drawn after it.
func (s *scoring) echo(ctx context.Context, extra map[string]any, texts []string) ([]echoed, error) {
	b := s.b
	var prompt any = texts[0]
	if len(texts) > 1 {
		prompt = texts
	}
	if slices.ContainsFunc(texts, b.mayMisread) {
		all := make([][]int, len(texts))
		for i, text := range texts {
			var err error
			if all[i], err = b.ids(ctx, text); err != nil {
				return nil, err
			}
		}
		prompt = all
	}
	w := b.newBody("Score", map[string]any{"prompt": prompt, "echo": true, "stream": false})
	w.param("MaxTokens", 1, false)
	w.param("Temperature", 0, false)
	w.param("TopP", 1, true)
	w.param("TopK", 0, true)
	w.param("Logprobs", 1, false)
	w.extra(extra)
	var answer event
	if err := b.call(ctx, b.base+"/completions", w, &answer); err != nil {
		return nil, err
	}
	s.spent = s.spent.Add(answer.Usage.Usage)
	all := make([]echoed, len(texts))
	for _, c := range answer.Choices {
		if c.Index < 0 || c.Index >= len(all) {
			continue
		}
		tokens, err := readTokens(c.Logprobs, 1)
		if err != nil {
			return nil, b.misread(err)
		}
		e := &all[c.Index]
		e.text += c.Text.value
		e.tokens = append(e.tokens, tokens...)
	}
	return all, nil
}
