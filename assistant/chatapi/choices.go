package chatapi

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

// draw draws the replies to the request, all at once, and yields their pieces as
// they come. The first error ends them all. When the loop ends, all of them have
// stopped, and x.spent says what they cost.
func (x *exchange) draw(ctx context.Context) iter.Seq2[piece, error] {
	r := x.request
	replies := make([]*reply, r.choices())
	all := make([]iter.Seq2[piece, error], len(replies))
	return func(yield func(piece, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var g *group
		for i := range replies {
			if i%r.n == 0 {
				g = &group{n: r.n, whole: !r.stream && r.n > 1}
			}
			replies[i] = x.h.newReply(r, i, g)
			all[i] = replies[i].pieces(ctx, i)
		}
		defer func() {
			for i := 0; i < len(replies); i += r.n {
				x.spent.add(groupUsage(replies[i : i+r.n]))
			}
		}()
		merge(all, cancel)(yield)
	}
}

// A group is the replies to one prompt. A whole one is drawn together, so that
// the prompt is read once. In a stream each reply is drawn for itself, since a
// [sampling.Drawer] gives all of them at the end.
type group struct {
	n     int
	whole bool
	once  sync.Once
	drawn []*sampling.Completion
	err   error
}

// draw returns the replies of the group. Its error wraps
// [sampling.ErrUnsupported] where they have to be drawn one by one.
func (g *group) draw(ctx context.Context, b sampling.Backend, req *sampling.Request) ([]*sampling.Completion, error) {
	if !g.whole {
		return nil, sampling.ErrUnsupported
	}
	g.once.Do(func() {
		defer func() {
			if v := recover(); v != nil {
				g.err = caught(v)
			}
		}()
		g.drawn, g.err = sampling.Forward{Backend: b}.Draw(ctx, req, g.n)
		if g.err == nil && (len(g.drawn) != g.n || slices.Contains(g.drawn, nil)) {
			g.err = fmt.Errorf("%w: %d of %d completions came", sampling.ErrTruncated, len(g.drawn), g.n)
		}
	})
	return g.drawn, g.err
}

// merge yields what all sequences do, as it comes. Each is read in a goroutine
// of its own and waits until what it has is taken; a single one needs none. When
// the loop is left, or one of them fails, cancel is called and must make them
// end.
func merge(all []iter.Seq2[piece, error], cancel func()) iter.Seq2[piece, error] {
	if len(all) == 1 {
		return all[0]
	}
	type item struct {
		piece piece
		err   error
		over  bool // the sequence has ended
	}
	return func(yield func(piece, error) bool) {
		items := make(chan item)
		done := make(chan struct{})
		give := func(it item) bool {
			select {
			case items <- it:
				return true
			case <-done:
				return false
			}
		}
		var wg sync.WaitGroup
		for _, one := range all {
			wg.Go(func() {
				defer func() {
					// Beyond this goroutine nobody could answer for it.
					if v := recover(); v != nil {
						give(item{err: caught(v)})
					}
				}()
				one(func(p piece, err error) bool { return give(item{piece: p, err: err}) })
				give(item{over: true})
			})
		}
		defer wg.Wait()
		defer cancel()
		defer close(done)
		for running := len(all); running > 0; {
			it := <-items
			if it.over {
				running--
				continue
			}
			if !yield(it.piece, it.err) || it.err != nil {
				return
			}
		}
	}
}

// wire is the usage in the form of the answer.
func (u usage) wire() *openai.Usage {
	return &openai.Usage{
		PromptTokens: u.prompt, CompletionTokens: u.completion, TotalTokens: u.prompt + u.completion,
		PromptTokensDetails:     &openai.PromptTokensDetails{CachedTokens: u.cached},
		CompletionTokensDetails: &openai.CompletionTokensDetails{},
	}
}
