// Package fewshot turns typed examples into a prompt for a base language model
// and the model's continuation back into a typed answer.
//
// A base model only continues text. A column of worked examples with the last
// answer missing is a text whose likeliest continuation is that answer. Zero,
// one or many examples make the same [Task]: a function from In to Out that is
// described by what it should do and not by code.
//
//   - An [Example] is one worked pair, a shot.
//   - A [Format] is how shots are laid out as text; the stop sequences follow
//     from it.
//   - A [Codec] writes and reads the values of one type. The default writes
//     strings as they are, numbers and bools as Go does, and all else by its
//     MarshalText method or as JSON.
//   - A [Selector] chooses which examples are shown for a query, and in what order.
//   - A [Prompt] is the text to be continued, and an [Answer] what came of it.
//
// The smallest program:
//
//	task := fewshot.Task[string, string]{Format: fewshot.Lines}
//	task.Add("butterfly", "나비")
//	task.Add("ocean", "바다")
//	word, err := task.Run(ctx, model, "teacher")
//
// The model reads
//
//	butterfly: 나비
//	ocean: 바다
//	teacher:
//
// and goes on with " 선생님", and then with an invented pair that the library
// stops before it begins.
//
// Three rules hold for every prompt. It never ends in a space or a tab, because
// in most vocabularies the space is the beginning of the next word. Values are
// data: whatever they contain, it stands in the prompt as it is and is never
// interpreted. And a value that would break the layout is refused, by an error
// that names it, before a token is paid for.
//
// The package imports the standard library and package sampling alone. It is
// not a template language, and not for chat models, which have learnt to be
// told what to do instead of being shown.
package fewshot
