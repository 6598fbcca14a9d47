// Package foreword gets work out of base language models: models that only
// continue text.
//
// A prompt is a column of worked examples with the last answer missing. Ten
// lines such as
//
//	butterfly: 나비
//
// and then
//
//	teacher:
//
// make a model that has never been told to translate go on with 선생님. Zero
// examples, one and many are one thing, and a conversation is the same thing
// again, whose examples are its own earlier turns. This module is the part that
// is easily got wrong by hand: where the spaces stand, where to stop the model
// before it invents the next line, what fits, and what a user's text may forge.
//
//	task := fewshot.Task[string, string]{Format: fewshot.Lines}
//	task.Add("butterfly", "나비")
//	task.Add("ocean", "바다")
//	model := sampling.Model{Backend: pocket.Default()}
//	word, err := task.Run(ctx, model, "teacher") // 선생님
//
// This package holds nothing but the map:
//
//   - package fewshot: typed examples become a prompt, the continuation a typed
//     answer; fewshot/choose and fewshot/eval: which examples, and how good it is
//   - package assistant: a description and a few exchanges make a base model
//     answer as an assistant, turn after turn; assistant/chatapi: for programs
//     that speak OpenAI's chat protocol
//   - package sampling: drawing continuations from any backend, with
//     temperature, stops, seeds and a token budget
//   - sampling/pocket: a base model inside this process, so that all of it runs
//     with no network
//   - sampling/openai and sampling/ollama: models on servers; sampling/tiktoken:
//     token counts
//   - sampling/wrap: retries, limits, costs, caches and logs around any backend
//   - sampling/probe: memorization, and how far answers agree
//   - sampling/samplingtest: the conformance kit for a backend of your own
//   - examples: programs to run and to read, beginning with examples/translate
package foreword
