// Package ollama continues text through Ollama's own API, /api/generate with
// "raw": true. It needs nothing beyond the standard library.
//
// The nouns:
//
//   - A [Backend] is one model on one server, made by [New] from a [Config].
//
// The smallest program asks a base model on one's own machine, which
// "ollama pull llama3.1:8b-text-q4_K_M" has fetched:
//
//	backend, err := ollama.New(ollama.Config{Model: "llama3.1:8b-text-q4_K_M", Window: 8192})
//	if err != nil {
//		log.Fatal(err)
//	}
//	c, err := backend.Model().Complete(ctx, &sampling.Request{
//		Prompt: "butterfly: 나비\nocean:",
//		Stop:   []string{"\n"},
//	})
//
// Ollama's /v1/completions, for package openai, puts prompts through the model's
// template, cuts those that are too long and cannot switch off its top_k of 40
// and repeat_penalty of 1.1. Use this package instead.
//
// # What is sent
//
// The prompt goes raw, without a template. Every parameter is sent, zeros and
// neutral values included, and an empty list of stop sequences too, so that
// neither a Modelfile nor the server's defaults colour a sample. MaxTokens of 0
// is [sampling.DefaultMaxTokens]: to Ollama 0 means for ever. Config.Window is
// sent as num_ctx.
//
// Params.Extra goes where Ollama looks for it: format and images beside the
// prompt, everything else among the options of the model (num_gpu, num_thread,
// typical_p, repeat_last_n and so on). A field that this package sends by itself
// is an error wrapping [sampling.ErrInvalid] that says where to set it; one that
// has no meaning beside a raw prompt wraps [sampling.ErrUnsupported]. Ollama
// ignores the fields that it does not know, in silence.
//
// # Too long a prompt is an error
//
// By itself Ollama cuts the beginning off a prompt that is too long and answers
// as if nothing had happened. It is told not to, which versions before 0.12.6 do
// not understand: those are [sampling.ErrUnsupported]. The error for too long a
// prompt wraps [sampling.ErrBudget].
//
// # How a text ended
//
// The stop sequences are sent, so that nothing is drawn in vain and the server
// says what a call cost. Ollama does not tell the end of a text from a stop
// sequence of the caller's, so that its "stop" is read as EndOfText, and Stop
// stays empty. Where stop sequences overlap so that Ollama would cut at another
// place than [sampling.Cut] does, some are left to [sampling.Model], which then
// reports them.
//
// # What Ollama does differently
//
//   - Penalties look at the tokens of the prompt too. For FrequencyPenalty and
//     PresencePenalty that is kept to as many tokens as the continuation may
//     have. The engine that Ollama wrote for newer architectures knows no
//     penalties before 0.30; asking for them there is an error wrapping
//     [sampling.ErrUnsupported].
//   - Of a seed 32 bits count, so that larger ones are folded.
//   - It reads the names of special tokens in a prompt, such as <s>, as those
//     tokens. A prompt with one of the model's names in it is an error wrapping
//     [sampling.ErrInvalid], unless Config.SpecialTokens is set.
//   - It enforces no constraint on a raw prompt: a Request.Constraint is
//     [sampling.ErrUnsupported].
//   - Since 0.30 "shift", which is always sent as false here, is a setting of the
//     process that runs the model. Two clients that differ in it make the server
//     load the model anew at each switch.
//   - When a model says the same token more than 30 times in a row (100 since
//     0.30) Ollama gives up, which is an error wrapping
//     [sampling.ErrTruncated] and not temporary. Line breaks and spaces count
//     as the same.
//   - Tokens that are a part of a rune, when nothing completes it, come as
//     U+FFFD or not at all, by version; Usage counts them. Text is always valid
//     UTF-8.
//   - An empty prompt loads the model and draws nothing. Here it is
//     [sampling.ErrUnsupported].
//   - Leaving a stream at a bad moment makes the model deaf until it is
//     unloaded (0.17.4, and later ones). A Backend therefore chooses the moment:
//     leaving early may take as long as one more token, and half a second at
//     most. A whole answer (Config.NoStreaming) is left at once.
//
// Token counts, scores and several continuations for the price of one prompt are
// not to be had. Give the Model a Counter for the model's vocabulary; without
// one, every byte of the prompt counts as a token against the Window.
//
// # Faults
//
// Every fault is a [*sampling.Error] with the status, whether the same request
// may succeed later, how long the server asks to wait, and the server's own
// words, shortened and without the key. An error in a stream that began well is
// a fault too. A stream that ends without saying that it is done wraps
// [sampling.ErrTruncated], however cleanly it ends. A redirect is not followed.
//
// The server is asked for its version once, before the first sample, unless
// Config.Version gives it. A server that is not Ollama is found out so.
//
// When a deadline passes before the first byte came, the error says that the
// model may have gone deaf, as it does when a client leaves at a bad moment
// (issue 17131 of the project). Unloading it with a keep_alive of 0 cures it.
//
// # What it is not for
//
// Chat, embeddings, and fetching or making models: the ollama command and
// Ollama's own Go client do that. Proxies and certificates go into
// Config.HTTPClient. Retries, limits, caches: package wrap.
package ollama
