package otel

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/foreword-go/foreword/sampling"
)

// Telemetry says how calls are reported. It is a value, a wrap.Wrapper, and safe
// for concurrent use. The zero value works.
type Telemetry struct {
	// Model is the model's name in spans and metrics. "" leaves it out.
	Model string

	// Provider names the server or its software, such as "openai" or
	// "llama.cpp". "" leaves it out.
	Provider string

	// Tracers and Meters make the spans and the metrics. nil is the provider that
	// the program has registered at the first call.
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider

	// Text also records prompts and texts, which may be private.
	Text bool
}

// scope is the name of the instrumentation.
const scope = "github.com/foreword-go/foreword/sampling/otel"

// Wrap returns a backend whose calls are reported.
func (t Telemetry) Wrap(backend sampling.Backend) sampling.Backend {
	return &traced{Forward: sampling.Forward{Backend: backend}, Telemetry: t}
}

type traced struct {
	sampling.Forward
	Telemetry

	once     sync.Once
	tracer   trace.Tracer
	duration metric.Float64Histogram
	tokens   metric.Int64Histogram
}

func (t *traced) begin() {
	tracers, meters := t.Tracers, t.Meters
	if tracers == nil {
		tracers = api.GetTracerProvider()
	}
	if meters == nil {
		meters = api.GetMeterProvider()
	}
	t.tracer = tracers.Tracer(scope)
	var err error // of an instrument, which then records nothing
	meter := meters.Meter(scope)
	if t.duration, err = meter.Float64Histogram(durationName, durationOptions...); err != nil {
		api.Handle(err)
	}
	if t.tokens, err = meter.Int64Histogram(tokensName, tokensOptions...); err != nil {
		api.Handle(err)
	}
}

// A call is one span being recorded.
type call struct {
	*traced
	ctx   context.Context
	span  trace.Span
	start time.Time
	usage sampling.Usage
	model string
}

// call begins a span. It returns the context of the span.
func (t *traced) call(ctx context.Context, operation string, req *sampling.Request, more ...attribute.KeyValue) (context.Context, *call) {
	t.once.Do(t.begin)
	name := operation
	if t.Model != "" {
		name += " " + t.Model
	}
	attrs := append(t.common(operation, ""), requestAttributes(&req.Params, req.Stop)...)
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(append(attrs, more...)...))
	if t.Text {
		span.SetAttributes(promptText.String(req.Prompt))
	}
	return ctx, &call{traced: t, ctx: ctx, span: span, start: time.Now()}
}

// end ends the span. For Draw and Score, unsupported is not an error: callers try
// them to find out.
func (c *call) end(operation string, err error, quiet bool, more ...attribute.KeyValue) {
	c.span.SetAttributes(append(more, usageAttributes(c.usage, c.model)...)...)
	shared := c.common(operation, c.model)
	if err != nil && !(quiet && errors.Is(err, sampling.ErrUnsupported)) {
		kind := errorType.String(errorKind(err))
		c.span.SetAttributes(kind)
		c.span.SetStatus(codes.Error, err.Error())
		shared = append(shared, kind)
	}
	c.duration.Record(c.ctx, time.Since(c.start).Seconds(), metric.WithAttributes(shared...))
	for _, side := range []struct {
		kind string
		n    int
	}{{"input", c.usage.PromptTokens}, {"output", c.usage.CompletionTokens}} {
		if side.n > 0 { // 0 is unknown
			c.tokens.Record(c.ctx, int64(side.n), metric.WithAttributes(append(shared[:len(shared):len(shared)], tokenType.String(side.kind))...))
		}
	}
	c.span.End()
}

// Sample implements [sampling.Backend]. The span ends with the loop.
func (t *traced) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		ctx, c := t.call(ctx, completion, req)
		reason, left := sampling.Unfinished, true
		var fault error
		var text []byte
		defer func() {
			word := reason.String()
			if left {
				word = "left" // as Model does at a stop sequence
			} else if reason == sampling.Unfinished {
				fault = cmp.Or(fault, sampling.ErrTruncated) // as Model reports it
			}
			attrs := []attribute.KeyValue{finishReasons.StringSlice([]string{word})}
			if t.Text {
				attrs = append(attrs, completionText.String(string(text)))
			}
			c.end(completion, fault, false, attrs...)
		}()
		for chunk, err := range t.Backend.Sample(ctx, req) {
			if err != nil {
				fault, left = err, false
				yield(chunk, err)
				return
			}
			c.model = cmp.Or(chunk.Model, c.model)
			if chunk.Usage != (sampling.Usage{}) {
				c.usage = chunk.Usage
			}
			if t.Text {
				text = append(text, chunk.Text...)
			}
			reason = chunk.Reason
			if !yield(chunk, nil) {
				left = reason == sampling.Unfinished // leaving at the last chunk is normal
				return
			}
		}
		left = false
	}
}

// Draw implements [sampling.Drawer].
func (t *traced) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	ctx, c := t.call(ctx, completion, req, choiceCount.Int(n))
	defer func() {
		var reasons, texts []string
		for _, one := range all {
			if one == nil {
				continue
			}
			reasons, texts = append(reasons, one.Reason.String()), append(texts, one.Text)
			c.usage = c.usage.Add(one.Usage)
			c.model = cmp.Or(c.model, one.Model)
		}
		attrs := []attribute.KeyValue{finishReasons.StringSlice(reasons)}
		if t.Text {
			attrs = append(attrs, completionText.StringSlice(texts))
		}
		c.end(completion, err, true, attrs...)
	}()
	return t.Forward.Draw(ctx, req, n)
}

// Score implements [sampling.Scorer].
func (t *traced) Score(ctx context.Context, req *sampling.Request, continuations []string) (scores []sampling.Score, err error) {
	ctx, c := t.call(ctx, score, &sampling.Request{Prompt: req.Prompt}, choiceCount.Int(len(continuations)))
	defer func() { c.end(score, err, true) }()
	return t.Forward.Score(ctx, req, continuations)
}
