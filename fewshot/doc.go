// Package fewshot turns typed examples into a prompt for a base language model
// and the model's continuation back into a typed answer.
//
// A base model only continues text. Show it worked examples (shots, or
// demonstrations) with the last answer missing, and the likeliest continuation is
// that answer. This is few-shot prompting, or in-context learning. Zero, one and
// many examples are the same thing: a [Task] is a function from In to Out,
// described by examples.
//
//   - An [Example] is one worked pair, a shot.
//   - A [Format] lays shots out as text. The stop sequences are derived from it.
//   - A [Codec] writes and reads the values of one type. The default writes
//     strings as they are, numbers and bools as Go does, and other types by their
//     MarshalText method or as JSON.
//   - A [Selector] chooses which examples are shown for a query, and in what order.
//   - A [Prompter] is a compiled Task, as a regexp.Regexp is a compiled pattern.
//   - A [Classifier] gives each of a set of labels a probability.
//   - A [Prompt] is the text to be continued. An [Answer] is the result.
//
// The smallest program:
//
//	task := fewshot.Task[string, string]{Format: fewshot.Lines}
//	task.Add("butterfly", "나비")
//	task.Add("ocean", "바다")
//	word, err := task.MustCompile().Run(ctx, model, "teacher")
//
// The model reads
//
//	butterfly: 나비
//	ocean: 바다
//	teacher:
//
// and continues with " 선생님". It would then invent the next pair, and the library
// stops it there.
//
// Three rules hold for every prompt. It never ends in a space or a tab, because
// in most vocabularies the space is the beginning of the next word. Values are
// data: they appear in the prompt unchanged and are never interpreted. A value
// that would break the layout is refused before anything is sent, and the error
// names it.
//
// The package is not a template language. It is not for chat models either, which
// are trained to follow instructions and not to continue text.
package fewshot
