package sampling

import "cmp"

// A Price is the cost of a million tokens, in any currency. Cached applies to
// prompt tokens from the prefix cache; 0 means the same as Prompt.
type Price struct {
	Prompt, Cached, Completion float64
}

// Of returns the cost of a call.
func (p Price) Of(u Usage) float64 {
	cached := cmp.Or(p.Cached, p.Prompt)
	fresh := max(u.PromptTokens-u.CachedTokens, 0)
	return (float64(fresh)*p.Prompt + float64(u.CachedTokens)*cached + float64(u.CompletionTokens)*p.Completion) / 1e6
}
