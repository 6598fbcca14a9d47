// Package samplingtest tests implementations and users of [sampling.Backend], like
// testing/slogtest for handlers and testing/fstest for file systems.
//
//   - [Kit.TestBackend] checks a backend against each rule of the Backend
//     documentation. A failure names the rule and what the backend did. The [Kit] sets
//     the prompt, and skips rules, with a reason.
//   - A [Script] is a backend with prepared replies that records its calls, for tests
//     of code that uses a [sampling.Model].
//
// A test of a backend is this short:
//
//	func TestConformance(t *testing.T) {
//		samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend {
//			return mymodel.New()
//		})
//	}
//
// The kit needs a model that continues the prompt for several tokens and is not
// certain of each of them. It does not judge the text. Run it with the race detector,
// which finds what some rules provoke.
package samplingtest
