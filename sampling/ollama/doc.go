// Package ollama continues text through Ollama's own API, /api/generate with
// "raw": true. It needs nothing beyond the standard library.
//
// A [Backend] is one model on one server, made by [New] from a [Config]. The
// smallest program asks a base model on your own machine, after
// "ollama pull llama3.1:8b-text-q4_K_M":
//
//	backend, err := ollama.New(ollama.Config{Model: "llama3.1:8b-text-q4_K_M", Window: 8192})
//	if err != nil {
//		log.Fatal(err)
//	}
//	m, err := sampling.Discover(ctx, backend)
//	if err != nil {
//		log.Fatal(err)
//	}
//	c, err := m.Complete(ctx, &sampling.Request{
//		Prompt: "butterfly: 나비\nocean:",
//		Stop:   []string{"\n"},
//	})
//
// Use this package and not package openai: Ollama's /v1/completions applies the
// model's template, cuts long prompts, and cannot turn off top_k and repeat_penalty.
//
// # What is sent
//
// Every parameter is sent, including zeros, neutral values and an empty list of stop
// sequences, so that neither a Modelfile nor a server default changes a sample. A
// MaxTokens of 0 is [sampling.DefaultMaxTokens], since 0 is unlimited in Ollama.
//
// Params.Extra is sent where Ollama expects it: format, images and keep_alive beside the
// prompt, other fields among the model's options, such as num_gpu. A field that this
// package sets itself is an error wrapping [sampling.ErrInvalid]. A field without a
// meaning for raw prompts wraps [sampling.ErrUnsupported]. Ollama silently ignores
// unknown fields.
//
// # Long prompts
//
// By default Ollama cuts the beginning off a long prompt and answers without an
// error. This package turns that off, and a prompt that is too long is an error
// wrapping [sampling.ErrBudget]. Ollama before 0.12.6 cannot turn it off and is
// [sampling.ErrUnsupported].
//
// # How a text ended
//
// Stop sequences are sent. Ollama does not report whether a text ended by itself or
// at a stop sequence, so its "stop" is read as EndOfText, and Stop is empty. Where
// stop sequences overlap so that Ollama would cut at another place than
// [sampling.Cut], some are left to [sampling.Model], which reports them.
//
// # Differences of Ollama
//
//   - Penalties also apply to the tokens of the prompt. For FrequencyPenalty and
//     PresencePenalty this is limited to as many tokens as the continuation may have.
//     Ollama's own engine for newer architectures has no penalties before 0.30, and
//     asking for them is [sampling.ErrUnsupported].
//   - A seed has 32 bits. Larger ones are folded.
//   - The names of special tokens in a prompt, such as <s>, become those tokens. A
//     prompt with a special token of the model is an error wrapping
//     [sampling.ErrInvalid], unless Config.SpecialTokens is set.
//   - Constraints on a raw prompt are not enforced, so a Request.Constraint is
//     [sampling.ErrUnsupported].
//   - Since 0.30 "shift", which is always sent as false here, is a setting of the
//     model's process. Two clients with different values make the server reload the
//     model at each switch.
//   - Ollama stops a model that repeats one token more than 30 times (100 since 0.30),
//     where all white space counts as one token. That is an error wrapping
//     [sampling.ErrTruncated], and not temporary.
//   - Incomplete characters arrive as U+FFFD or not at all, depending on the version.
//     Usage counts their tokens.
//   - An empty prompt only loads the model, and is [sampling.ErrUnsupported] here.
//   - Leaving a stream while the server sends a token can hang the model until it is
//     unloaded (0.17.4 and later). A Backend therefore leaves between two tokens,
//     which takes half a second at most. A whole answer (Config.NoStreaming) is left
//     at once.
//   - Tokens are not counted. Give the Model a Counter for the model's vocabulary.
//     Without one, each byte of the prompt counts as a token of the Window.
//
// # Errors
//
// Every error is a [*sampling.Error], also in the middle of a stream, with the
// server's message, shortened and without the key. A stream without a final object
// wraps [sampling.ErrTruncated].
//
// When a deadline passes before the first byte, the error says that the model may
// hang after a client left (issue 17131 of the project). Unload it with a keep_alive
// of 0.
//
// # What it is not for
//
// Chat, embeddings, and pulling or creating models are the business of the ollama
// command and Ollama's own Go client. Retries, limits and caches are in package wrap.
package ollama
