// Package eval measures few-shot tasks: their accuracy, and which variant of a task
// gives the best one.
//
//   - [Evaluate] runs a task over labelled cases. It reports the accuracy with an
//     interval, the tokens used, and every wrong answer.
//   - [Sweep] evaluates every combination of instructions, formats, selectors,
//     constraints, shots and orders.
//   - [Search] looks for the best of these combinations within a budget of model
//     calls. It reports what each choice gained on cases that did not choose. Order
//     alone can make the difference between chance and the state of the art (Lu et
//     al. 2021).
//
// The smallest program:
//
//	pool, cases := eval.Split(examples, 0.5, 1)
//	task := fewshot.Task[string, string]{Examples: pool}
//	report, err := eval.Evaluate(ctx, task.MustCompile(), model, cases, eval.Exact, eval.EvaluateOptions{})
//	fmt.Println(report) // 92.3 % of 13 cases (95 % interval 66.7 to 98.6)
//
// A [Report] holds every case. It gives a classifier's confusion matrix, its
// expected calibration error, and its accuracy when it abstains. [Compare] tests
// whether two reports differ by more than chance. [Split] parts shots from cases.
//
// To resume interrupted work, run it again with a Model whose backend is a
// wrap.Cache. Bad input is a [sampling.ErrInvalid].
//
// A case is never shown in its own prompt. A Prompter leaves out an example that is
// the query, and Search takes the cases out of the pool.
package eval
