// Package assistant puts a base language model in the role of an assistant.
//
// A base model only continues text. A description of a role, a few example
// exchanges and a conversation that breaks off where the assistant is to speak
// make a text whose likeliest continuation is the assistant's answer.
//
//   - A [Persona] is the role: a description, example dialogues, the names of
//     the two speakers and a [Layout], which says how all of that stands on the
//     page. [Helpful] is a good one to begin with.
//   - A [Turn] is what a user said and what the assistant replied, and a
//     [Transcript] is the turns of one dialogue, in order.
//   - A [Conversation] is a Persona and a Transcript in front of a
//     [sampling.Model]. Its Reply and Stream are what most programs call.
//   - A [Log] is a Transcript in a file, safe against a crash at any point.
//
// The smallest program:
//
//	c := assistant.Conversation{Model: model, Persona: assistant.Helpful()}
//	reply, err := c.Reply(ctx, "Why is the sky blue?")
//
// The model reads the description, the examples, and then
//
//	Human: Why is the sky blue?
//
//	Assistant:
//
// It answers, and goes on with a question of its own, since that is how such
// documents go on. The library stops it there, and the question reaches nobody.
//
// Three rules hold for every prompt. Nobody can forge a turn: a line of text
// that looks like a speaker's label gets a space in front, as RFC 3676 stuffs
// lines of mail, and loses it when it is read back, so that [Persona.Read]
// always finds the turns that went in. The description and the examples are
// never dropped, and the turns only whole, the oldest first. And what goes wrong
// is an error that leaves the Conversation as it was.
//
// The package imports the standard library, fewshot and sampling alone. It is
// not for chat models, which bring labels and a training of their own. Nor is it
// a filter: a persona that is polite in its examples makes a model likelier to
// be polite, and nothing more.
package assistant
