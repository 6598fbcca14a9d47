package wrap

import (
	"context"
	"iter"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// A call is one call of a backend in a wrapper.
type call struct {
	method        string // "sample", "draw" or "score"
	req           *sampling.Request
	n             int                   // completions of a draw, or continuations
	continuations []string              // of a score
	counter       func(text string) int // tokens, or an upper bound; nil counts bytes
	prompt        int                   // tokens of the prompt; -1 is not counted yet

	// The outcome.
	texts  []*tally // one of a sample, and one for each completion of a draw
	scores []sampling.Score
	err    error
	left   bool // the consumer left the loop before the end, or panicked in it
}

// A watcher is a wrapper that watches calls without changing them.
type watcher interface {
	// watch is called before the backend. It may refuse the call. It returns the
	// context for the backend, and end, which is called after the call.
	watch(ctx context.Context, c *call, backend sampling.Forward) (inner context.Context, end func(), err error)
}

// watched is a backend with a watcher around it.
type watched struct {
	sampling.Forward
	by watcher
}

func (w *watched) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		c := &call{method: "sample", req: req, n: 1, prompt: -1, texts: []*tally{{}}}
		ctx, end, err := w.by.watch(ctx, c, w.Forward)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		defer end()
		c.pass(w.Backend.Sample(ctx, req), yield)
	}
}

func (w *watched) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	c := &call{method: "draw", req: req, prompt: -1, n: n}
	ctx, end, err := w.by.watch(ctx, c, w.Forward)
	if err != nil {
		return nil, err
	}
	defer end()
	all, err := w.Forward.Draw(ctx, req, n)
	for _, one := range all {
		if one != nil {
			t := new(tally)
			t.add(one)
			c.texts = append(c.texts, t)
		}
	}
	c.err = err
	return all, err
}

func (w *watched) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	c := &call{method: "score", req: req, prompt: -1, n: len(continuations), continuations: continuations}
	ctx, end, err := w.by.watch(ctx, c, w.Forward)
	if err != nil {
		return nil, err
	}
	defer end()
	c.scores, c.err = w.Forward.Score(ctx, req, continuations)
	return c.scores, c.err
}

// pass passes a stream on and adds it up. Until it returns, left is set, which is
// right if the loop's body panics.
func (c *call) pass(chunks iter.Seq2[sampling.Chunk, error], yield func(sampling.Chunk, error) bool) {
	c.left = true
	for chunk, err := range chunks {
		if err != nil {
			c.err, c.left = err, false
			yield(chunk, err)
			return
		}
		c.texts[0].add(&chunk)
		if !yield(chunk, nil) {
			c.left = chunk.Reason == sampling.Unfinished // a consumer always leaves at the last chunk
			return
		}
	}
	c.left = false
}

// countBy sets how tokens are counted where the backend reports none: by the
// wrapper's own counter or the backend's. If counting fails, it counts bytes.
func (c *call) countBy(ctx context.Context, own sampling.Counter, backend sampling.Forward) {
	if own == nil {
		if _, ok := backend.Backend.(sampling.Counter); !ok {
			return
		}
		own = backend
	}
	c.counter = func(text string) int {
		if n, err := own.Count(ctx, text); err == nil {
			return max(n, 0)
		}
		return len(text)
	}
}

// tokens returns the number of tokens in a text, or an upper bound.
func (c *call) tokens(text string) int {
	if c.counter == nil {
		return len(text)
	}
	return c.counter(text)
}

// promptTokens counts the prompt once.
func (c *call) promptTokens() int {
	if c.prompt < 0 {
		c.prompt = c.tokens(c.req.Prompt)
	}
	return c.prompt
}

// most returns the most tokens that the call can cost.
func (c *call) most() (prompt, completion int) {
	if c.method == "score" {
		return c.scoreTokens(), 0
	}
	return c.promptTokens(), times(c.n, mayDraw(c.req))
}

// scoreTokens counts the prompt with each continuation.
func (c *call) scoreTokens() int {
	n := times(len(c.continuations), c.promptTokens())
	for _, text := range c.continuations {
		n += c.tokens(text)
	}
	return n
}

// nothing reports whether the backend returned nothing.
func (c *call) nothing() bool {
	if c.method == "score" {
		return c.err != nil
	}
	return !slices.ContainsFunc(c.texts, func(t *tally) bool { return t.chunks > 0 })
}

// cost returns the cost of the call, and whether the backend reported all of it.
func (c *call) cost() (u sampling.Usage, told bool) {
	told = c.err == nil
	for _, t := range c.texts {
		n, exact := t.completion(c.tokens, maxTokens(c.req))
		u = u.Add(sampling.Usage{PromptTokens: t.usage.PromptTokens, CompletionTokens: n, CachedTokens: t.usage.CachedTokens})
		told = told && exact
	}
	for _, s := range c.scores {
		u = u.Add(s.Usage)
	}
	if u.PromptTokens == 0 && (c.method == "score" || c.req.Prompt != "") {
		u.PromptTokens, _ = c.most()
		told = false
	}
	return u, told
}
