// Package eval measures few-shot tasks: how often a task is right, and with how
// many and which examples it is right most often.
//
//   - [Evaluate] runs a task over labelled cases and says how many it gets right,
//     with an interval, what it cost, and what went wrong.
//   - [Sweep] evaluates a task for every combination of shots, formats, selectors
//     and orders: the figure by which the GPT-3 paper made in-context learning
//     known (Brown et al. 2020, figure 1.2), as a table.
//   - [Search] looks for the examples, and their order, that do best. Order alone
//     may decide between chance and the best known result (Lu et al. 2021).
//
// A [Report] keeps every case. It gives the confusion matrix of a classifier, how
// far its probabilities can be trusted (expected calibration error), and what it
// would be if it abstained. [Compare] tells the difference of two reports from
// chance, and [Split] keeps cases apart from the shots.
//
// To resume what was interrupted, run it again with a Model whose backend is a
// wrap.Cache.
//
// A case must not be in its own prompt, or its answer would be copied: a Prompter
// passes over an example that is the query, and Search takes cases out of the pool.
package eval
