package chatapi

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/sampling"
)

var responsesFields = map[string]field{
	"input":             input,
	"instructions":      instructions,
	"max_output_tokens": maxTokens,
	"top_logprobs":      topLogprobs,
	"include":           include,
	"text":              textField,
	"store": func(_ *Handler, r *request, m member) *fault {
		store, f := m.flag(m.name)
		r.forget = !store
		return f
	},
}

func instructions(_ *Handler, r *request, m member) *fault {
	text, f := r.content(m, m.name)
	if text != "" {
		r.system = append([]string{text}, r.system...)
	}
	return f
}

// include reads what the answer is to have beside its text.
func include(_ *Handler, r *request, m member) *fault {
	list, f := m.texts(m.name, 16)
	for _, what := range list {
		switch what {
		case "message.output_text.logprobs":
			r.params.Logprobs = true
		case "reasoning.encrypted_content": // there is no reasoning
			r.ignore(m.name)
		default:
			return cannot(m.name, "only \"message.output_text.logprobs\" is")
		}
	}
	return f
}

// textField reads the format of the text.
func textField(h *Handler, r *request, m member) *fault {
	members, f := object(m.value, m.name)
	for _, t := range members {
		switch param := join(m.name, t.name); {
		case t.isNull():
		case t.name == "format":
			r.format = t.value
			f = responseFormat(h, r, member{param, t.value})
		case t.name == "verbosity":
			r.ignore(param)
		default:
			f = unknown(param)
		}
		if f != nil {
			return f
		}
	}
	return f
}

// A responsesWriter writes a response with one message. All events of a stream
// are numbered and named.
type responsesWriter struct {
	x        *exchange
	response response
	number   int
}

func newResponsesWriter(x *exchange) *responsesWriter {
	p := &x.request.params
	w := &responsesWriter{x: x, response: response{
		ID: "resp_" + x.id, Object: "response", CreatedAt: x.begun.Unix(), Model: x.h.config.Name,
		Status: "in_progress", Output: []outputItem{}, Metadata: map[string]string{},
		MaxOutputTokens: cmp.Or(p.MaxTokens, sampling.DefaultMaxTokens), Temperature: p.Temperature, TopP: cmp.Or(p.TopP, 1),
		Tools: []string{}, ToolChoice: "none", Truncation: "auto", Store: !x.request.forget,
	}}
	w.response.Text.Format = json.RawMessage(`{"type":"text"}`)
	if x.request.format != nil {
		w.response.Text.Format = x.request.format
	}
	return w
}

type response struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	CreatedAt          int64             `json:"created_at"`
	Status             string            `json:"status"`
	Background         bool              `json:"background"`
	Error              *string           `json:"error"`
	IncompleteDetails  *incomplete       `json:"incomplete_details"`
	Instructions       *string           `json:"instructions"`
	MaxOutputTokens    int               `json:"max_output_tokens"`
	Model              string            `json:"model"`
	Output             []outputItem      `json:"output"`
	ParallelToolCalls  bool              `json:"parallel_tool_calls"`
	PreviousResponseID *string           `json:"previous_response_id"`
	Store              bool              `json:"store"`
	Temperature        float64           `json:"temperature"`
	Text               textOptions       `json:"text"`
	ToolChoice         string            `json:"tool_choice"`
	Tools              []string          `json:"tools"`
	TopP               float64           `json:"top_p"`
	Truncation         string            `json:"truncation"`
	Usage              *responseUsage    `json:"usage"`
	Metadata           map[string]string `json:"metadata"`
}

type textOptions struct {
	Format json.RawMessage `json:"format"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

type outputItem struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Status  string       `json:"status"`
	Role    string       `json:"role"`
	Content []outputText `json:"content"`
}

type outputText struct {
	Type        string         `json:"type"`
	Text        string         `json:"text"`
	Annotations []string       `json:"annotations"`
	Logprobs    []tokenLogprob `json:"logprobs"`
}

type responseUsage struct {
	Input        int `json:"input_tokens"`
	InputDetails struct {
		Cached int `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	Output        int `json:"output_tokens"`
	OutputDetails struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	Total int `json:"total_tokens"`
}

// whole ends the response.
func (w *responsesWriter) whole() any {
	d := &w.x.drawn[0]
	item := w.item(statuses[d.finish].status)
	item.Content = append(item.Content, w.part(d.text.String(), d))
	w.response.Output = append(w.response.Output, item)
	w.response.Status = item.Status
	if !w.x.request.forget {
		w.x.h.memory.add(item.ID, d.text.String())
	}
	if reason := statuses[d.finish].reason; reason != "" {
		w.response.IncompleteDetails = &incomplete{reason}
	}
	spent := w.x.spent
	u := &responseUsage{Input: spent.prompt, Output: spent.completion, Total: spent.prompt + spent.completion}
	u.InputDetails.Cached = spent.cached
	w.response.Usage = u
	return w.response
}

var statuses = map[openai.FinishReason]struct{ status, reason string }{
	openai.FinishReasonStop:          {"completed", ""},
	openai.FinishReasonLength:        {"incomplete", "max_output_tokens"},
	openai.FinishReasonContentFilter: {"incomplete", "content_filter"},
}

func (w *responsesWriter) item(status string) outputItem {
	return outputItem{ID: "msg_" + w.x.id, Type: "message", Status: status, Role: openai.ChatMessageRoleAssistant, Content: []outputText{}}
}

// part is the text of the message, with the tokens of what has been drawn.
func (w *responsesWriter) part(text string, d *drawn) outputText {
	part := outputText{Type: "output_text", Text: text, Annotations: []string{}, Logprobs: []tokenLogprob{}}
	if d != nil && w.x.request.params.Logprobs {
		part.Logprobs = w.x.request.tokenLogprobs(d.tokens)
	}
	return part
}

// An event is one of a stream. The fields that its type does not have are nil.
type event struct {
	Type         string      `json:"type"`
	Number       int         `json:"sequence_number"`
	Response     *response   `json:"response,omitempty"`
	ItemID       string      `json:"item_id,omitempty"`
	OutputIndex  *int        `json:"output_index,omitempty"`
	ContentIndex *int        `json:"content_index,omitempty"`
	Item         *outputItem `json:"item,omitempty"`
	Part         *outputText `json:"part,omitempty"`
	Delta        *string     `json:"delta,omitempty"`
	Text         *string     `json:"text,omitempty"`
	Logprobs     any         `json:"logprobs,omitempty"`
	*errorFields             // of an error
}

type errorFields struct {
	Code    *string `json:"code"`
	Message string  `json:"message"`
	Param   *string `json:"param"`
}

// inPart says that an event is about the message's one part.
func (w *responsesWriter) inPart(e event) event {
	e.ItemID, e.OutputIndex, e.ContentIndex = "msg_"+w.x.id, new(int), new(int)
	return e
}

// send numbers and sends events.
func (w *responsesWriter) send(events ...event) error {
	for _, e := range events {
		e.Type, e.Number = "response."+e.Type, w.number
		if e.errorFields != nil {
			e.Type = "error"
		}
		w.number++
		if err := w.x.event(e.Type, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *responsesWriter) open() error {
	item, part := w.item("in_progress"), w.part("", nil)
	return w.send(
		event{Type: "created", Response: &w.response},
		event{Type: "in_progress", Response: &w.response},
		event{Type: "output_item.added", OutputIndex: new(int), Item: &item},
		w.inPart(event{Type: "content_part.added", Part: &part}),
	)
}

func (w *responsesWriter) piece(p piece) error {
	if p.text == "" && len(p.tokens) == 0 {
		return nil
	}
	part := w.part(p.text, &drawn{tokens: p.tokens})
	return w.send(w.inPart(event{Type: "output_text.delta", Delta: &part.Text, Logprobs: part.Logprobs}))
}

func (w *responsesWriter) close() error {
	w.whole()
	item := &w.response.Output[0]
	part := &item.Content[0]
	return w.send(
		w.inPart(event{Type: "output_text.done", Text: &part.Text, Logprobs: part.Logprobs}),
		w.inPart(event{Type: "content_part.done", Part: part}),
		event{Type: "output_item.done", OutputIndex: new(int), Item: item},
		event{Type: item.Status, Response: &w.response},
	)
}

func (w *responsesWriter) fault(f *fault) error {
	e := f.wire().Error
	return w.send(event{errorFields: &errorFields{Code: e.Code, Message: e.Message, Param: e.Param}})
}

// input reads a text, or a list of messages.
func input(h *Handler, r *request, m member) *fault {
	if text, f := m.text(m.name); f == nil {
		message, err := json.Marshal(map[string]string{"role": openai.ChatMessageRoleUser, "content": text})
		if err != nil {
			return badField(m.name, "is not text: %v", err)
		}
		m.value = fmt.Appendf(nil, "[%s]", message)
	}
	return messages(h, r, m)
}
