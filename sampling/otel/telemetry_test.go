package otel_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/otel"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// telemetry reports into memory.
func telemetry(text bool) (otel.Telemetry, *tracetest.InMemoryExporter, *metric.ManualReader) {
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	return otel.Telemetry{
		Model: "asked", Provider: "test", Text: text,
		Tracers: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)),
		Meters:  metric.NewMeterProvider(metric.WithReader(reader)),
	}, spans, reader
}

// backend answers as model, or fails.
func backend(model string, fault error) sampling.Backend {
	return sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			if fault != nil {
				yield(sampling.Chunk{}, fault)
				return
			}
			_ = yield(sampling.Chunk{Text: " secret answer", Model: model}, nil) &&
				yield(sampling.Chunk{Reason: sampling.EndOfText, Model: model, Usage: sampling.Usage{PromptTokens: 12, CompletionTokens: 3, CachedTokens: 8}}, nil)
		}
	})
}

func attributes(span tracetest.SpanStub) map[attribute.Key]string {
	all := map[attribute.Key]string{}
	for _, a := range span.Attributes {
		all[a.Key] = a.Value.Emit()
	}
	return all
}

func TestSpan(t *testing.T) {
	for _, text := range []bool{false, true} {
		wrapper, spans, _ := telemetry(text)
		m := sampling.Model{Backend: wrapper.Wrap(backend("answering", nil))}
		req := &sampling.Request{Prompt: "secret question", Stop: []string{"\n"}, Params: sampling.Params{MaxTokens: 5, Temperature: 0.5, TopP: 0.9, TopK: 4, Seed: 7}}
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		all := spans.GetSpans()
		if len(all) != 1 || all[0].Name != "text_completion asked" || all[0].Status.Code != codes.Unset {
			t.Fatalf("%+v", all)
		}
		got := attributes(all[0])
		want := map[attribute.Key]string{
			"gen_ai.operation.name": "text_completion", "gen_ai.provider.name": "test",
			"gen_ai.request.model": "asked", "gen_ai.response.model": "answering",
			"gen_ai.request.max_tokens": "5", "gen_ai.request.temperature": "0.5", "gen_ai.request.top_p": "0.9",
			"gen_ai.request.top_k": "4", "gen_ai.request.seed": "7", "gen_ai.request.stop_sequences": `["\n"]`,
			"gen_ai.response.finish_reasons": `["end of text"]`,
			"gen_ai.usage.input_tokens":      "12", "gen_ai.usage.output_tokens": "3", "gen_ai.usage.cache_read.input_tokens": "8",
		}
		if text {
			want["foreword.prompt"], want["foreword.text"] = "secret question", " secret answer"
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s is %q, want %q", key, got[key], value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d attributes, want %d: %v", len(got), len(want), got)
		}
		if !text && strings.Contains(fmt.Sprintf("%+v", all), "secret") {
			t.Error("the span has a private text")
		}
	}
}

// Leaving the loop, an error and ErrUnsupported each end the span correctly.
func TestEnds(t *testing.T) {
	busy := &sampling.Error{Backend: "test", Status: 503, Temporary: true, Err: errors.New("busy")}
	for _, test := range []struct {
		name  string
		fault error
		call  func(m sampling.Model) error
		code  codes.Code
		kind  string
	}{
		{"stop", nil, func(m sampling.Model) error {
			_, err := m.Complete(t.Context(), &sampling.Request{Stop: []string{"answer"}})
			return err
		}, codes.Unset, ""},
		{"busy", busy, func(m sampling.Model) error {
			_, err := m.Complete(t.Context(), &sampling.Request{})
			return err
		}, codes.Error, "503"},
		{"cut", sampling.ErrTruncated, func(m sampling.Model) error {
			_, err := m.Complete(t.Context(), &sampling.Request{})
			return err
		}, codes.Error, "truncated"},
		{"no scores", nil, func(m sampling.Model) error {
			_, err := m.Score(t.Context(), &sampling.Request{}, []string{"x"})
			return err
		}, codes.Unset, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			wrapper, spans, _ := telemetry(false)
			err := test.call(sampling.Model{Backend: wrapper.Wrap(backend("m", test.fault))})
			if test.fault != nil && !errors.Is(err, test.fault) {
				t.Error(err)
			}
			all := spans.GetSpans()
			if len(all) != 1 || all[0].Status.Code != test.code || attributes(all[0])["error.type"] != test.kind {
				t.Errorf("%+v", all)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	wrapper, _, reader := telemetry(false)
	m := sampling.Model{Backend: wrapper.Wrap(backend("answering", nil))}
	for range 3 {
		if _, err := m.Complete(t.Context(), &sampling.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	calls, tokens := uint64(0), map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Histogram[float64]:
			if m.Name != "gen_ai.client.operation.duration" || m.Unit != "s" {
				t.Errorf("%+v", m)
			}
			calls = d.DataPoints[0].Count
		case metricdata.Histogram[int64]:
			if m.Name != "gen_ai.client.token.usage" || m.Unit != "{token}" {
				t.Errorf("%+v", m)
			}
			for _, p := range d.DataPoints {
				kind, _ := p.Attributes.Value("gen_ai.token.type")
				tokens[kind.AsString()] = p.Sum
			}
		}
	}
	if calls != 3 || tokens["input"] != 36 || tokens["output"] != 9 {
		t.Errorf("%d calls, tokens %v", calls, tokens)
	}
}

// Around each server of a Fallback, spans tell who failed and who answered.
func TestFallback(t *testing.T) {
	outer, spans, _ := telemetry(false)
	first, second := outer, outer
	first.Model, second.Model = "first", "second"
	down := &sampling.Error{Status: 503, Temporary: true, Err: errors.New("down")}
	m := sampling.Model{Backend: outer.Wrap(wrap.Fallback(first.Wrap(backend("first", down)), second.Wrap(backend("second", nil))))}
	if _, err := m.Complete(t.Context(), &sampling.Request{}); err != nil {
		t.Fatal(err)
	}
	all := spans.GetSpans()
	if len(all) != 3 {
		t.Fatalf("%+v", all)
	}
	call := all[2]
	if attributes(call)["gen_ai.response.model"] != "second" || call.Status.Code != codes.Unset {
		t.Errorf("%+v", call)
	}
	for i, want := range []string{"text_completion first", "text_completion second"} {
		if all[i].Name != want || all[i].Parent.SpanID() != call.SpanContext.SpanID() {
			t.Errorf("%+v", all[i])
		}
	}
}

func TestConformance(t *testing.T) {
	wrapper, _, _ := telemetry(true)
	samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend { return wrapper.Wrap(pocket.Default()) })
}

// If the fields are nil, the program's own providers are used. Here there are none, so
// nothing is reported and the call works.
func Example() {
	m := sampling.Model{Backend: otel.Telemetry{Model: "pocket"}.Wrap(pocket.Default())}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "English: cat\nFrench:", Stop: []string{"\n"}})
	fmt.Println(c.Reason, err)
	// Output: stop sequence <nil>
}

// A program that exports spans sets its own provider.
func ExampleTelemetry() {
	spans := tracetest.NewInMemoryExporter() // in place of an OTLP exporter
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	m := sampling.Model{Backend: otel.Telemetry{Model: "pocket", Tracers: provider}.Wrap(pocket.Default())}
	if _, err := m.Complete(context.Background(), &sampling.Request{Prompt: "English: cat\nFrench:", Stop: []string{"\n"}}); err != nil {
		fmt.Println(err)
	}
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output: text_completion pocket
}
