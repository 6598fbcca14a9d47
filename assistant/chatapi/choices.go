package chatapi

import (
	"context"
	"iter"
	"sync"

	"github.com/sashabaranov/go-openai"
)

// draw draws the replies to the request, all at once, and yields their pieces as
// they come. The first error ends them all. When the loop ends, all of them have
// stopped, and x.spent says what they cost.
func (x *exchange) draw(ctx context.Context) iter.Seq2[piece, error] {
	replies := make([]*reply, x.request.n)
	all := make([]iter.Seq2[piece, error], x.request.n)
	return func(yield func(piece, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for i := range replies {
			replies[i] = x.h.newReply(x.request, i)
			all[i] = replies[i].pieces(ctx, i)
		}
		defer func() {
			for _, a := range replies {
				x.spent.add(a.tap.spent)
			}
		}()
		merge(all, cancel)(yield)
	}
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

// usage is what the replies cost, in the form of the answer.
func (u usage) wire() *openai.Usage {
	return &openai.Usage{
		PromptTokens: u.prompt, CompletionTokens: u.completion, TotalTokens: u.prompt + u.completion,
		PromptTokensDetails:     &openai.PromptTokensDetails{CachedTokens: u.cached},
		CompletionTokensDetails: &openai.CompletionTokensDetails{},
	}
}
