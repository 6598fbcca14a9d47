// Package sampling draws completions from base language models, which only
// continue text.
//
//   - A [Request] is a prompt with stop sequences, [Params] and a [Constraint].
//   - A [Backend] is a source of completions: a server, or a model in this
//     process. Authors implement it, like [net/http.Handler].
//   - A [Model] is a Backend with its context window and token counter. Callers
//     use it. It checks requests, cuts at stop sequences and verifies answers.
//   - A [Completion] is the text, and the [Reason] it ended.
//
// The smallest program:
//
//	m := sampling.Model{Backend: pocket.Default()}
//	c, err := m.Complete(ctx, &sampling.Request{
//		Prompt: "The capital of France is",
//		Stop:   []string{"."},
//	})
//
// c.Text is " Paris", and c.Reason is [StopSequence].
//
// A [Constraint] is what other libraries call guided or structured decoding: one
// of several texts ([OneOf]), or a regular expression ([Matching]). The backend
// enforces it, and Model verifies it.
//
// Backends: openai (OpenAI-compatible servers), ollama, llamacpp (GGUF models in
// this process) and pocket (an embedded model). Package wrap adds retries, limits,
// caches and meters. Package samplingtest is a conformance kit for your own.
//
// The package imports only the standard library. It is not for chat models, which
// need their chat template around every message.
package sampling
