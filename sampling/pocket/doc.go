// Package pocket is a base language model small enough to read. It embeds its
// training documents and needs no network and no files. The first use trains it,
// in less than a tenth of a second.
//
// Use it to try out prompts, in tests, and to see why few-shot prompts work.
// [Default] has read a small corpus: word lists in six languages, dialogues with
// an AI Assistant, encyclopedia articles, lists of landmarks, news, reviews, sums
// and facts. [Train] makes a model of your own documents.
//
//	m := sampling.Model{Backend: pocket.Default()}
//	c, err := m.Complete(ctx, &sampling.Request{
//		Prompt: "butterfly: 나비\nteacher:",
//		Stop:   []string{"\n"},
//	})
//	fmt.Printf("%q\n", c.Text)
//
// prints
//
//	" 선생님"
//
// # Why examples help
//
// The model has no notion of an example. It assumes that a text is a piece of one
// of its documents, and continues it as the likely documents would:
//
//	P(next | text) = Σ P(document | text) · P(next | document, text)
//
// After "teacher:" alone, the word lists of all six languages are equally likely.
// After "butterfly: 나비\nteacher:" the Korean lists are far more likely, because
// only they expected 나비. So the mixture learns in context without a change to
// its numbers, as Xie and others explain for large models in "An Explanation of
// In-context Learning as Implicit Bayesian Inference" (2021). [Model.Posterior]
// returns P(document | text).
//
// A prompt joins texts that no document has in this order. So the text may switch
// documents at each token, more often at a line break. This is the fixed share
// of Herbster and Warmuth, "Tracking the Best Expert" (1998). After each token
//
//	P(document | text) = (1-α) · P(document, token | text before) / P(token | text before)
//	                   + α / (number of documents that hold the token)
//
// where the second line applies to the documents that hold the token.
//
// # A document
//
// Each document predicts the next token from what followed the same context
// before: the longest suffix of the text that the document has, however long, as
// in "Infini-gram" by Liu and others (2024). Shorter contexts count more if the
// longer ones have seen little, as in the hierarchical Dirichlet model of MacKay
// and Peto (1995):
//
//	C(x | context) = (n(x) + κ·√d · C(x | context less its first token)) / (N + κ·√d)
//
// N is how often the document has the context, n(x) how often x follows it, and d
// how many different tokens do. κ is 0.2 over the length of the context. Without a
// context, C is the share of x in the document. A document may also continue with
// a token that it does not have. That is more likely if more different tokens
// have followed:
//
//	P(x | context) = (1-F) · C(x | context) + F · G(x)
//	F              = 0.2 · product over the contexts of κ·d / (N + κ·d)
//
// G gives all tokens of the corpus the same probability, and keeps a little for
// other tokens, by their spelling. So P is positive for every text. (Over all
// tokens it sums to 1, except for spellings that no token can have.) Of contexts
// with the same occurrences, only the three shortest count.
//
// The lines of a document might have been in another order. So the model mixes 97
// parts of P with 3 parts of the same without the text before the last line break.
//
// The numbers were chosen by looking at samples, and at the probability of
// documents that were left out.
//
// # Limits
//
// The model has no special cases: it looks up no prompts and knows only its
// documents. It does not know what words mean. After an unknown word such as
// "florbling:" it gives some translation, with the confidence of any base model.
// It cannot copy a name from the prompt, add numbers that it has not seen added,
// or combine two facts. It answers a question only if the corpus asks it in
// similar words; otherwise it answers some other question.
//
// It draws only tokens of its corpus. It reads an unknown word of a prompt as the
// same word with or without a leading space or capital. Do not end a prompt in
// the middle of a word or after a space; other models dislike that too.
//
// # Constraints
//
// The model enforces every [sampling.Constraint]. At each position it draws from
// the tokens that can still lead to a match. If it hardly expects any of them, it
// searches its whole vocabulary, and spells what no token covers one character at
// a time. A constrained token costs about as much as any other.
//
// # Cost
//
// The default model adds 0.8 MB of text to the program and takes about 8 MB of
// memory. Training takes about 60 ms and 6 MB for each megabyte of text. Drawing a
// token, or reading one of a prompt, takes about ten microseconds. In a larger
// corpus that grows until a few hundred documents hold each common word.
package pocket
