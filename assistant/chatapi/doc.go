// Package chatapi serves OpenAI's protocols from a base model: chat completions,
// completions and responses. Every program that speaks one of them can use the
// model.
//
// A base model has no chat. A [Handler] puts an
// [github.com/foreword-go/foreword/assistant.Persona] in front of it: each
// request for a chat completion or a response is a conversation with that
// persona, which begins with the request's messages and ends with the reply. A
// request for a completion has no persona: its prompt is sent as it is.
//
//   - A [Config] says what is served and who may use it.
//   - [Limits] bound the cost of one request, and of all of them together.
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
// Package assistant makes a prompt of the messages, so that no text in any role
// can forge a turn. Messages of the roles system and developer are added to the
// description, wherever they are in the list. Consecutive messages of one speaker
// are one turn, and a message without text is skipped. An assistant's message at
// the end is a prefill: the answer is what follows it.
//
// Fields that change nothing about a reply, such as user and metadata, are
// ignored; the log names them at debug level. What a base model cannot do is
// refused with the field's name: tools, images, sound, a logit_bias. So are
// unknown fields. Three fields that OpenAI lacks are known, as other servers have
// them: top_k, min_p and repetition_penalty.
//
// Differences from OpenAI's own server:
//
//   - A field that is absent has the value in Config.Params, whose zero is greedy.
//   - Log probabilities are those of the backend's own tokens. Their texts may
//     have white space that the reply lacks, such as the space after a label.
//   - A reply that repeats itself is an error with the code "reply_repeats". A
//     whole answer is asked for once more before that, with a repetition penalty.
//     An empty reply has the finish_reason "stop".
//   - A response_format is enforced while the reply is drawn, and verified: a reply
//     that violates it is an error. Schemas are limited to what is regular: no
//     recursion, no additional properties, members in the order of properties.
//     vLLM's structured_outputs (choice, regex, json) is known too. The backend
//     has to be a [sampling.Constrainer].
//   - A previous_response_id is refused. The text of a response is remembered for
//     a while in case a client sends back the id of its message, as the AI SDK does,
//     unless store is false.
//   - Whole answers with n choices are drawn together where the backend is a
//     [sampling.Drawer], so that the prompt is read once. Streams are not.
//   - Tokens are counted by the model's counter where the backend does not say
//     their number. Without a counter it is 0.
//   - The last event of a stream that fails is an error, without a [DONE].
//
// It is not a gateway: there is one model and one persona, and all keys have the
// same rights. TLS is for [net/http.Server] or a proxy. Give that server a
// ReadHeaderTimeout; the timeouts for bodies and answers are here.
package chatapi
