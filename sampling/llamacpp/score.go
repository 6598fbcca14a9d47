package llamacpp

import (
	"context"
	"fmt"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// Score returns how likely each continuation of req.Prompt is, token by token,
// without Top. The prompt is read once, and so is each beginning that several
// continuations share; the rest is read in as few batches as it fits into.
func (m *Model) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	if len(req.Params.Extra) > 0 {
		return nil, fmt.Errorf("llamacpp: %w: Params.Extra; leave it empty", sampling.ErrUnsupported)
	}
	scores := make([]sampling.Score, len(continuations))
	var all []*scoring
	for i, continuation := range continuations {
		if continuation == "" {
			continue
		}
		s, err := m.scoring(req.Prompt, continuation)
		if err != nil {
			return nil, fmt.Errorf("llamacpp: continuation %d: %w", i, err)
		}
		s.Score = &scores[i]
		all = append(all, s)
	}
	tasks := merge(ctx, all)
	m.engine.add(tasks...)
	for _, t := range tasks {
		if err := m.engine.wait(t); err != nil {
			m.engine.leave(tasks...)
			return nil, err
		}
	}
	for i, s := range all {
		s.Usage.PromptTokens = len(s.tokens) - s.border
		if i == 0 {
			s.Usage.PromptTokens = len(s.tokens)
		}
		for i, at := range s.places {
			token := sampling.Token{Text: s.pieces[s.border+i], Logprob: at.logprobs[s.tokens[s.border+i]]}
			s.Tokens = append(s.Tokens, token)
			s.Logprob += token.Logprob
		}
	}
	return scores, nil
}

// A scoring is a prompt with one continuation, which begins at border.
type scoring struct {
	*sampling.Score
	tokens []int32
	pieces []string
	border int
	places []*place // one for each token from border on: where its logits are
}

// A place is a text whose next token is asked for, by one continuation or more.
type place struct{ logprobs map[int32]float64 }

func (m *Model) scoring(prompt, continuation string) (*scoring, error) {
	text := prompt + continuation
	tokens, err := m.vocab.tokenize(text)
	if err != nil {
		return nil, err
	}
	if len(tokens) > m.config.Window {
		return nil, fmt.Errorf("%w: it has %d tokens with the prompt, and the window %d", sampling.ErrBudget, len(tokens), m.config.Window)
	}
	border, pieces := m.vocab.border(tokens, text, len(prompt))
	if border < 0 {
		return nil, fmt.Errorf("%w: the model's tokenizer does not keep it as it is", sampling.ErrUnsupported)
	}
	if border == 0 { // nothing comes before it
		if m.vocab.lone < 0 {
			return nil, fmt.Errorf("%w: the model has no token that begins a text", sampling.ErrUnsupported)
		}
		tokens, pieces = append([]int32{m.vocab.lone}, tokens...), append([]string{""}, pieces...)
		border = 1
	}
	return &scoring{tokens: tokens, pieces: pieces, border: border}, nil
}

// merge returns the tasks that read all continuations, and each common beginning
// once. In order, " very good", " very bad" and " poor" are two tasks: the prompt
// with " very", whose places have the logits for "good" and "bad" and, a token
// earlier, for " very" and " poor".
func merge(ctx context.Context, all []*scoring) (tasks []*task) {
	// The last token of a continuation is not read: nothing comes after it. The
	// longer texts come first, so that those which they begin with need no task.
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b *scoring) int { return slices.Compare(b.read(), a.read()) })
	var before *scoring
	for _, s := range sorted {
		read := s.read()
		shared := 0
		if before != nil {
			shared = common(read, before.read())
		}
		own := map[int]*place{} // by the position of the token before
		from := len(read)
		for i, token := range s.tokens[s.border:] {
			var at *place
			if pos := s.border - 1 + i; pos < shared && pos >= before.border-1 {
				at = before.places[pos-before.border+1]
			} else {
				at = &place{map[int32]float64{}}
				own[pos], from = at, min(from, pos)
			}
			at.logprobs[token] = 0
			s.places = append(s.places, at)
		}
		if len(own) > 0 {
			tasks = append(tasks, &task{ctx: ctx, tokens: read, from: from, take: func(pos int, logits []float32) (int32, bool, error) {
				if at := own[pos]; at != nil {
					sum := logSum(logits)
					for token := range at.logprobs {
						at.logprobs[token] = float64(logits[token]) - sum
					}
				}
				return 0, pos+1 < len(read), nil
			}})
		}
		before = s
	}
	return tasks
}

func (s *scoring) read() []int32 { return s.tokens[:len(s.tokens)-1] }
