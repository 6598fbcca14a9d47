// Package foreword is the root of a library for base language models, which only
// continue text.
//
// A few-shot prompt is a list of worked examples with the last answer missing:
//
//	butterfly: 나비
//	ocean: 바다
//	teacher:
//
// A base model completes it with 선생님, and then with lines of its own. This module
// builds such prompts from typed examples, stops the model after the answer, and
// returns a typed value:
//
//	task := fewshot.Task[string, string]{Format: fewshot.Lines}
//	task.Add("butterfly", "나비")
//	task.Add("ocean", "바다")
//	model := sampling.Model{Backend: pocket.Default()}
//	word, err := task.MustCompile().Run(ctx, model, "teacher") // 선생님
//
// The root package is empty. The packages are:
//
//   - fewshot: typed tasks, classification, voting, many inputs at once
//   - fewshot/choose and fewshot/eval: example selection and evaluation
//   - assistant: a base model as an assistant; assistant/chatapi: an
//     OpenAI-compatible server for it
//   - sampling: models, parameters, stop sequences, constraints
//   - sampling/pocket: an embedded base model
//   - sampling/llamacpp: GGUF models in the process, a module of its own
//   - sampling/openai and sampling/ollama: models on servers
//   - sampling/tiktoken: token counts, offline
//   - sampling/wrap: retries, limits, costs, caches and logs
//   - sampling/otel: OpenTelemetry spans and metrics, a module of its own
//   - sampling/probe: memorization and hallucination
//   - sampling/samplingtest: a conformance kit for your own backend
//   - examples: programs to read, beginning with examples/translate
package foreword
