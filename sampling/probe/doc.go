// Package probe measures two things about a base model: how much of a text it has
// memorized, and how far its answers to one prompt agree. Answers that disagree
// are a sign of hallucination.
//
//   - [Recite] gives a model the beginning of a known text and compares what it
//     goes on with to what really follows: verbatim memory, which matters for
//     licences and for privacy (Carlini et al. 2023).
//   - [Agree] draws several continuations of one prompt and measures how far they
//     agree: a model repeats a fact that it knows, and hallucinates differently
//     each time.
//
// The smallest program asks twenty times what it wants to know:
//
//	m := sampling.Model{Backend: pocket.Default()}
//	a, err := probe.Agree(ctx, m, "The capital of France is", probe.AgreeOptions{Samples: 20, Stop: []string{"."}})
//	fmt.Print(a)
//
// prints
//
//	20 samples: 100 % the same answer
//	  20  paris
//
// A token is here a word, a number, or one character of a script that is written
// without spaces, or of punctuation, whatever the model's own vocabulary: so that
// models can be compared with each other and with texts. What has more than 64
// letters without a space is taken for several words. White space is not compared,
// and neither is the Unicode normal form: texts are the same if their NFC forms
// are.
//
// All of it works on any [sampling.Backend]. The functions are safe for
// concurrent use, and no goroutine outlives a call.
package probe
