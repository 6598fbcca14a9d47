// Package eval measures few-shot tasks: their accuracy, and which examples, and how
// many, give the best one.
//
//   - [Evaluate] runs a task over labelled cases. It reports the accuracy with an
//     interval, the cost, and every wrong answer.
//   - [Sweep] evaluates a task for every combination of shots, formats, selectors
//     and orders, as in figure 1.2 of the GPT-3 paper (Brown et al. 2020).
//   - [Search] looks for the best examples and their best order. Order alone can
//     make the difference between chance and the state of the art (Lu et al. 2021).
//
// A [Report] holds every case. It gives a classifier's confusion matrix, its
// expected calibration error, and its accuracy when it abstains. [Compare] tests
// whether two reports differ by more than chance. [Split] parts shots from cases.
//
// To resume interrupted work, run it again with a Model whose backend is a
// wrap.Cache.
//
// A case is never shown in its own prompt. A Prompter leaves out an example that is
// the query, and Search takes the cases out of the pool.
package eval
