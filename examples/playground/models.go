package main

import (
	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// models are the choices of the page: the model inside the program, and those of the
// server that the flags name. The page names a model and never an address.
type models struct {
	env   *cli.Env
	flags []*cli.Backend // by which each of them is made, the first by default
	price sampling.Price
}

// newModels opens one model of each backend, so that a mistake in the flags appears in
// the terminal.
func newModels(env *cli.Env, flags *cli.Backend, price sampling.Price) (*models, error) {
	m := &models{env, []*cli.Backend{flags}, price}
	if flags.Kind != "pocket" {
		m.flags = append(m.flags, &cli.Backend{Kind: "pocket"})
	}
	for _, f := range m.flags {
		if _, err := f.Model(env); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// find returns the backend of a kind with a model name. The default of each is the one of
// the flags.
func (m *models) find(kind, name string) (*cli.Backend, error) {
	for _, f := range m.flags {
		if kind != "" && kind != f.Kind {
			continue
		}
		chosen := *f
		if name != "" && chosen.Kind != "pocket" {
			chosen.Name = name
		}
		return &chosen, nil
	}
	return nil, invalid("backend", "there is no backend %q here; start the playground with -backend %s", kind, kind)
}

// open returns the model with a meter around it for one request.
func (m *models) open(kind, name string) (sampling.Model, *wrap.Meter, error) {
	chosen, err := m.find(kind, name)
	if err != nil {
		return sampling.Model{}, nil, err
	}
	model, err := chosen.Model(m.env)
	if err != nil {
		return sampling.Model{}, nil, err
	}
	counts := chosen.Kind == "pocket" || chosen.Dialect == "llamacpp" || chosen.Dialect == "vllm"
	if counter, ok := model.Backend.(sampling.Counter); ok && counts && model.Counter == nil {
		model.Counter = counter // so that the page says that the count is exact
	}
	meter := &wrap.Meter{Counter: model.Counter}
	if chosen.Kind != "pocket" {
		meter.Price = m.price
	}
	model.Backend = meter.Wrap(model.Backend)
	return model, meter, nil
}

// A backendObject tells the page about a backend.
type backendObject struct {
	Kind            string   `json:"kind"`
	Model           string   `json:"model"`            // "" where there is nothing to choose
	Lacks           []string `json:"lacks"`            // settings that the server has no field for
	PromptPrice     float64  `json:"prompt_price"`     // dollars for a million tokens
	CompletionPrice float64  `json:"completion_price"` // the same
}

func (m *models) objects() []backendObject {
	var all []backendObject
	for _, f := range m.flags {
		o := backendObject{Kind: f.Kind, Model: f.Name, Lacks: f.Lacks()}
		if f.Kind != "pocket" {
			o.PromptPrice, o.CompletionPrice = m.price.Prompt, m.price.Completion
		}
		all = append(all, o)
	}
	return all
}
