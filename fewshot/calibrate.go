package fewshot

import (
	"context"
	"fmt"
	"reflect"

	"github.com/foreword-go/foreword/sampling"
)

// biasKey names what a bias was measured with. The column stands for the
// examples, of which the first so many are shown, and the model for itself.
type biasKey struct {
	column  *column
	shots   int
	backend any
	method  Method
	asked   string // the labels, the content-free inputs and how labels are weighed
}

// calibrate divides out, in place, what the model makes of inputs that say
// nothing. The shots are those of the prompt at hand; where no Selector chooses
// them they are the same for all inputs, and the bias is measured once.
func (c *Classifier[In, L]) calibrate(ctx context.Context, m sampling.Model, prompt *Prompt, labels []string, p []float64, method Method, weigh func(*Prompt) ([]float64, error)) error {
	if len(c.ContentFree) == 0 {
		return nil
	}
	inputs := make([]string, len(c.ContentFree))
	for i, in := range c.ContentFree {
		input, err := c.Task.In.encode(in)
		if err != nil {
			return fmt.Errorf("ContentFree[%d]: %w", i, &ValueError{Example: noExample, Field: "input", Err: err})
		}
		inputs[i] = prompt.column.layout.quoteInput(input)
	}
	key := biasKey{
		column: prompt.column, shots: len(prompt.Shots), method: method,
		asked: fmt.Sprintf("%q %q %d %v", labels, inputs, c.Normalize, c.Task.Params),
	}
	cached := c.Task.Select == nil && len(prompt.Dropped) == 0 && reflect.ValueOf(m.Backend).Comparable()
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
	for i, input := range inputs {
		free, err := prompt.column.prompt(ctx, m, c.Task.Params, input, prompt.Shots)
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
