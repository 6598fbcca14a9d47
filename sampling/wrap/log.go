package wrap

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
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
//   - n, completions: how many were asked for and returned, for draw and score
//   - model: the model that answered
//   - attempts, waited, hit, backend, cost: what a [Retry], a [Limit], a [Cache], a
//     [Fallback] and a [Meter] inside did; backend is the place of the one that
//     answered, from 1
//   - error: the backend's error
//   - warning: the prompt ends in white space
//   - prompt, text: only when asked for
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
	return &logged{l, inside(backend)}
}

// A line is one record being written.
type line struct {
	log   Log
	ctx   context.Context
	start time.Time
	trace *trace
	attrs []slog.Attr
}

// line begins a record. The inner wrappers report to the context that it returns.
func (l Log) line(ctx context.Context) (context.Context, *line) {
	inner, t := withTrace(ctx)
	r := &line{log: l, ctx: ctx, start: time.Now(), trace: t}
	if label := labelOf(ctx); label != "" {
		r.add(slog.String("label", label))
	}
	return inner, r
}

func (r *line) add(attrs ...slog.Attr) { r.attrs = append(r.attrs, attrs...) }

func (r *line) model(name string) {
	if name != "" {
		r.add(slog.String("model", name))
	}
}

func (r *line) usage(u sampling.Usage) {
	for _, a := range []struct {
		name string
		n    int
	}{
		{"prompt_tokens", u.PromptTokens},
		{"completion_tokens", u.CompletionTokens},
		{"cached_tokens", u.CachedTokens},
	} {
		if a.n != 0 {
			r.add(slog.Int(a.name, a.n))
		}
	}
}

// text adds a text if Log.Text is set.
func (r *line) text(name, text string) {
	if r.log.Text {
		r.add(slog.String(name, text))
	}
}

func (r *line) prompt(text string) {
	if strings.HasSuffix(text, " ") || strings.HasSuffix(text, "\t") {
		r.add(slog.String("warning", "the prompt ends in white space, which tokenizers join to the next word; leave it to the completion"))
	}
	r.text("prompt", text)
}

// write ends the record. quiet logs a failure like a success.
func (r *line) write(message string, err error, quiet bool) {
	r.add(slog.Duration("took", time.Since(r.start)))
	r.trace.mu.Lock()
	if r.trace.attempts > 1 {
		r.add(slog.Int("attempts", r.trace.attempts))
	}
	if r.trace.waited >= time.Millisecond { // less is not a wait
		r.add(slog.Duration("waited", r.trace.waited))
	}
	if r.trace.hit {
		r.add(slog.Bool("hit", true))
	}
	if r.trace.place > 0 {
		r.add(slog.Int("backend", r.trace.place))
	}
	if r.trace.metered {
		r.add(slog.Float64("cost", r.trace.cost))
	}
	r.trace.mu.Unlock()
	level := r.log.Level
	if err != nil {
		r.add(slog.String("error", err.Error()))
		if !quiet && !errors.Is(err, context.Canceled) {
			level = slog.LevelError
		}
	}
	logger := r.log.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(r.ctx, level, message, r.attrs...)
}

// logged is a backend with a Log around it.
type logged struct {
	log Log
	sampling.Forward
}

func (l *logged) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		ctx, r := l.log.line(ctx)
		var t tally
		if l.log.Text {
			t.text = new(strings.Builder)
		}
		var end ending
		defer func() {
			r.model(t.model)
			r.usage(t.usage)
			r.add(slog.Int("bytes", t.bytes))
			if t.bytes > 0 {
				r.add(slog.Duration("first", t.first.Sub(r.start)))
			}
			err := end.err
			switch {
			case end.left:
				r.add(slog.String("reason", "left"))
			case err == nil:
				r.add(slog.String("reason", t.reason.String()))
				if t.reason == sampling.Unfinished {
					err = sampling.ErrTruncated // as Model reports
				}
			}
			r.prompt(req.Prompt)
			if t.text != nil {
				r.text("text", t.text.String())
			}
			r.write("sample", err, false)
		}()
		end.pass(l.Backend.Sample(ctx, req), &t, yield)
	}
}

func (l *logged) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	ctx, r := l.log.line(ctx)
	defer func() {
		var total sampling.Usage
		size, model := 0, ""
		var texts []string
		for _, c := range all {
			if c != nil {
				total.PromptTokens += c.Usage.PromptTokens
				total.CompletionTokens += c.Usage.CompletionTokens
				total.CachedTokens += c.Usage.CachedTokens
				size += len(c.Text)
				model = cmp.Or(model, c.Model)
				texts = append(texts, c.Text)
			}
		}
		r.model(model)
		r.usage(total)
		r.add(slog.Int("n", n), slog.Int("completions", len(all)), slog.Int("bytes", size))
		r.prompt(req.Prompt)
		if l.log.Text {
			r.add(slog.Any("texts", texts))
		}
		// If it is unsupported, Model draws single samples.
		r.write("draw", err, errors.Is(err, sampling.ErrUnsupported))
	}()
	return l.Forward.Draw(ctx, req, n)
}

func (l *logged) Score(ctx context.Context, req *sampling.Request, continuations []string) (scores []sampling.Score, err error) {
	ctx, r := l.log.line(ctx)
	defer func() {
		r.add(slog.Int("n", len(continuations)), slog.Int("completions", len(scores)))
		r.prompt(req.Prompt)
		if l.log.Text {
			r.add(slog.Any("texts", continuations))
		}
		// Callers find out in this way whether a backend scores.
		r.write("score", err, errors.Is(err, sampling.ErrUnsupported))
	}()
	return l.Forward.Score(ctx, req, continuations)
}
