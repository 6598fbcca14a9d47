package llamacpp

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/sampling"
)

// Score returns how likely each continuation of req.Prompt is, token by token,
// without Top. The prompt is read once, and all continuations together in as few
// batches as they fit into.
func (m *Model) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	if err := req.Params.OnlyExtra(); err != nil {
		return nil, fmt.Errorf("llamacpp: %w", err)
	}
	scores := make([]sampling.Score, len(continuations))
	var tasks []*task
	for i, continuation := range continuations {
		if continuation == "" {
			continue
		}
		t, err := m.scoring(ctx, req.Prompt, continuation, &scores[i])
		if err != nil {
			return nil, fmt.Errorf("llamacpp: continuation %d: %w", i, err)
		}
		tasks = append(tasks, t)
	}
	m.engine.add(tasks...)
	for _, t := range tasks {
		if err := m.engine.wait(t); err != nil {
			m.engine.leave(tasks...)
			return nil, err
		}
	}
	return scores, nil
}

// scoring returns the task that fills in a score.
func (m *Model) scoring(ctx context.Context, prompt, continuation string, score *sampling.Score) (*task, error) {
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
	last := len(tokens) - 1
	return &task{ctx: ctx, tokens: tokens[:last], from: border - 1, take: func(pos int, logits []float32) (int32, bool, error) {
		token := sampling.Token{Text: pieces[pos+1], Logprob: float64(logits[tokens[pos+1]]) - logSum(logits)}
		score.Tokens = append(score.Tokens, token)
		score.Logprob += token.Logprob
		return 0, pos+1 < last, nil
	}}, nil
}
