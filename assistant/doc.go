// Package assistant puts a base language model in the role of an assistant.
//
// A base model only continues text. A description of a role, a few example dialogues
// and a conversation that breaks off where the assistant is to speak form a text
// whose most likely continuation is the assistant's answer.
//
//   - A [Persona] is the role: a description, which chat models call a system prompt,
//     example dialogues, the names of the two speakers and a [Layout]. [Helpful] is a
//     good one to begin with.
//   - A [Turn] is what a user said and what the assistant replied. A [Transcript] is
//     the turns of one dialogue, in order.
//   - A [Conversation] is a Persona and a Transcript in front of a [sampling.Model].
//     Its Reply and Stream are what most programs call.
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
// It answers and then continues with a question of its own, as such documents do.
// The stop sequences end the reply before that question.
//
// Three rules hold for every prompt:
//
//   - No text can forge a turn. A line that looks like a speaker's label gets a space
//     in front, as in the space-stuffing of RFC 3676.
//   - The description and the examples are never dropped. Turns are dropped whole, the
//     oldest first.
//   - An error leaves the Conversation as it was.
//
// This package is not for chat models, which have a chat template and labels of their
// own. It is also not a filter: a persona that is polite in its examples makes a polite
// reply more likely, and nothing more.
package assistant
