// Package pocket is a base language model small enough to read. It embeds the
// documents it was trained on, needs no network, no file and no other package,
// and is trained when it is first used, in less than a tenth of a second.
//
// It is for trying out prompts, for tests that need a model which behaves like
// one, and for seeing why examples in a prompt work. [Default] has read a small
// corpus: word lists in six languages, dialogues between a Human and an AI
// Assistant, encyclopedia articles, lists of landmarks, news, reviews, sums and
// plain facts. [Train] makes a model of your own documents.
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
// Nothing in the model knows what an example is. It takes a text to be a piece
// of one of its documents, it does not know of which, and it goes on in the way
// that the likely ones would:
//
//	P(next | text) = Σ P(document | text) · P(next | document, text)
//
// Behind the bare "teacher:" every word list is as likely as any other, and the
// six languages get a share each. Behind "butterfly: 나비\nteacher:" the Korean
// lists have become far likelier than the rest, for they alone expected 나비, and
// with them 선생님 has. So the mixture learns in context without any of its
// numbers being changed, for the reason that Xie and others give for large
// models in "An Explanation of In-context Learning as Implicit Bayesian
// Inference" (2021). [Model.Posterior] shows the belief itself.
//
// Prompts are pieced together from texts that no document has in this order. The
// text may therefore turn from one document to another at each token, seldom,
// and less seldom at a line break: the mixture is the fixed share of Herbster
// and Warmuth, "Tracking the Best Expert" (1998). After each token
//
//	P(document | text) = (1-α) · P(document, token | text before) / P(token | text before)
//	                   + α / (number of documents that hold the token)
//
// the second line for the documents that hold it.
//
// # A document
//
// In each document the next token is expected from what followed the same
// context before: the longest run of tokens at the end of the text that the
// document has too, however long, as in "Infini-gram" by Liu and others (2024).
// The shorter contexts have a say according to how little the longer ones have
// seen, as in the hierarchical Dirichlet model of MacKay and Peto (1995):
//
//	C(x | context) = (n(x) + κ·√d · C(x | context less its first token)) / (N + κ·√d)
//
// where N is how often the document has the context, n(x) how often x follows
// it there, d the number of different tokens that do, and κ is 0.2 over the
// length of the context. Without any context, C is the share that x has of the
// document. A document may also go on with a token that it does not have at all.
// That is the likelier the more different tokens have followed:
//
//	P(x | context) = (1-F) · C(x | context) + F · G(x)
//	F              = 0.2 · product over the contexts of κ·d / (N + κ·d)
//
// G holds all tokens of the corpus for alike, and keeps a little for those that
// no document has, by their spelling: so P is positive for every text. (Over all
// tokens it sums to 1, but for the trace that goes to spellings which no token
// can have.) Where several contexts occur at the same places and nowhere else,
// only the three shortest count.
//
// One thing is added: the lines of a document might stand in another order. What
// is used is 97 parts of P and 3 parts of the same without what comes before the
// last line break.
//
// The numbers were chosen by looking at what the model draws and at how well it
// expects documents that were left out.
//
// # What it is not
//
// It has no special cases: no prompt is looked up, and no answer is there but
// what its documents say. It doesn't know what words mean, and knows nothing
// about words that it has not read: "florbling:" gets some translation or other,
// with the confidence of any base model. It can't copy a name out of the prompt,
// add numbers that it has not seen added, or put two facts together. A question
// is answered if it was asked in much the same words in its corpus; otherwise
// the answer is to some other question.
//
// What it draws is always made of tokens that it has read. In a prompt it takes
// a word that it lacks for the same word with a space or a capital in front, or
// without. A prompt that ends in the middle of a word or behind a space it reads
// as badly as other models do.
//
// # Constraints
//
// The model keeps to every [sampling.Constraint]. At each place it draws from the
// tokens after which the text can still become a match, and where it hardly
// expects any of them, it looks through all that it has read. What none of them
// gets to, it spells a character at a time. A token costs about as much as without.
//
// # Cost
//
// The default model is 0.8 MB of text in the program and takes some 8 MB of
// memory. Training takes time and memory in proportion to the text: about 60 ms
// and 6 MB for each megabyte. Drawing a token and reading one of a prompt each
// take some ten microseconds. For a larger corpus that grows until a few hundred
// documents hold each common word, and then no more, as so many stand for the
// rest from there on.
package pocket
