// Package probe measures two things about a base model: how much of a text it has
// memorized, and how far its answers to one prompt agree. Answers that disagree
// are a sign of hallucination.
//
//   - [Recite] gives a model the beginning of a known text and compares its
//     continuation with what really follows. Verbatim memory matters for licences
//     and for privacy (Carlini et al. 2023).
//   - [Agree] draws several continuations of one prompt and measures how far they
//     agree. A model repeats a fact that it knows, and hallucinates differently each
//     time.
//
// The smallest program asks one question twenty times:
//
//	m := sampling.Model{Backend: pocket.Default()}
//	a, err := probe.Agree(ctx, m, &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}}, 20)
//	fmt.Print(a)
//
// prints
//
//	20 samples: 100 % the same answer
//	  20  paris
//
// A token of this package is a word, a number, a punctuation mark, or a character
// of a script without spaces. It does not depend on the model's vocabulary, so
// models can be compared. A run of more than 64 letters is several tokens. Texts
// are compared in Unicode normal form C and without white space.
//
// The functions work on any [sampling.Backend] and are safe for concurrent use. No
// goroutine outlives a call. Bad input is a [sampling.ErrInvalid].
package probe
