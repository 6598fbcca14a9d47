package main

import (
	"context"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A rawJob continues raw text.
type rawJob struct {
	settings
	Prompt string   `json:"prompt"`
	Stop   []string `json:"stop"`
}

func (j *rawJob) request(p sampling.Params) *sampling.Request {
	return &sampling.Request{Prompt: j.Prompt, Stop: j.Stop, Params: p}
}

func (j *rawJob) prompt(_ context.Context, o *opened) (*promptEvent, error) {
	if err := j.request(o.params).Validate(); err != nil {
		return nil, err
	}
	p := &fewshot.Prompt{Text: j.Prompt, Stop: j.Stop}
	return o.promptEvent(p, []fewshot.Part{{Kind: fewshot.Query, Text: j.Prompt}}), nil
}

func (j *rawJob) run(ctx context.Context, o *opened, out *stream) error {
	var last sampling.Chunk
	for chunk, err := range o.showing(out.beyond).Stream(ctx, j.request(o.params)) {
		if err != nil {
			return err
		}
		if !out.begun { // after the first chunk, so that an error before it has a status
			read, _ := o.model.Count(context.Background(), j.Prompt) // for display only
			if err := out.send(event{Prompt: &promptEvent{Tokens: read, Bound: o.model.Counter == nil}}); err != nil {
				return err
			}
		}
		if err := out.chunk(chunk); err != nil {
			return err
		}
		last = chunk
	}
	return out.end(last, endEvent{})
}
