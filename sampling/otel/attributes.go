package otel

import (
	"context"
	"errors"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/foreword-go/foreword/sampling"
)

// The names of the semantic conventions, which may still change.
// https://opentelemetry.io/docs/specs/semconv/gen-ai/
const (
	operationName = attribute.Key("gen_ai.operation.name")
	providerName  = attribute.Key("gen_ai.provider.name")
	requestModel  = attribute.Key("gen_ai.request.model")
	maxTokens     = attribute.Key("gen_ai.request.max_tokens")
	temperature   = attribute.Key("gen_ai.request.temperature")
	topP          = attribute.Key("gen_ai.request.top_p")
	topK          = attribute.Key("gen_ai.request.top_k")
	frequency     = attribute.Key("gen_ai.request.frequency_penalty")
	presence      = attribute.Key("gen_ai.request.presence_penalty")
	stopSequences = attribute.Key("gen_ai.request.stop_sequences")
	seed          = attribute.Key("gen_ai.request.seed")
	choiceCount   = attribute.Key("gen_ai.request.choice.count")
	responseModel = attribute.Key("gen_ai.response.model")
	finishReasons = attribute.Key("gen_ai.response.finish_reasons")
	inputTokens   = attribute.Key("gen_ai.usage.input_tokens")
	outputTokens  = attribute.Key("gen_ai.usage.output_tokens")
	cachedTokens  = attribute.Key("gen_ai.usage.cache_read.input_tokens")
	tokenType     = attribute.Key("gen_ai.token.type")
	errorType     = attribute.Key("error.type")

	// The conventions have no names for the texts of base models.
	promptText     = attribute.Key("foreword.prompt")
	completionText = attribute.Key("foreword.text")

	completion = "text_completion"
	score      = "score" // not in the conventions

	durationName = "gen_ai.client.operation.duration"
	tokensName   = "gen_ai.client.token.usage"
)

// The units and the bounds of the histograms, by the conventions.
var (
	durationOptions = []metric.Float64HistogramOption{
		metric.WithUnit("s"), metric.WithDescription("Duration of calls to a language model"),
		metric.WithExplicitBucketBoundaries(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
	}
	tokensOptions = []metric.Int64HistogramOption{
		metric.WithUnit("{token}"), metric.WithDescription("Tokens read and drawn by calls to a language model"),
		metric.WithExplicitBucketBoundaries(1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864),
	}
)

// common are the attributes that spans and metrics share.
func (t *Telemetry) common(operation, model string) []attribute.KeyValue {
	attrs := []attribute.KeyValue{operationName.String(operation)}
	for _, a := range []attribute.KeyValue{providerName.String(t.Provider), requestModel.String(t.Model), responseModel.String(model)} {
		if a.Value.AsString() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

// requestAttributes leaves out what the request does not set.
func requestAttributes(p *sampling.Params, stop []string) []attribute.KeyValue {
	attrs := []attribute.KeyValue{temperature.Float64(p.Temperature)} // 0 is greedy
	for _, a := range []struct {
		set bool
		attribute.KeyValue
	}{
		{p.MaxTokens != 0, maxTokens.Int(p.MaxTokens)},
		{p.TopP != 0, topP.Float64(p.TopP)},
		{p.TopK != 0, topK.Float64(float64(p.TopK))},
		{p.FrequencyPenalty != 0, frequency.Float64(p.FrequencyPenalty)},
		{p.PresencePenalty != 0, presence.Float64(p.PresencePenalty)},
		{p.Seed != 0 && p.Seed < 1<<63, seed.Int64(int64(p.Seed))},
		{len(stop) > 0, stopSequences.StringSlice(stop)},
	} {
		if a.set {
			attrs = append(attrs, a.KeyValue)
		}
	}
	return attrs
}

// usageAttributes leaves out what the backend did not report.
func usageAttributes(u sampling.Usage, model string) (attrs []attribute.KeyValue) {
	for _, a := range []struct {
		key attribute.Key
		n   int
	}{{inputTokens, u.PromptTokens}, {outputTokens, u.CompletionTokens}, {cachedTokens, u.CachedTokens}} {
		if a.n > 0 {
			attrs = append(attrs, a.key.Int(a.n))
		}
	}
	if model != "" {
		attrs = append(attrs, responseModel.String(model))
	}
	return attrs
}

// errorKind is the HTTP status of an error, or its kind: one of a few values.
func errorKind(err error) string {
	for _, kind := range []struct {
		err  error
		name string
	}{
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout"},
		{sampling.ErrInvalid, "invalid_request"},
		{sampling.ErrBudget, "context_window"},
		{sampling.ErrUnsupported, "unsupported"},
		{sampling.ErrTruncated, "truncated"},
		{sampling.ErrConstraint, "constraint"},
	} {
		if errors.Is(err, kind.err) {
			return kind.name
		}
	}
	if e, ok := errors.AsType[*sampling.Error](err); ok && e.Status != 0 {
		return strconv.Itoa(e.Status)
	}
	return "_OTHER"
}
