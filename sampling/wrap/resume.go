package wrap

import (
	"github.com/foreword-go/foreword/sampling"
)

// A resumption is a continuation that may be drawn in several parts, each of
// which goes on where the one before it broke off.
type resumption struct {
	req   *sampling.Request // what the caller asked
	ask   *sampling.Request // what the next part asks
	spoke bool              // whether text has been given out
	cost  sampling.Usage    // of the parts that broke off, as far as it is known
}

// resume makes ready for the part after this one. It returns false when no
// tokens are left for it, as far as can be told.
func (r *resumption) resume(part *tally) bool {
	if !part.spoke() {
		// Nothing new came in this part, and what was to be asked still is.
		return true
	}
	r.spoke = true
	left := maxTokens(r.ask)
	completion, _ := part.completion(left)
	r.cost.PromptTokens += part.usage.PromptTokens
	r.cost.CachedTokens += part.usage.CachedTokens
	r.cost.CompletionTokens += completion
	if completion >= left {
		return false
	}
	next := *r.req
	next.Prompt = r.ask.Prompt + part.text.String()
	next.Params.MaxTokens = left - completion
	r.ask = &next
	return true
}

// bill adds the cost of the earlier parts to what a chunk tells.
func (r *resumption) bill(chunk sampling.Chunk) sampling.Chunk {
	if chunk.Usage == nil || !r.spoke {
		return chunk
	}
	u := *chunk.Usage
	u.PromptTokens += r.cost.PromptTokens
	u.CompletionTokens += r.cost.CompletionTokens
	u.CachedTokens += r.cost.CachedTokens
	chunk.Usage = &u
	return chunk
}
