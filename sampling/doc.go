// Package sampling draws continuations from base language models: models that
// have been trained to continue text and nothing else.
//
// Four nouns carry the package.
//
//   - A [Request] is a prompt, the stop sequences that end its continuation and
//     the [Params] that decide how tokens are drawn.
//   - A [Backend] is one source of continuations: a server, a model in this
//     process, a file of recorded exchanges. It is the interface that authors
//     implement, as [net/http.Handler] is for servers, and it has one method.
//   - A [Model] is what callers use: a Backend together with its context window
//     and its token counter. It checks the request before anything is sent,
//     cuts the text at the first stop sequence, and treats a stream that broke
//     off as the error that it is.
//   - A [Completion] is the text that came back, with the [Reason] it ended.
//
// The smallest program asks a model to go on:
//
//	m := sampling.Model{Backend: pocket.Default()}
//	c, err := m.Complete(ctx, &sampling.Request{
//		Prompt: "The capital of France is",
//		Stop:   []string{"."},
//	})
//
// Then c.Text is " Paris", and c.Reason says that a stop sequence ended it.
//
// A [Constraint] restricts what the completion may be, known elsewhere as guided
// or structured decoding: one of several texts ([OneOf]), or what matches a
// regular expression ([Matching]). It is enforced by the backend and verified by
// Model: an answer that violates it is an error.
//
// Models in subpackages: openai speaks to any OpenAI-compatible
// /v1/completions, ollama to Ollama, pocket is a small base model inside this
// process. Package wrap adds retries, limits, caches and meters around any of
// them, and package samplingtest is the conformance kit for new ones.
//
// The package imports the standard library alone. It is not for chat models:
// they expect their own template around every message, and a raw continuation
// shows them text that they were not trained on.
package sampling
