package wrap

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A Log writes one record for each call, when it ends: "sample", "draw" or "score".
// It has these attributes, without those that are unknown:
//
//   - label: that of [WithLabel]
//   - prompt_tokens, completion_tokens, cached_tokens: as the backend reports them
//   - bytes: the length of the text
//   - first: the time to the first text, and took: the time to the end, which
//     for a stream is that of the loop and includes what its body did
//   - reason: why the text ended; "left" when the caller left the loop, as a Model
//     does at a stop sequence
//   - n, completions: the requested and returned number, for draw and score
//   - model: the model that answered
//   - attempts, waited, hit, backend, cost: what a [Retry], a [Limit], a [Cache], a
//     [Fallback] and a [Meter] inside did; backend is the place of the one that
//     answered, from 1
//   - error: the backend's error
//   - warning: the prompt ends in white space
//   - prompt, text: only if Text is set
//
// A record holds neither the key nor any other part of the request. A server's error
// text may repeat parts of it.
//
// A Log is a value, safe for concurrent use.
type Log struct {
	// Logger writes the records. nil is [slog.Default] at the time of the call.
	Logger *slog.Logger

	// Level is the level of calls that succeeded or were canceled. The zero Level
	// is [slog.LevelInfo]. Failed calls are logged at [slog.LevelError], except for
	// a draw or a score that the backend does not support.
	Level slog.Level

	// Text adds the prompts and texts, which may be private.
	Text bool
}

// Wrap returns a backend whose calls are logged.
func (l Log) Wrap(backend sampling.Backend) sampling.Backend {
	return &handled{inside(backend), l}
}

func (l Log) handle(ctx context.Context, c *call, do attempt) error {
	inner, t := withTrace(ctx)
	start := time.Now()
	defer func() { l.write(ctx, c, start, t) }()
	return do(inner, c.backend)
}

// write writes the record of a call.
func (l Log) write(ctx context.Context, c *call, start time.Time, t *trace) {
	err := c.err
	total, size, model := sampling.Usage{}, 0, ""
	texts := []string{}
	for _, t := range c.texts {
		total = total.Add(t.usage)
		size += t.text.Len()
		model = cmp.Or(model, t.model)
		texts = append(texts, t.text.String())
	}
	attrs := known(
		slog.String("label", labelOf(ctx)),
		slog.String("model", model),
		slog.Int("prompt_tokens", total.PromptTokens),
		slog.Int("completion_tokens", total.CompletionTokens),
		slog.Int("cached_tokens", total.CachedTokens),
	)
	add := func(a ...slog.Attr) { attrs = append(attrs, a...) }
	var text slog.Attr
	switch c.method {
	case "sample":
		t := c.texts[0]
		text = slog.String("text", texts[0])
		add(slog.Int("bytes", size))
		if size > 0 {
			add(slog.Duration("first", t.first.Sub(start)))
		}
		switch {
		case c.out.left:
			add(slog.String("reason", "left"))
		case err == nil, err == sampling.ErrTruncated:
			add(slog.String("reason", t.reason.String()))
		}
	case "draw":
		text = slog.Any("texts", texts)
		add(slog.Int("n", c.n), slog.Int("completions", len(texts)), slog.Int("bytes", size))
	case "score":
		text = slog.Any("texts", c.continuations)
		add(slog.Int("n", c.n), slog.Int("completions", len(c.scores)))
	}
	if strings.HasSuffix(c.req.Prompt, " ") || strings.HasSuffix(c.req.Prompt, "\t") {
		add(slog.String("warning", "the prompt ends in white space, which tokenizers join to the next word; leave it to the completion"))
	}
	if l.Text {
		add(slog.String("prompt", c.req.Prompt), text)
	}
	add(slog.Duration("took", time.Since(start)))
	add(t.attrs()...)
	level := l.Level
	if err != nil {
		add(slog.String("error", err.Error()))
		// Model draws single samples if Draw is unsupported, and callers find out by
		// Score whether a backend scores.
		fallsBack := c.method != "sample" && errors.Is(err, sampling.ErrUnsupported)
		if !fallsBack && !errors.Is(err, context.Canceled) {
			level = slog.LevelError
		}
	}
	cmp.Or(l.Logger, slog.Default()).LogAttrs(ctx, level, c.method, attrs...)
}

// attrs returns what the inner wrappers did.
func (t *trace) attrs() []slog.Attr {
	t.mu.Lock()
	defer t.mu.Unlock()
	attempts, waited := t.attempts, t.waited
	if attempts == 1 {
		attempts = 0
	}
	if waited < time.Millisecond {
		waited = 0 // that is not a wait
	}
	attrs := known(slog.Int("attempts", attempts), slog.Duration("waited", waited), slog.Bool("hit", t.hit), slog.Int("backend", t.place))
	if t.metered {
		attrs = append(attrs, slog.Float64("cost", math.Round(t.cost*1e9)/1e9))
	}
	return attrs
}

// known leaves out zero values.
func known(attrs ...slog.Attr) []slog.Attr {
	return slices.DeleteFunc(attrs, func(a slog.Attr) bool { return reflect.ValueOf(a.Value.Any()).IsZero() })
}
