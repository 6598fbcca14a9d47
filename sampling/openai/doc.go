// Package openai continues text through any server that speaks OpenAI's
// /v1/completions: OpenAI itself, hosts of base models, llama.cpp's server, vLLM
// and SGLang.
//
// The nouns:
//
//   - A [Backend] is one model on one server, made by [New] from a [Config].
//   - A [Dialect] describes the server: its fields, their names, the values that
//     turn them off, and its limits. Choose [OpenAI], [LlamaCpp], [VLLM] or [SGLang],
//     or change a copy of one.
//
// The smallest program asks a base model at a host that charges by the token:
//
//	backend, err := openai.New(openai.Config{
//		BaseURL: "https://api.hyperbolic.xyz/v1",
//		Key:     sampling.NewSecret(os.Getenv("OPENAI_API_KEY")),
//		Model:   "meta-llama/Meta-Llama-3.1-405B",
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	m := sampling.Model{Backend: backend, Window: 131072}
//	c, err := m.Complete(ctx, &sampling.Request{
//		Prompt: "butterfly: 나비\nocean:",
//		Stop:   []string{"\n"},
//	})
//
// For a llama.cpp server on your own machine, change the Config:
//
//	openai.New(openai.Config{
//		BaseURL: "http://localhost:8080/v1",
//		Model:   "any name",
//		Dialect: openai.LlamaCpp,
//	})
//
// sampling.Discover makes a Model with the window that the server reports.
//
// # What is sent
//
// Every parameter that the dialect names is sent, including zeros and neutral
// values. So a temperature of 0 is greedy, and no server default changes a sample.
// A parameter that the server does not know is an error wrapping
// [sampling.ErrUnsupported], and nothing is sent. Params.Extra is added unchanged; a
// field that a parameter already sets is an error. With an empty Request.Prompt, an
// Extra "prompt" can hold token ids.
//
// A Request.Constraint is translated into the server's own form, followed by the
// first stop sequence, so that the answer ends. sampling.Model verifies the answer.
// vLLM and SGLang report log probabilities after masking, so asking them for both
// is an error.
//
// A backend streams unless Config.NoStreaming is set. Leaving the loop closes the
// connection, and the server stops drawing.
//
// # How a text ended
//
// A finish_reason of "stop" can mean a stop sequence or the model's own end. vLLM
// and llama.cpp report which, and Reason and Stop then name the stop sequence. OpenAI
// does not report it, and its "stop" is read as EndOfText. A Dialect whose Stop has
// no name leaves all stopping to sampling.Model, which always knows, at the cost of
// some tokens.
//
// # Errors
//
// Every error is a [*sampling.Error], also in the middle of a stream, with the
// server's message, shortened and without the key. A stream that ends without a
// finish_reason wraps [sampling.ErrTruncated]. A prompt that the server finds too long
// wraps [sampling.ErrBudget].
//
// # What it is not for
//
// Chat is not supported: a server that only has /chat/completions puts a chat
// template around every message. Retries, limits and caches are in package wrap.
package openai
