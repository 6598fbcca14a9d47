package sampling

// A Price is what a million tokens cost, in any currency. Hosts bill prompt
// tokens that come out of a prefix cache at a part of the price; a Cached of 0 is
// the price of any other prompt token.
type Price struct {
	Prompt, Cached, Completion float64
}

// Of returns what a call cost.
func (p Price) Of(u Usage) float64 {
	cached := p.Cached
	if cached == 0 {
		cached = p.Prompt
	}
	fresh := max(u.PromptTokens-u.CachedTokens, 0)
	return (float64(fresh)*p.Prompt + float64(u.CachedTokens)*cached + float64(u.CompletionTokens)*p.Completion) / 1e6
}
