package main

import (
	"context"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// An assistantJob is one turn of a conversation. The page keeps the others.
type assistantJob struct {
	settings
	Persona assistant.Persona    `json:"persona"`
	Turns   assistant.Transcript `json:"turns"`
	Text    string               `json:"text"`
	Prefill string               `json:"prefill"`
}

func (j *assistantJob) conversation(m sampling.Model, p sampling.Params) *assistant.Conversation {
	return &assistant.Conversation{Model: m, Persona: j.Persona, Params: p, Transcript: j.Turns}
}

func (j *assistantJob) prompt(ctx context.Context, o *opened) (*promptEvent, error) {
	if err := j.Persona.Validate(ctx, o.model); err != nil {
		return nil, err
	}
	c := j.conversation(o.model, o.params)
	options := assistant.ReplyOptions{Prefill: j.Prefill}
	p, err := c.Prompt(ctx, j.Text, options)
	if err != nil {
		return nil, err
	}
	parts, err := c.Parts(ctx, j.Text, options)
	if err != nil {
		return nil, err
	}
	return o.promptEvent(p, parts), nil
}

func (j *assistantJob) run(ctx context.Context, o *opened, out *stream) error {
	prompt, err := j.prompt(ctx, o)
	if err != nil {
		return err
	}
	if err := out.send(event{Prompt: prompt}); err != nil {
		return err
	}
	c := j.conversation(o.showing(out.beyond), o.params)
	var last sampling.Chunk
	for chunk, err := range c.Stream(ctx, j.Text, assistant.ReplyOptions{Prefill: j.Prefill}) {
		if err != nil {
			return err
		}
		if err := out.chunk(chunk); err != nil {
			return err
		}
		last = chunk
	}
	return out.end(last, endEvent{Turn: &c.Transcript[len(c.Transcript)-1]})
}
