package fewshot

import (
	"context"
	"fmt"

	"github.com/foreword-go/foreword/sampling"
)

// biasKey names what a bias was measured with. The column stands for the
// examples, and the model for itself.
type biasKey struct {
	column  *column
	backend any
	method  Method
}

// calibrate divides out, in place, what the model makes of inputs that say
// nothing. The shots are those of the prompt at hand; where no Selector chooses
// them they are the same for all inputs, and the bias is measured once.
func (c *Classifier[In, L]) calibrate(ctx context.Context, m sampling.Model, prompt *Prompt, p []float64, method Method, weigh func(*Prompt) ([]float64, error)) error {
	if len(c.ContentFree) == 0 {
		return nil
	}
	key := biasKey{column: prompt.column, method: method}
	cached := c.Task.Select == nil && len(prompt.Dropped) == 0 && same(m.Backend, m.Backend)
	if cached {
		key.backend = m.Backend
		c.mu.Lock()
		bias := c.bias[key]
		c.mu.Unlock()
		if bias != nil {
			unbias(p, bias)
			return nil
		}
	}
	bias := make([]float64, len(p))
	for i, in := range c.ContentFree {
		input, err := c.Task.In.encode(in)
		if err != nil {
			return &ValueError{Example: noExample, Field: fmt.Sprintf("ContentFree[%d]", i), Err: err}
		}
		free, err := prompt.column.prompt(m, c.Task.Params, prompt.column.layout.quoteInput(input), prompt.Shots)
		if err != nil {
			return fmt.Errorf("ContentFree[%d]: %w", i, err)
		}
		weights, err := weigh(free)
		if err != nil {
			return fmt.Errorf("calibrating with ContentFree[%d]: %w", i, err)
		}
		for j, w := range weights {
			bias[j] += w
		}
	}
	normalized(bias)
	if cached {
		c.mu.Lock()
		if c.bias == nil || len(c.bias) >= 64 { // a Task that keeps changing must not pile them up
			c.bias = map[biasKey][]float64{}
		}
		c.bias[key] = bias
		c.mu.Unlock()
	}
	unbias(p, bias)
	return nil
}

// unbias divides probabilities by the bias. A label that content-free inputs
// never get keeps a floor, since one over nothing would let it win for ever.
func unbias(p, bias []float64) {
	const floor = 1e-6
	for i := range p {
		p[i] /= max(bias[i], floor)
	}
	normalized(p)
}
