package sampling

import (
	"context"
	"iter"
)

// A Backend continues text. Authors of models implement it; callers use [Model].
//
// Sample yields the completion of req.Prompt in chunks, without the prompt. Its
// rules, which package samplingtest checks:
//
//   - The last chunk, and only the last, has a [Reason] other than Unfinished.
//     Model reports a sequence without one as [ErrTruncated].
//   - It draws at most req.Params.MaxTokens tokens. Model has set MaxTokens and Seed.
//   - The text may run past a stop sequence, because Model cuts it. Sending the
//     stops to a server only saves tokens.
//   - An unsupported parameter is an error wrapping [ErrUnsupported] before
//     anything is sent. None is dropped silently.
//   - When ctx is cancelled or the consumer leaves the loop, the work stops and no
//     goroutine remains. After a cancellation at most one more chunk comes, then
//     an error wrapping ctx's error.
//   - An error ends the sequence.
//   - Sample is safe for concurrent use. Each sequence is for one goroutine and
//     one loop.
//   - The request is not modified and not kept.
//
// A Backend may also be a [Counter], [Scorer], [Drawer], [Describer] or
// [Constrainer]. A method that returns an error wrapping [ErrUnsupported] counts
// as missing.
type Backend interface {
	Sample(ctx context.Context, req *Request) iter.Seq2[Chunk, error]
}

// BackendFunc lets an ordinary function be a [Backend], as
// [net/http.HandlerFunc] does for handlers.
type BackendFunc func(ctx context.Context, req *Request) iter.Seq2[Chunk, error]

// Sample calls f.
func (f BackendFunc) Sample(ctx context.Context, req *Request) iter.Seq2[Chunk, error] {
	return f(ctx, req)
}

// A Drawer is a [Backend] that draws several completions of one prompt and reads
// the prompt once. [Model.Draw] uses it.
//
// Draw returns n completions in the order of their seeds. Their text
// may run past a stop sequence. The sum of their Usages is what the call cost, so only
// the first has the prompt's tokens. After an error wrapping [ErrUnsupported], Model
// draws n single samples. Implementations are safe for concurrent use.
type Drawer interface {
	Draw(ctx context.Context, req *Request, n int) ([]*Completion, error)
}

// A Constrainer is a [Backend] that enforces a [Constraint] while it decodes.
//
// Constrains returns nil if Sample and Draw enforce c, and an error wrapping
// [ErrUnsupported] if they cannot. It sends nothing.
//
// If the request has stops, the backend enforces
// req.Constraint.Wrap("", req.Stop[0]), so that a constrained answer also ends.
type Constrainer interface {
	Constrains(c Constraint) error
}

// A Request asks for one completion. It may be reused, and shared between
// goroutines while it is not changed.
type Request struct {
	// Prompt is the text to continue, sent as it is. Do not end it in a space:
	// most vocabularies attach the space to the next word.
	Prompt string

	// Stop lists the stop sequences. The text ends before the one that completes
	// first.
	Stop []string

	// Constraint restricts the text before the stop sequence. The zero value
	// allows every text. The backend must be a [Constrainer], and Model verifies
	// the answer. A finished text must match. A text cut by the token limit must
	// be the beginning of a match; if nothing can extend it, its Reason becomes
	// EndOfText. Any other answer is an error wrapping [ErrConstraint].
	Constraint Constraint

	// Params decide how tokens are drawn. The zero value decodes greedily.
	Params Params
}
