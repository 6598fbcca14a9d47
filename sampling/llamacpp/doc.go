// Package llamacpp runs a GGUF model inside this process, by llama.cpp's shared
// library. It needs no server and no cgo: a Go program and the library, from
// Homebrew, a distribution or llama.cpp's own releases, are enough.
//
//	m, err := llamacpp.Open(llamacpp.Config{Model: "SmolLM2-135M.Q8_0.gguf"})
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	model, err := sampling.Discover(ctx, m)
//
// A [Model] has every ability that package sampling knows. It scores many labels
// after one prompt in a few batches, draws several samples for the price of one
// prompt, counts tokens, and enforces constraints on the model's own candidates.
// Prompts that begin alike are read once, also while another sample uses them:
// all sequences share one cache of keys and values. Samples that run at a time
// share batches.
//
// # Versions
//
// llama.cpp changes the layout of its parameter structs about once a month, and
// a program that has the wrong one reads garbage. Open therefore takes only
// versions that this package was tested with, and compares the library's default
// parameters with those it expects. The error for any other version names the
// version found and those supported. The supported version is 0.5.0-dev, as
// llama_version gives it, on a 64-bit system.
//
// # Limits
//
// Open takes models that are decoders with attention in every layer. Recurrent
// and hybrid models, encoders and diffusion models are errors that wrap
// [sampling.ErrUnsupported].
//
// What would make llama.cpp end the process is refused before it gets there: a
// text with a zero byte, a file without a vocabulary, a prompt over the window, a
// call after Close. A damaged file can still end the process. For files that you
// do not trust, use a server.
//
// llama.cpp computes by other means for one token than for many, and with
// quantized weights the results differ a little. Where two tokens are about as
// likely, a greedy answer may then depend on which other samples run. Weights of
// 32 bits do not show this.
//
// llama.cpp's log goes to [log/slog]: errors at their level, the rest at debug
// level.
//
// The package is a module of its own, so that its dependency does not reach
// programs that do not use it.
package llamacpp
