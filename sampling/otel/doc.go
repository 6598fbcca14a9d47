// Package otel reports the calls of a [sampling.Backend] to OpenTelemetry: a span
// for each call, and metrics for its duration and tokens. The names follow
// OpenTelemetry's semantic conventions for generative AI, which are not stable
// yet. Prompts and texts are private and left out unless asked for.
//
// Put it outermost, as wrap.Log is:
//
//	backend := wrap.Around(server, wrap.Retry{}, otel.Telemetry{Model: "llama-3.1-405b", Provider: "openai"})
//
// Around a wrap.Fallback, put another one around each server. The spans of the
// attempts are then inside the span of the call, and each names its server.
//
// The package is a module of its own, so that its dependencies stay out of
// programs that do not use it.
package otel
