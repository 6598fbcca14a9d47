package samplingtest

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// The rules of the interfaces that a backend may implement beside Backend.

func (c *checker) counter() {
	counter, ok := c.backend.(sampling.Counter)
	if !ok {
		c.leave("the backend is not a Counter")
	}
	count := func(text string) (n int) {
		var err error
		c.guard("Count", func() {}, func() { n, err = counter.Count(context.Background(), text) })
		if errors.Is(err, sampling.ErrUnsupported) {
			c.leave("the backend does not count: %v", err)
		}
		if err != nil {
			c.fatalf("counting %q: %v", text, err)
		}
		if n < 0 {
			c.fatalf("%q has %d tokens", text, n)
		}
		return n
	}
	const marks = 4 // such as the begin-of-text token that a server adds
	if n := count(""); n > marks {
		c.failf("the empty text has %d tokens", n)
	}
	text := c.kit.prompt() + " " + strings.Repeat("and then there was, 나비 ", 4)
	before := 0
	for i := range len(text) {
		if i%7 != 0 || !isBorder(text, i) {
			continue
		}
		n := count(text[:i])
		// The end of a longer text may merge into a few fewer tokens.
		if n < before-4 {
			c.fatalf("%q has %d tokens, and a text that it continues had %d", text[:i], n, before)
		}
		before = max(before, n)
	}
	if n := count(c.kit.prompt()); n == 0 {
		c.failf("%q has no tokens", c.kit.prompt())
	}
	if a, b := count(text), count(text); a != b {
		c.failf("the same text was counted as %d and as %d tokens", a, b)
	}
	if u := c.must(c.request()).usage(); u.PromptTokens > count(c.kit.prompt()) {
		c.failf("%q was counted as %d tokens, and a sample was charged for %d", c.kit.prompt(), count(c.kit.prompt()), u.PromptTokens)
	}
}

func isBorder(s string, i int) bool { return i >= len(s) || s[i]&0xC0 != 0x80 }

func (c *checker) scorer() {
	scorer, ok := c.backend.(sampling.Scorer)
	if !ok {
		c.leave("the backend is not a Scorer")
	}
	score := func(prompt string, of ...string) []sampling.Score {
		scores, err := c.score(scorer, context.Background(), prompt, of)
		if errors.Is(err, sampling.ErrUnsupported) {
			c.leave("the backend does not score: %v", err)
		}
		if err != nil {
			c.fatalf("scoring: %v", err)
		}
		if len(scores) != len(of) {
			c.fatalf("%d scores came for %d continuations", len(scores), len(of))
		}
		for i, s := range scores {
			c.scored(of[i], s)
		}
		return scores
	}
	prompt := c.kit.prompt()
	likely := c.must(c.request()).text()
	nonsense := " qxz" + strings.Repeat("vq zx", 4)
	scores := score(prompt, likely, nonsense, likely)
	if scores[0].Logprob != scores[2].Logprob && math.Abs(scores[0].Logprob-scores[2].Logprob) > tolerance*(1-scores[0].Logprob) {
		c.failf("the same continuation was scored %v and %v in one call", scores[0].Logprob, scores[2].Logprob)
	}
	// They differ in length, so they are compared per byte.
	if a, b := scores[0].Logprob/float64(len(likely)), scores[1].Logprob/float64(len(nonsense)); a <= b {
		c.failf("the greedy continuation %q scores %.3f a byte, and %q is at least as likely with %.3f", shorten(likely), a, nonsense, b)
	}
	// Without a begin-of-text token, the first token has no log probability.
	own, err := c.score(scorer, context.Background(), "", []string{"A text of its own."})
	switch {
	case err == nil && len(own) == 1:
		c.scored("A text of its own.", own[0])
	case !errors.Is(err, sampling.ErrUnsupported):
		c.failf("scoring without a prompt gave %d scores and %v", len(own), err)
	}
	score(prompt)
	c.agrees(scores[0], likely)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.score(scorer, ctx, prompt, []string{likely}); !errors.Is(err, context.Canceled) {
		c.failf("with a cancelled context the error does not wrap %q: %v", context.Canceled, err)
	}
}

// score makes one guarded call.
func (c *checker) score(s sampling.Scorer, ctx context.Context, prompt string, of []string) (scores []sampling.Score, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.guard("Score", cancel, func() { scores, err = s.Score(ctx, &sampling.Request{Prompt: prompt}, of) })
	return scores, err
}

// scored checks one score by itself.
func (c *checker) scored(text string, s sampling.Score) {
	if badLogprob(s.Logprob) {
		c.fatalf("%q has the log probability %v", shorten(text), s.Logprob)
	}
	if len(s.Tokens) == 0 {
		c.fatalf("the score of %q has no tokens", shorten(text))
	}
	sum, joined := 0.0, ""
	for i, token := range s.Tokens {
		c.token(i, token, math.MaxInt, false)
		sum += token.Logprob
		joined += token.Text
	}
	if math.Abs(sum-s.Logprob) > 1e-6*(1+math.Abs(sum)) {
		c.fatalf("the tokens of %q sum to %v, and its log probability is %v", shorten(text), sum, s.Logprob)
	}
	// A token across the boundary includes the end of the prompt.
	if isASCII(text) && isASCII(joined) && !strings.HasSuffix(joined, text) {
		c.fatalf("the tokens of the score of %q make %q", shorten(text), shorten(joined))
	}
}

// agrees compares a score with the log probabilities of the same text when drawn, if
// both have the same tokens.
func (c *checker) agrees(score sampling.Score, text string) {
	req := c.request()
	req.Params.Logprobs = true
	s := c.run(context.Background(), req, nil)
	drawn := s.tokens()
	if s.err != nil || s.text() != text || len(drawn) != len(score.Tokens) {
		return
	}
	for i, token := range drawn {
		if token.Text != score.Tokens[i].Text {
			return
		}
	}
	for i, token := range drawn {
		if d := math.Abs(token.Logprob - score.Tokens[i].Logprob); d > tolerance*(1-token.Logprob) {
			c.fatalf("token %d, %q, has the log probability %v when drawn and %v when scored", i, token.Text, token.Logprob, score.Tokens[i].Logprob)
		}
	}
}

func (c *checker) describer() {
	describer, ok := c.backend.(sampling.Describer)
	if !ok {
		c.leave("the backend is not a Describer")
	}
	describe := func(ctx context.Context) (info sampling.Info, err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		c.guard("Describe", cancel, func() { info, err = describer.Describe(ctx) })
		return info, err
	}
	info, err := describe(context.Background())
	if errors.Is(err, sampling.ErrUnsupported) {
		c.leave("the backend does not describe itself: %v", err)
	}
	again, err2 := describe(context.Background())
	switch {
	case err != nil || err2 != nil:
		c.fatalf("describing: %v; again: %v", err, err2)
	case info != again:
		c.failf("the description was %+v, and then %+v", info, again)
	case info.Window < 0 || info.Slots < 0:
		c.failf("the window is negative: %+v", info)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if info, err := describe(ctx); err != nil && !errors.Is(err, context.Canceled) {
		c.failf("with a cancelled context the description is %+v, and the error does not wrap %q: %v", info, context.Canceled, err)
	}
}

func (c *checker) drawer() {
	drawer, ok := c.backend.(sampling.Drawer)
	if !ok {
		c.leave("the backend is not a Drawer")
	}
	most := 8 // servers have about as many slots
	draw := func(req *sampling.Request, n int) []*sampling.Completion {
		before := copyRequest(req)
		all, err := c.draw(drawer, context.Background(), req, n)
		for errors.Is(err, sampling.ErrUnsupported) && n > 2 {
			n /= 2
			most = n
			all, err = c.draw(drawer, context.Background(), req, n)
		}
		if errors.Is(err, sampling.ErrUnsupported) {
			c.leave("the backend does not draw: %v", err)
		}
		if err != nil {
			c.fatalf("drawing %d with %s: %v", n, describe(req.Params), err)
		}
		if len(all) != n {
			c.fatalf("%d completions were asked for, and %d came", n, len(all))
		}
		if diff := differences(req, &before); len(diff) > 0 {
			c.fatalf("drawing changed the request in %s", strings.Join(diff, " and "))
		}
		for i, one := range all {
			c.drawn(i, one, req.Params.MaxTokens)
		}
		return all
	}
	greedy := c.must(c.request()).text()
	for i, one := range draw(c.request(), 3) {
		if one.Text != greedy {
			c.fatalf("at temperature 0 completion %d is %q, and a single sample is %q", i+1, shorten(one.Text), shorten(greedy))
		}
	}
	distinct := make(map[string]bool)
	for _, one := range draw(c.sampled(1), most) {
		distinct[one.Text] = true
	}
	if len(distinct) == 1 {
		c.failf("%d completions at temperature 1 are all alike", most)
	}
	draw(c.sampled(2), 1)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if all, err := c.draw(drawer, ctx, c.sampled(1), 2); !errors.Is(err, context.Canceled) {
		c.failf("with a cancelled context %d completions came, and the error does not wrap %q: %v", len(all), context.Canceled, err)
	}
}

// draw makes one guarded call.
func (c *checker) draw(d sampling.Drawer, ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.guard("Draw", cancel, func() { all, err = d.Draw(ctx, req, n) })
	return all, err
}

// drawn checks one completion by itself.
func (c *checker) drawn(i int, one *sampling.Completion, limit int) {
	switch {
	case one == nil:
		c.fatalf("completion %d is nil", i+1)
	case one.Reason == sampling.Unfinished:
		c.fatalf("completion %d has no reason: %q", i+1, shorten(one.Text))
	case len(one.Tokens) > limit || len(strings.Fields(one.Text)) > limit*wordsInToken:
		c.fatalf("completion %d runs past MaxTokens %d: %q", i+1, limit, shorten(one.Text))
	case strings.ToValidUTF8(one.Text, "") != one.Text:
		c.fatalf("the text of completion %d is not whole runes: %q", i+1, one.Text)
	case one.Usage.PromptTokens < 0 || one.Usage.CompletionTokens < 0:
		c.fatalf("completion %d has a negative usage: %+v", i+1, one.Usage)
	}
}
