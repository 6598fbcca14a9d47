// Package choose has Selectors for package fewshot that select examples of a large
// pool by the query.
//
// The selection and the order of examples change a model's answers. Examples similar
// to the query did better than random ones with GPT-3 (Liu et al., What Makes Good
// In-Context Examples for GPT-3?, 2021), but not in docs/study.md with a small model:
// measure with package eval. The order of the same examples can make the difference
// between the best result and chance (Lu et al., Fantastically Ordered Prompts and
// Where to Find Them, 2021). An answer that is frequent or last among the examples is
// given too often (Zhao et al., Calibrate Before Use, 2021).
//
//   - [BM25] compares words. It needs only the pool, and searches a million examples
//     in milliseconds.
//   - [Nearest] compares embeddings, which an [Embedder] makes, so it finds the same
//     meaning in other words.
//   - [Diverse] avoids examples that are similar to one another.
//   - [Balanced] shows equally many examples of each label.
//   - [Backbone] pins examples that represent the pool before those near the query.
//     [Distinct] leaves out near-duplicates.
//   - A [Ranker] is the measure of similarity: [Words], [Vectors], or your own, for
//     [Top] and [Diverse].
//
// Examples that change with every query cost a server's prefix cache. Backbone and
// [fewshot.Fixed] keep most of the prompt the same.
//
// Use them like any Selector:
//
//	task.Select = choose.BM25(8)
//	task.Select = choose.Nearest(8, vectors) // made by choose.Embed
//	task.Select = choose.Diverse(8, 0.7, choose.Words{})
//	task.Select = choose.Balanced(choose.BM25(2))
//	task.Select = fewshot.Fixed(4, choose.BM25(4)) // the first four of the pool, then four by the query
//
// Three rules hold for all of them. The last example is the nearest to the query. An
// example whose In equals the query is left out. The same query and pool give the
// same examples on every machine; of equally near examples, the earlier in the pool
// counts as nearer.
//
// Where the pool has fewer examples than asked for, all of them are picked. Each
// Selector reads the pool once, when the Task is compiled.
package choose
