package samplingtest_test

import (
	"context"
	"hash/fnv"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/seeds"
	"github.com/foreword-go/foreword/sampling"
)

// A toy is a tiny language model that keeps every rule. Its vocabulary is the
// 256 bytes, the words below and an end of text, and what comes next hangs on
// the last two tokens by a hash. The knobs beneath break one rule each.
type toy struct {
	rawBytes    bool   // yields the bytes of a rune as they come
	endAtLimit  bool   // calls a reached limit an end of text
	stopPrompt  bool   // looks for stop sequences in the prompt too
	countLess   bool   // counts too few tokens
	chargeExtra int    // adds to the completion's usage
	constrain   string // "refuses", "ignores", or "ends": without the stop
	drawLess    bool   // draws one completion too few
	drawSame    bool   // draws all completions with one seed
	scoreAlike  bool   // scores everything alike
	scoreSum    bool   // reports a log probability that is not the tokens'
	logprobs    string // "none" or "positive"

	round func() bool // whether it rounds in another way just now
}

var toyWords = []string{" the", " owl", " sat", " on", " a", " wall", ".", " été", " 나비", "\n", " tree", " and", "\xc3"}

const (
	toyFirstWord = 256
	toyAccent    = 0xA9 // completes "\xc3", which the bytes above end with
)

var toyEnd = toyFirstWord + len(toyWords)

func toyText(id int) string {
	if id < toyFirstWord {
		return string([]byte{byte(id)})
	}
	if id == toyEnd {
		return ""
	}
	return toyWords[id-toyFirstWord]
}

var toyVocabulary = func() (texts []string) {
	for id := range toyEnd + 1 {
		texts = append(texts, toyText(id))
	}
	return texts
}()

// toyTokens cuts a text into tokens, the longest word first.
func toyTokens(text string) (ids []int) {
	for text != "" {
		id := int(text[0])
		for i, w := range toyWords {
			if len(w) >= len(toyText(id)) && strings.HasPrefix(text, w) {
				id = toyFirstWord + i
			}
		}
		ids = append(ids, id)
		text = text[len(toyText(id)):]
	}
	return ids
}

// A distribution says what comes next.
type distribution struct {
	next  []sampling.Candidate // the tokens that are drawn from
	other float64              // the log probability of each byte that is not among them
}

var toyDistributions sync.Map // by the last two tokens

// toyNext returns the distribution over the next token.
func toyNext(history []int) (next []sampling.Candidate, other float64) {
	var last [2]int // the last token and the one before; 0 if there is none
	for i := range min(len(last), len(history)) {
		last[i] = history[len(history)-1-i]
	}
	known, ok := toyDistributions.Load(last)
	if !ok {
		known, _ = toyDistributions.LoadOrStore(last, toyDistribution(last[0], last[1]))
	}
	d := known.(distribution)
	return slices.Clone(d.next), d.other
}

func toyDistribution(last, before int) distribution {
	const unlikely = -14.0
	var next []sampling.Candidate
	next = append(next, sampling.Candidate{ID: toyAccent, Logprob: unlikely})
	if last == toyEnd-1 { // the first byte of é
		next[0].Logprob = 10
	}
	for id := toyFirstWord; id < toyEnd; id++ {
		h := fnv.New32a()
		h.Write([]byte{byte(id), byte(id >> 8), byte(last), byte(last >> 8), byte(before)})
		logit := 4 * float64(h.Sum32()%1000) / 1000
		if last == toyEnd-1 {
			logit = unlikely
		}
		next = append(next, sampling.Candidate{ID: id, Logprob: logit})
	}
	next = append(next, sampling.Candidate{ID: toyEnd, Logprob: -2})
	total := 255 * math.Exp(unlikely)
	for _, c := range next {
		total += math.Exp(c.Logprob)
	}
	for i := range next {
		next[i].Logprob -= math.Log(total)
	}
	return distribution{next, unlikely - math.Log(total)}
}

// toyLogprob returns the log probability of one token.
func toyLogprob(history []int, id int) float64 {
	next, other := toyNext(history)
	for _, c := range next {
		if c.ID == id {
			return c.Logprob
		}
	}
	return other
}

func (b *toy) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return b.from(ctx, req, toyTokens(req.Prompt))
}

// from samples after a history of tokens.
func (b *toy) from(ctx context.Context, req *sampling.Request, history []int) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		if len(req.Params.Extra) > 0 {
			yield(sampling.Chunk{}, sampling.ErrUnsupported)
			return
		}
		decoded := *req
		switch b.constrain {
		case "ignores":
			decoded.Constraint = sampling.Constraint{}
		case "ends":
			decoded.Constraint = decoded.Constraint.Wrap("", " the owl")
		}
		d := sampling.NewDecoder(&decoded, history, toyVocabulary)
		prompt := len(history)
		history = slices.Clone(history)
		text, held := "", ""
		if b.stopPrompt {
			text = req.Prompt
		}
		for n := 1; ; n++ {
			if err := ctx.Err(); err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
			next, other := toyNext(history)
			if b.round != nil && b.round() {
				for i := range next {
					next[i].Logprob += 0.1 * float64(i%2)
				}
			}
			from := slices.Clone(next)
			if !req.Constraint.IsZero() {
				for id := range toyFirstWord {
					if id != toyAccent {
						from = append(from, sampling.Candidate{ID: id, Logprob: other})
					}
				}
			}
			id, ok := d.Next(from)
			if !ok {
				yield(sampling.Chunk{}, sampling.ErrConstraint)
				return
			}
			history = append(history, id)
			var chunk sampling.Chunk
			held += toyText(id)
			chunk.Text, held = b.wholeRunes(held, id == toyEnd || n == req.Params.MaxTokens)
			text += chunk.Text
			if req.Params.Logprobs && b.logprobs != "none" {
				chunk.Tokens = []sampling.Token{b.token(next, id, req.Params.TopLogprobs)}
			}
			switch _, stop := sampling.Cut(text, req.Stop); {
			case stop != "":
				chunk.Reason, chunk.Stop = sampling.StopSequence, stop
			case id == toyEnd:
				chunk.Reason = sampling.EndOfText
			case n == req.Params.MaxTokens:
				chunk.Reason = sampling.TokenLimit
				if b.endAtLimit {
					chunk.Reason = sampling.EndOfText
				}
			}
			if chunk.Reason != sampling.Unfinished {
				chunk.Usage = sampling.Usage{PromptTokens: prompt, CompletionTokens: n + b.chargeExtra}
			}
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				return
			}
		}
	}
}

// wholeRunes returns the part of text that is whole runes and the rest. At the
// end, and where a rune cannot become whole, it writes replacement characters.
func (b *toy) wholeRunes(text string, end bool) (out, rest string) {
	if b.rawBytes {
		return text, ""
	}
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 && !utf8.FullRuneInString(text) && !end {
			return out, text
		}
		out, text = out+string(r), text[n:]
	}
	return out, ""
}

func (b *toy) token(next []sampling.Candidate, id, top int) sampling.Token {
	t := sampling.Token{Text: toyText(id)}
	slices.SortFunc(next, func(a, b sampling.Candidate) int {
		switch {
		case a.Logprob > b.Logprob:
			return -1
		case a.Logprob < b.Logprob:
			return 1
		}
		return a.ID - b.ID
	})
	for i, c := range next {
		if c.ID == id {
			t.Logprob = c.Logprob
		}
		if i < top {
			t.Top = append(t.Top, sampling.Token{Text: toyText(c.ID), Logprob: c.Logprob})
		}
	}
	if b.logprobs == "positive" {
		t.Logprob = -t.Logprob
	}
	return t
}

func (b *toy) Count(ctx context.Context, text string) (int, error) {
	n := len(toyTokens(text))
	if b.countLess {
		n = (n + 1) / 2
	}
	return n, nil
}

func (b *toy) Constrains(c sampling.Constraint) error {
	if b.constrain == "refuses" {
		return sampling.ErrUnsupported
	}
	return nil
}

func (b *toy) Score(ctx context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
	scores := make([]sampling.Score, len(of))
	for i, text := range of {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		history := toyTokens(req.Prompt)
		for _, id := range toyTokens(text) {
			lp := toyLogprob(history, id)
			if b.scoreAlike {
				lp = 0
			}
			scores[i].Logprob += lp
			scores[i].Tokens = append(scores[i].Tokens, sampling.Token{Text: toyText(id), Logprob: lp})
			history = append(history, id)
		}
		if b.scoreSum {
			scores[i].Logprob--
		}
	}
	return scores, nil
}

func (b *toy) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	var all []*sampling.Completion
	if b.drawLess {
		n--
	}
	for i := range n {
		one := *req
		one.Params.Seed = seeds.At(req.Params.Seed, i)
		if b.drawSame {
			one.Params.Seed = req.Params.Seed
		}
		c := &sampling.Completion{Seed: one.Params.Seed}
		for chunk, err := range b.Sample(ctx, &one) {
			if err != nil {
				return all, err
			}
			c.Text += chunk.Text
			c.Tokens = append(c.Tokens, chunk.Tokens...)
			c.Reason = chunk.Reason
		}
		all = append(all, c)
	}
	return all, nil
}
