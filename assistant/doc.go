// Package assistant puts a base language model in the role of an assistant.
//
// A base model only continues text. The text here is a description of a role, example
// dialogues, and a conversation that ends where the assistant is to speak. Its most
// likely continuation is the assistant's answer.
//
//   - A [Persona] is the role: a description, which chat models call a system prompt,
//     example dialogues, the speakers' names and a [Layout]. [Helpful] is a good start.
//   - A [Transcript] is the turns of one dialogue.
//   - A [Conversation] is a Persona, a Transcript and a [sampling.Model].
//   - A [File] keeps a Transcript on disk, safe against a crash at any point.
//
// The smallest program:
//
//	c := assistant.Conversation{Model: model, Persona: assistant.Helpful()}
//	reply, err := c.Reply(ctx, "Why is the sky blue?", assistant.ReplyOptions{})
//
// The model reads the description, the examples, and then
//
//	Human: Why is the sky blue?
//
//	Assistant:
//
// It answers and then continues with the next question of the Human. Stop sequences end
// the reply before that.
//
// Three rules hold for every prompt:
//
//   - No text can forge a turn. A line that looks like a speaker's label gets a space
//     in front, as in the space-stuffing of RFC 3676.
//   - The description and the examples are never dropped. The oldest turns are dropped
//     first, and only as a whole.
//   - An error leaves the Conversation as it was.
//
// This package is not for chat models, which have a chat template. It is not a filter
// either: a polite persona makes polite replies more likely, and nothing more.
package assistant
