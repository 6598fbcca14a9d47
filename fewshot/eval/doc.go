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
// All of them keep what the model said in files, if told to, and go on where an
// earlier run was interrupted or killed.
//
// A case must not stand in its own prompt, or its answer would be copied:
// Evaluate refuses such a case, and Search takes it out of the pool.
package eval
