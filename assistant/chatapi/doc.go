// Package chatapi serves OpenAI's protocols from a base model: chat completions,
// completions and responses. Every client of these protocols can use the model.
//
// A base model has no chat. The handler of [New] adds a persona of package assistant:
// each chat completion or response is a conversation that begins with the request's
// messages and ends with the reply. A completion has no persona: its prompt is sent as
// it is.
//
// The smallest server:
//
//	h, err := chatapi.New(ctx, chatapi.Config{
//		Model:   sampling.Model{Backend: pocket.Default()},
//		Persona: assistant.Helpful(),
//	})
//	...
//	log.Fatal(http.ListenAndServe("127.0.0.1:8080", h))
//
// and a client:
//
//	$ curl localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \
//		-d '{"messages": [{"role": "user", "content": "Why is the sky blue?"}]}'
//
// No text in any role can forge a turn. System and developer messages are added to the
// description. Consecutive messages of one speaker are one turn, and messages without
// text are skipped. An assistant message at the end is a prefill: the answer continues
// it.
//
// Fields that do not change a reply, such as user and metadata, are ignored. Unknown
// fields are refused, and so are those that a base model cannot honour: tools, images,
// audio, logit_bias. Besides OpenAI's fields there are top_k, min_p,
// repetition_penalty, and vLLM's structured_outputs (choice, regex, json).
//
// Differences from OpenAI's server:
//
//   - Absent fields have the values of Config.Params, whose zero is greedy.
//   - A reply that repeats itself is an error with the code "reply_repeats". A whole
//     answer is drawn again once before that, with a repetition penalty.
//   - A response_format is enforced and verified. The schema must be regular: no
//     recursion, no additional properties, members in the order of the properties. The
//     backend must be a [sampling.Constrainer].
//   - previous_response_id is refused. The text of a response is remembered for a
//     while, unless store is false, since the AI SDK sends the ids of messages.
//   - The n choices of a whole answer are drawn together if the backend is a
//     [sampling.Drawer]. Those of a stream are sampled separately.
//   - Token usage that the backend does not report is counted, or 0 without a counter.
//   - A stream that fails ends in an error, without [DONE].
//
// GET /healthz costs the backend nothing. It answers 503 for 15 seconds after a request
// that the backend failed to answer, unless a later one succeeds, and 200 otherwise. So
// a backend that dies is noticed by the next request, and 200 does not prove that it
// works now.
//
// This is not a gateway: it has one model and one persona, and all keys have the same
// rights. TLS is for [net/http.Server] or a proxy. Set the server's ReadHeaderTimeout;
// the timeouts for bodies and answers are in [Limits].
package chatapi
