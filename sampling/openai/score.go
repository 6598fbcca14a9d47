package openai

import (
	"context"
	"errors"
	"fmt"

	"github.com/foreword-go/foreword/sampling"
)

// Score returns how likely each continuation of req.Prompt is. It implements
// [sampling.Scorer]. How it asks depends on the server:
//
//   - vLLM reports the log probabilities of given tokens. That takes as many requests
//     as the longest continuation has tokens. Long texts are scored by echo.
//   - llama.cpp reports those of tokens that it is forced to draw, with at most one
//     request for each continuation.
//   - Other servers are sent prompt and continuation together and asked for the log
//     probabilities of the prompt (echo), several texts a request.
//
// Many servers ignore echo. So the first call sends a short probe. If its answer lacks
// log probabilities, every call is an error wrapping [sampling.ErrUnsupported].
//
// The first token of a text has no log probability, unless the server puts a token of
// its own before it. Otherwise an empty prompt is an error.
func (b *Backend) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := req.Validate(); err != nil {
		return nil, &sampling.Error{Backend: backendName, Err: err}
	}
	s := scoring{b: b, req: req, known: map[token]float64{}}
	if err := s.body(map[string]any{"prompt": req.Prompt}).err; err != nil {
		return nil, err
	}
	for _, text := range continuations {
		if text != "" { // an empty one is certain
			s.texts = append(s.texts, text)
		}
	}
	scored, err := s.scores(ctx)
	if err != nil {
		return nil, err
	}
	scores := make([]sampling.Score, len(continuations))
	for i, text := range continuations {
		if text != "" {
			scores[i], scored = scored[0], scored[1:]
		}
	}
	if len(scores) > 0 {
		scores[0].Usage = s.spent
	}
	return scores, nil
}

// A scoring is one call of Score.
type scoring struct {
	b     *Backend
	req   *sampling.Request
	texts []string
	spent sampling.Usage

	// Where the server scores tokens by their ids:
	prompt  []any    // of llama.cpp: texts and ids of tokens
	targets []target // one for each text
	known   map[token]float64
}

// A token is one of those that may follow a context.
type token struct {
	place string // names the context
	id    int
}

// errByEcho sends a text that cannot be scored by token ids, or not as cheaply, to
// echo.
var errByEcho = errors.New("to be scored by echo")

func (s *scoring) scores(ctx context.Context) ([]sampling.Score, error) {
	err := errByEcho
	switch native := s.b.config.Dialect.native; {
	case len(s.texts) == 0:
		return nil, nil
	case native == nativeLlamaCpp:
		err = s.force(ctx)
	case native == nativeVLLM && !s.b.learned.noTokenIDs.Load():
		err = s.askByID(ctx)
	}
	if err == errByEcho {
		return s.byEcho(ctx)
	}
	return s.sums(), err
}

// A target is a continuation as tokens.
type target struct {
	before []any // the tokens before it; nil: the prompt
	tokens []piece
}

// place names the tokens before the i-th one.
func (t *target) place(i int) string { return fmt.Sprint(t.before, ids(t.tokens[:i])) }

// knows reports whether the log probability of a target's i-th token is known.
func (s *scoring) knows(t *target, i int) bool {
	_, ok := s.known[token{t.place(i), t.tokens[i].id}]
	return ok
}

// sums returns the scores when all tokens are known.
func (s *scoring) sums() []sampling.Score {
	scores := make([]sampling.Score, len(s.targets))
	for i := range s.targets {
		t := &s.targets[i]
		for n, one := range t.tokens {
			p := s.known[token{t.place(n), one.id}]
			scores[i].Logprob += p
			scores[i].Tokens = append(scores[i].Tokens, sampling.Token{Text: one.text, Logprob: p})
		}
	}
	return scores
}

// body is a request for log probabilities, with the caller's own fields.
func (s *scoring) body(fields map[string]any) *body {
	w := s.b.newBody("Score", fields)
	w.extra(s.req.Params.Extra)
	return w
}
