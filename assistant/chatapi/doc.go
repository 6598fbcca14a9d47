// Package chatapi serves OpenAI's chat protocol from a base model, so that every
// program that speaks the protocol can talk to one.
//
// A base model has no chat. A [Handler] puts an
// [github.com/foreword-go/foreword/assistant.Persona] in front of it: each
// request is a conversation with that persona, which begins with the request's
// messages and ends with the reply.
//
//   - A [Config] says what is served, and to whom.
//   - [Limits] are what one request may cost, and all of them together.
//   - A [Handler] is an [net/http.Handler] made of both.
//
// The smallest program:
//
//	h, err := chatapi.New(chatapi.Config{
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
// Messages become a prompt by the rules of package assistant, so that no text in
// any role can forge a turn. Those of the roles system and developer become part
// of the description, wherever they stand. Several of one speaker in a row are
// one turn, and one without text is none. An assistant's message at the end
// begins the reply, and the answer is what comes behind it.
//
// What the protocol has and a base model cannot do is refused, with the field's
// name: tools, images, sound, a response_format other than text, a logit_bias.
// So are fields that nobody knows, except those that change nothing about a
// reply, such as user and metadata. Three fields that OpenAI lacks are known, as
// other servers have them: top_k, min_p and repetition_penalty.
//
// Where the two worlds differ:
//
//   - A field that is absent has the value in Config.Params, whose zero is greedy.
//   - The log probabilities are those of the backend's own tokens. Joined, these
//     may have white space that the reply lacks, such as the space behind a
//     label.
//   - A reply that goes on repeating itself is cut off, with the finish_reason
//     "length". One with nothing in it is empty, with "stop".
//   - Tokens that a backend does not tell are counted by the model's counter.
//     Without one they are 0.
//   - A stream that fails has an error as its last event, and no [DONE].
//
// It is not a gateway: there is one model and one persona, keys are not told
// apart, and TLS is for [net/http.Server] or for what stands in front of it. Give
// that server a ReadHeaderTimeout; the timeouts for bodies and answers are here.
package chatapi
