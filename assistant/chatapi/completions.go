package chatapi

import (
	"unicode/utf8"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

var completionsFields = map[string]field{
	"prompt": func(h *Handler, r *request, m member) (f *fault) {
		if r.prompts, f = m.texts(m.name, h.limits.Choices); f == nil && len(r.prompts) == 0 {
			f = badField(m.name, "is empty")
		}
		return f
	},
	"n":          choices,
	"max_tokens": maxTokens,
	"logprobs": func(_ *Handler, r *request, m member) *fault {
		if on, f := m.flag(m.name); f == nil { // AI clients send false for none
			r.params.Logprobs = on
			return nil
		}
		r.params.Logprobs = true
		return topLogprobs(nil, r, m)
	},
	"response_format": responseFormat,
}

// A completionsWriter writes completions of raw prompts.
type completionsWriter struct {
	x       *exchange
	offsets []int // of the next token of each choice, in characters
}

func (w *completionsWriter) whole() any {
	answer := w.x.completion("cmpl-", "text_completion")
	for i := range w.x.drawn {
		d := &w.x.drawn[i]
		answer.Choices = append(answer.Choices, textChoice{d.text.String(), i, w.logprobs(i, d.tokens), d.finish})
	}
	answer.Usage = w.x.spent.wire()
	return answer
}

func (w *completionsWriter) open() error { return nil }

func (w *completionsWriter) piece(p piece) error {
	if p.text == "" && len(p.tokens) == 0 && p.finish == "" {
		return nil
	}
	chunk := w.x.completion("cmpl-", "text_completion")
	chunk.Choices = append(chunk.Choices, textChoice{p.text, p.index, w.logprobs(p.index, p.tokens), p.finish})
	return w.x.event("", chunk)
}

func (w *completionsWriter) close() error {
	return w.x.done(w.x.completion("cmpl-", "text_completion"))
}

func (w *completionsWriter) fault(f *fault) error { return w.x.event("", f.wire()) }

type textChoice struct {
	Text         string              `json:"text"`
	Index        int                 `json:"index"`
	Logprobs     *textLogprobs       `json:"logprobs"`
	FinishReason openai.FinishReason `json:"finish_reason"` // "" is null
}

type textLogprobs struct {
	Tokens  []string             `json:"tokens"`
	Token   []float64            `json:"token_logprobs"`
	Top     []map[string]float64 `json:"top_logprobs"`
	Offsets []int                `json:"text_offset"`
}

// logprobs writes the log probabilities of the next tokens of a choice.
func (w *completionsWriter) logprobs(index int, tokens []sampling.Token) *textLogprobs {
	if !w.x.request.params.Logprobs {
		return nil
	}
	l := &textLogprobs{[]string{}, []float64{}, []map[string]float64{}, []int{}}
	for _, t := range tokens {
		top := map[string]float64{}
		for _, a := range t.Top {
			if at, ok := top[a.Text]; !ok || a.Logprob > at { // tokens of one text: the likelier
				top[a.Text] = finite(a.Logprob)
			}
		}
		l.Tokens = append(l.Tokens, t.Text)
		l.Token = append(l.Token, finite(t.Logprob))
		l.Top = append(l.Top, top)
		l.Offsets = append(l.Offsets, w.offsets[index])
		w.offsets[index] += utf8.RuneCountInString(t.Text)
	}
	return l
}
