// Package choose has Selectors for package fewshot that look at the query:
// which examples of a large pool to show for it, and in what order.
//
// What a model makes of its examples depends on which they are and on where
// they stand. Examples near the query do far better than random ones (Liu et
// al., What Makes Good In-Context Examples for GPT-3?, 2021). The order of the
// same examples alone can decide between the best result and chance (Lu et al.,
// Fantastically Ordered Prompts and Where to Find Them, 2021). And an answer
// that stands often, or stands last, is given more often than it should be
// (Zhao et al., Calibrate Before Use, 2021).
//
//   - [BM25] compares words. It needs nothing but the pool, and finds its way in
//     a million examples in milliseconds.
//   - [Nearest] compares embeddings, which an [Embedder] makes: texts that say
//     the same in other words are near.
//   - [Diverse] avoids examples that are near one another, by either measure.
//   - [Balanced] shows equally many of each label, in an order that favours none.
//   - [Backbone] pins examples that represent the pool, for a server's prefix
//     cache, before those near the query. [Distinct] passes over near-copies.
//   - A [Ranker] is the measure by itself: [Words], [Vectors], or your own for
//     [Top] and [Diverse].
//
// They are used as any Selector is:
//
//	task.Select = choose.BM25(8)
//	task.Select = choose.Nearest(8, vectors) // made by choose.Embed
//	task.Select = choose.Diverse(8, 0.7, choose.Words{})
//	task.Select = choose.Balanced(choose.BM25(2))
//	task.Select = fewshot.Fixed(4, choose.BM25(4)) // four constant ones first, for a server's prefix cache
//
// Three rules hold for all of them. The last example stands nearest the query.
// The query is never among its own examples: one whose In is the query, byte for
// byte, is passed over. And the same query and pool give the same examples, on
// every machine; of examples that are equally near, the one that is earlier in
// the pool counts as the nearer.
//
// Where the pool has fewer examples than were asked for, all of them are picked.
// Each Selector reads the pool once, when the Task is compiled.
package choose
