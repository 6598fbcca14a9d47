// Package samplingtest helps to test implementations and users of
// [sampling.Backend], as testing/slogtest does for handlers and testing/fstest
// for file systems.
//
//   - [TestBackend] is the conformance kit: it samples from a backend in every
//     way that the Backend documentation has a rule about, and each failure
//     names the rule and what was seen. Whoever writes a backend calls it from
//     a test; a [Kit] sets the prompt and leaves out, with a reason, what the
//     backend cannot do.
//   - A [Script] is a backend that says what it is told and remembers what it
//     was asked. It is for the tests of code that uses a [sampling.Model].
//
// A test of a backend is this short:
//
//	func TestConformance(t *testing.T) {
//		samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend {
//			return mymodel.New()
//		})
//	}
//
// The kit needs a model that goes on with the prompt for at least a handful of
// tokens and is not certain of each of them. It does not judge whether the text
// is any good. Run it with the race detector on: some of its rules only shake
// the backend, and it is the detector that sees the damage.
package samplingtest
