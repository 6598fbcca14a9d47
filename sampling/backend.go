package sampling

import (
	"context"
	"iter"
)

// A Backend continues text. Implement Backend to plug a model in; call [Model]
// to use one.
//
// Sample yields the continuation of req.Prompt in pieces and never the prompt
// itself. The rules, which package samplingtest checks:
//
//   - The last chunk, and only the last, carries a [Reason] other than
//     Unfinished. A sequence that ends without one was cut off, and Model
//     reports it as [ErrTruncated].
//   - At most req.Params.MaxTokens tokens are drawn.
//   - The text may run past a stop sequence: Model cuts it. A backend passes
//     the stops on only to save tokens.
//   - What the backend cannot do is an error wrapping [ErrUnsupported], before
//     anything is sent. No parameter is dropped in silence.
//   - When ctx is cancelled or the consumer leaves its loop, the backend stops
//     the work behind it and returns. No goroutine outlives the loop. Of a
//     cancelled ctx at most one more chunk comes, and then an error wrapping
//     ctx's own.
//   - An error ends the sequence.
//   - Sample may be called by many goroutines at once. Each sequence that it
//     returns is for one goroutine and one loop.
//   - The request is not modified and not kept.
//
// Model fills in MaxTokens and Seed before it calls Sample, so that an
// implementation need not know their defaults.
//
// A Backend may have more abilities: [Counter] counts tokens, [Scorer] says how
// likely a given text is, [Drawer] draws several continuations for the price of
// one prompt, [Describer] names the model, and [Constrainer] enforces a
// [Constraint]. A method that exists and cannot do its work returns an error
// wrapping [ErrUnsupported], which is the same as not having it.
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

// A Drawer is a [Backend] that draws several continuations of one prompt
// together and so reads the prompt once. [Model.Draw] uses it where it is there.
//
// Draw returns n completions, in the order of their seeds, which [SeedAt] gives;
// Model fills in a Seed of 0. Their text may run past a stop sequence, as a
// chunk's may. An error wrapping [ErrUnsupported] sends Model back to n single
// samples. Implementations are safe for concurrent use.
type Drawer interface {
	Draw(ctx context.Context, req *Request, n int) ([]*Completion, error)
}

// A Constrainer is a [Backend] that can keep a continuation within a
// [Constraint] while it is drawn.
//
// Constrains returns nil when Sample and Draw enforce c, and an error wrapping
// [ErrUnsupported] when they cannot. It is asked before anything is sent, and it
// sends nothing itself.
//
// A backend enforces req.Constraint.Wrap("", req.Stop[0]) when the request has
// stops, so that a constrained answer also ends.
type Constrainer interface {
	Constrains(c Constraint) error
}

// A Request asks for one continuation. It is a value that a caller may reuse
// and share between goroutines as long as nobody changes it.
type Request struct {
	// Prompt is the text to continue. It is sent as it is: no template, no
	// trimming. A prompt that ends in a space usually asks for trouble, since
	// most vocabularies keep the space at the front of the next word.
	Prompt string

	// Stop lists the stop sequences. The continuation ends before the one that
	// completes first, and that sequence is not part of the text.
	Stop []string

	// Constraint restricts the text before the stop sequence. The zero value
	// allows every text. Model asks the backend first whether it enforces the
	// constraint ([Constrainer]), and verifies the answer: one that ended by
	// itself or at a stop must match, and one that the token limit cut must be
	// the beginning of a match. If nothing can extend it, it counts as whole and
	// its Reason is EndOfText. Any other answer is an error wrapping
	// [ErrConstraint].
	Constraint Constraint

	// Params decide how tokens are drawn. The zero value is greedy.
	Params Params
}
