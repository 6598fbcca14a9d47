package fewshot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// A BatchResult is one answer of a batch file.
type BatchResult[Out any] struct {
	Index int // of the input that WriteBatch wrote, counting from 0
	Out   Out
	Err   error // why there is no Out
}

// customID names an input in a batch file; whoever answers keeps it.
const customID = "foreword-"

type batchRequest struct {
	CustomID string         `json:"custom_id"`
	Method   string         `json:"method"`
	URL      string         `json:"url"`
	Body     map[string]any `json:"body"`
}

// WriteBatch writes one request for each input in the file format of OpenAI's
// Batch API, for /v1/completions: for work that outgrows one machine. OpenAI and
// other hosts take such files, and so do proxies in front of a server of one's
// own. vLLM's run-batch reads the format too, but the versions known to us take
// chats, embeddings and scores alone, and answer each completion with an error.
// name is the model's name there. Of m, the Window and the Counter are used, to
// fit the examples.
//
// It returns how many requests were written. Parameters beyond OpenAI's own are
// written when they are not zero, under the names that vLLM has for them. A
// server whose own defaults are others, as vLLM takes them from the model's
// files, has to be told by Params.Extra: {"top_k": -1, "repetition_penalty": 1}.
func (t *Task[In, Out]) WriteBatch(ctx context.Context, w io.Writer, m sampling.Model, name string, inputs iter.Seq[In]) (int, error) {
	if name == "" {
		return 0, errors.New("fewshot: a batch needs the model's name")
	}
	n := 0
	for in := range inputs {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		prompt, err := t.Prompt(ctx, m, in)
		if err != nil {
			return n, fmt.Errorf("input %d: %w", n, err)
		}
		body, err := batchBody(name, prompt.Request(t.Params))
		if err != nil {
			return n, err
		}
		line, err := marshal(batchRequest{customID + strconv.Itoa(n), "POST", "/v1/completions", body})
		if err != nil {
			return n, fmt.Errorf("fewshot: input %d: %w", n, err)
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func batchBody(name string, req *sampling.Request) (map[string]any, error) {
	if err := req.Validate(); err != nil {
		return nil, fmt.Errorf("fewshot: %w", err)
	}
	p := req.Params
	body := map[string]any{
		"model":       name,
		"prompt":      req.Prompt,
		"max_tokens":  cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens),
		"temperature": p.Temperature,
		"top_p":       cmp.Or(p.TopP, 1),
	}
	if len(req.Stop) > 0 {
		body["stop"] = req.Stop
	}
	for _, optional := range []struct {
		field string
		value any
		on    bool
	}{
		{"frequency_penalty", p.FrequencyPenalty, p.FrequencyPenalty != 0},
		{"presence_penalty", p.PresencePenalty, p.PresencePenalty != 0},
		{"repetition_penalty", p.RepetitionPenalty, p.RepetitionPenalty != 0},
		{"min_p", p.MinP, p.MinP != 0},
		{"top_k", p.TopK, p.TopK != 0},
		{"seed", p.Seed, p.Seed != 0},
		{"logprobs", max(1, p.TopLogprobs), p.Logprobs},
	} {
		if optional.on {
			body[optional.field] = optional.value
		}
	}
	for field, value := range p.Extra {
		if _, ok := body[field]; ok {
			return nil, fmt.Errorf("fewshot: Params.Extra has %q, which Params sets itself", field)
		}
		body[field] = value
	}
	return body, nil
}

type batchAnswer struct {
	CustomID string `json:"custom_id"`
	Response *struct {
		Status int `json:"status_code"`
		Body   struct {
			Choices []struct {
				Text         string `json:"text"`
				FinishReason string `json:"finish_reason"`
			} `json:"choices"`
			Error json.RawMessage `json:"error"`
		} `json:"body"`
	} `json:"response"`
	Error json.RawMessage `json:"error"`
}

// ReadBatch reads the answers to a file that [Task.WriteBatch] wrote, in the
// order in which they stand, which need not be that of the inputs. A request
// that failed is a result with an Err; a line that is no answer ends the
// sequence with a [*FileError], as does an answer that is there twice. An input
// without any answer is not noticed here.
func (t *Task[In, Out]) ReadBatch(r io.Reader) iter.Seq2[BatchResult[Out], error] {
	return func(yield func(BatchResult[Out], error) bool) {
		seen := map[int]bool{}
		for l, err := range lines(r) {
			if err != nil {
				yield(BatchResult[Out]{}, err)
				return
			}
			if len(l.text) == 0 {
				continue
			}
			var a batchAnswer
			if err := json.Unmarshal(l.text, &a); err != nil {
				yield(BatchResult[Out]{}, &FileError{Line: l.number, Err: fmt.Errorf("is no answer of a batch: %w", err)})
				return
			}
			id, ours := strings.CutPrefix(a.CustomID, customID)
			index, err := strconv.Atoi(id)
			if !ours || err != nil || index < 0 {
				yield(BatchResult[Out]{}, &FileError{Line: l.number, Err: fmt.Errorf("custom_id %q is none that WriteBatch writes", a.CustomID)})
				return
			}
			if seen[index] {
				yield(BatchResult[Out]{}, &FileError{Line: l.number, Err: fmt.Errorf("input %d is answered twice", index)})
				return
			}
			seen[index] = true
			result := BatchResult[Out]{Index: index}
			result.Out, result.Err = t.readBatchAnswer(&a)
			if !yield(result, nil) {
				return
			}
		}
	}
}

func (t *Task[In, Out]) readBatchAnswer(a *batchAnswer) (Out, error) {
	var none Out
	if len(a.Error) > 0 && string(a.Error) != "null" {
		return none, &sampling.Error{Backend: "batch", Err: errors.New(shorten(string(a.Error), 500))}
	}
	if a.Response == nil {
		return none, &sampling.Error{Backend: "batch", Err: errors.New("the answer has neither a response nor an error")}
	}
	if status := a.Response.Status; status < 200 || status > 299 {
		return none, &sampling.Error{Backend: "batch", Status: status, Err: errors.New(shorten(string(a.Response.Body.Error), 500))}
	}
	if len(a.Response.Body.Choices) == 0 {
		return none, &sampling.Error{Backend: "batch", Err: errors.New("the response has no choices")}
	}
	choice := a.Response.Body.Choices[0]
	reasons := map[string]sampling.Reason{"stop": sampling.EndOfText, "length": sampling.TokenLimit, "content_filter": sampling.Filtered}
	c := &sampling.Completion{Text: choice.Text, Reason: reasons[choice.FinishReason]}
	if layout, err := t.layout(); err == nil {
		// A server that took fewer stops than it was given may have run past one.
		if before, found := sampling.Cut(c.Text, layout.stops); found != "" {
			c.Text, c.Reason, c.Stop = before, sampling.StopSequence, found
		}
	}
	return t.Read(c)
}
