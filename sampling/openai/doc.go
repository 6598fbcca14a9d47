// Package openai continues text through any server that speaks OpenAI's
// /v1/completions: OpenAI itself, hosts of base models, llama.cpp's server, vLLM
// and SGLang. Embeddings go through [github.com/sashabaranov/go-openai], of which
// nothing shows.
//
// The nouns:
//
//   - A [Backend] is one model on one server, made by [New] from a [Config].
//   - A [Dialect] says what that server knows: which fields, under which names,
//     what turns them off, how many stop sequences. [OpenAI], [LlamaCpp], [VLLM]
//     and [SGLang] are there, and a caller may write its own.
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
// and the same program asks llama.cpp's server on one's own machine with
//
//	openai.New(openai.Config{
//		BaseURL: "http://localhost:8080/v1",
//		Model:   "any name",
//		Dialect: openai.LlamaCpp,
//	})
//
// # What is sent
//
// Every parameter that the dialect names is sent, zeros and neutral values
// included, so that a temperature of 0 is greedy and no server's own default
// colours a sample. Params.Extra is merged in last, as it is; a field of it that
// a parameter already sets is an error. A parameter that is set and that the
// server does not know is an error wrapping [sampling.ErrUnsupported], and
// nothing is sent. An Extra "prompt" of token ids takes the place of an empty
// Request.Prompt.
//
// A Request.Constraint goes out in the server's own form, closed with the first
// stop sequence, so that the answer ends. Whether it was kept is checked by
// sampling.Model. vLLM and SGLang report log probabilities after the constraint
// has ruled tokens out, so that asking for both is an error there.
//
// A backend streams unless Config.NoStreaming says otherwise. Leaving the loop closes
// the connection, by which servers stop drawing.
//
// # How a text ended
//
// A finish_reason of "stop" may mean a stop sequence or the model's own end.
// vLLM and llama.cpp are asked to tell, and Reason and Stop then say which stop
// sequence fired. OpenAI does not tell, and its "stop" is read as EndOfText.
// Where it matters more than tokens drawn in vain, a Dialect whose Stop has no
// name leaves all stopping to sampling.Model, which always knows.
//
// # Faults
//
// Every fault is a [*sampling.Error] with the status, whether the same request
// may succeed later, how long the server asks to wait, and the server's own
// words, shortened and without the key. Errors within a stream that began well
// are faults too, in all the shapes that servers give them. A stream that ends
// without a finish_reason, however cleanly, wraps [sampling.ErrTruncated], and a
// prompt that the server found too long wraps [sampling.ErrBudget]. A redirect
// is not followed.
//
// # What it is not for
//
// Chat: a server that only has /chat/completions puts a template around every
// message. Proxies and certificates: put them into Config.HTTPClient. Retries, limits, caches: package wrap.
package openai
