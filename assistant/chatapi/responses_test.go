package chatapi_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// A responseAnswer is what the tests read of a response.
type responseAnswer struct {
	Instructions       any
	ID, Object, Status string
	Incomplete         *struct{ Reason string } `json:"incomplete_details"`
	Output             []struct {
		ID, Type, Status, Role string
		Content                []struct {
			Type, Text string
			Logprobs   []struct {
				Token string
				Top   []struct{ Token string } `json:"top_logprobs"`
			}
		}
	}
	Usage *struct {
		Input  int `json:"input_tokens"`
		Output int `json:"output_tokens"`
		Total  int `json:"total_tokens"`
	}
}

// A responseEvent is one event of a streamed response.
type responseEvent struct {
	Type     string
	Number   int `json:"sequence_number"`
	Response *responseAnswer
	ItemID   string `json:"item_id"`
	Delta    string
	Text     string
	Code     string
}

// respond posts a body and returns the response, and the events of the same
// request streamed.
func (s *server) respond(t *testing.T, body string) (responseAnswer, []responseEvent) {
	t.Helper()
	status, text := s.postTo(t, "/v1/responses", body)
	var a responseAnswer
	if err := json.Unmarshal([]byte(text), &a); status != 200 || err != nil {
		t.Fatalf("%s: %d %s", body, status, text)
	}
	_, all := s.postTo(t, "/v1/responses", strings.TrimSuffix(body, "}")+`,"stream":true}`)
	return a, readEvents(t, all)
}

func readEvents(t *testing.T, all string) (events []responseEvent) {
	t.Helper()
	for block := range strings.SplitSeq(strings.TrimSuffix(all, "\n\n"), "\n\n") {
		name, data, _ := strings.Cut(block, "\n")
		var e responseEvent
		if err := json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &e); err != nil || name != "event: "+e.Type || e.Number != len(events) {
			t.Fatalf("%v in %q", err, block)
		}
		events = append(events, e)
	}
	return events
}

// TestResponses checks what becomes of the input, whole and streamed.
func TestResponses(t *testing.T) {
	persona := assistant.Persona{Description: "Own."}
	for _, tt := range []struct {
		name, body string
		reply      samplingtest.Reply
		prompt     string
		text       string
		status     string
		reason     string
	}{
		{"a text", `{"input":"Hi?"}`, samplingtest.Reply{Text: " Yes.\n\nHuman: b"}, "Own.\n\nHuman: Hi?\n\nAssistant:", "Yes.", "completed", ""},
		{"instructions", `{"input":"Hi?","instructions":"Be kind."}`, samplingtest.Reply{Text: " Yes."}, "Own.\n\nBe kind.\n\nHuman: Hi?\n\nAssistant:", "Yes.", "completed", ""},
		{"messages", `{"input":[{"role":"developer","content":"D."},{"type":"message","role":"user","content":[{"type":"input_text","text":"A?"}]},
			{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"},
			{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"B.","annotations":[],"logprobs":[]}]},
			{"role":"user","content":"C?"}],"instructions":"I."}`,
			samplingtest.Reply{Text: " Yes."}, "Own.\n\nI.\n\nD.\n\nHuman: A?\n\nAssistant: B.\n\nHuman: C?\n\nAssistant:", "Yes.", "completed", ""},
		{"habits", `{"input":"Hi?","store":true,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"auto","background":false,
			"reasoning":{"effort":"low"},"text":{"format":{"type":"text"},"verbosity":"low"},"include":["reasoning.encrypted_content"],"metadata":{},
			"max_output_tokens":32000,"previous_response_id":null,"model":"","stream_options":{"include_obfuscation":false}}`,
			samplingtest.Reply{Text: " Yes."}, "Own.\n\nHuman: Hi?\n\nAssistant:", "Yes.", "completed", ""},
		{"the limit", `{"input":"Hi?"}`, samplingtest.Reply{Text: " Yes", Reason: sampling.TokenLimit}, "Own.\n\nHuman: Hi?\n\nAssistant:", "Yes", "incomplete", "max_output_tokens"},
		{"a filter", `{"input":"Hi?"}`, samplingtest.Reply{Text: " Yes", Reason: sampling.Filtered}, "Own.\n\nHuman: Hi?\n\nAssistant:", "Yes", "incomplete", "content_filter"},
		{"nothing", `{"input":"Hi?"}`, samplingtest.Reply{}, "Own.\n\nHuman: Hi?\n\nAssistant:", "", "completed", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script := &samplingtest.Script{Answer: samplingtest.Always(tt.reply), ChunkSize: 2}
			s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Persona: persona})
			a, events := s.respond(t, tt.body)
			if got := script.Calls()[0].Request.Prompt; got != tt.prompt {
				t.Errorf("prompt %q, want %q", got, tt.prompt)
			}
			check := func(a *responseAnswer) {
				t.Helper()
				reason := ""
				if a.Incomplete != nil {
					reason = a.Incomplete.Reason
				}
				if a.Object != "response" || a.Status != tt.status || reason != tt.reason || a.Output[0].Content[0].Text != tt.text ||
					a.Output[0].Status != tt.status || a.Output[0].Role != "assistant" || a.Usage.Total != a.Usage.Input+a.Usage.Output {
					t.Errorf("%+v", a)
				}
				if text, _ := a.Instructions.(string); !strings.Contains(tt.prompt, text) || (text == "") == strings.Contains(tt.body, `"instructions"`) {
					t.Errorf("the response tells the instructions %v", a.Instructions)
				}
			}
			check(&a)
			var types []string
			streamed := ""
			for _, e := range events {
				streamed += e.Delta
				if name := strings.TrimPrefix(e.Type, "response."); len(types) == 0 || types[len(types)-1] != name {
					types = append(types, name)
				}
				if e.Type == "response.output_text.done" && e.Text != tt.text {
					t.Errorf("%+v", e)
				}
			}
			want := "created in_progress output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done " + tt.status
			if tt.text == "" {
				want = strings.Replace(want, "output_text.delta ", "", 1)
			}
			if got := strings.Join(types, " "); got != want || streamed != tt.text {
				t.Errorf("events %s; text %q", got, streamed)
			}
			last := events[len(events)-1]
			check(last.Response)
			if first := events[0].Response; first.Status != "in_progress" || first.ID != last.Response.ID || len(first.Output) != 0 {
				t.Errorf("began with %+v", first)
			}
		})
	}
}

func TestResponseLogprobs(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful()})
	a, _ := s.respond(t, `{"input":"Why is the sky blue?","include":["message.output_text.logprobs"],"top_logprobs":2,"max_output_tokens":8}`)
	part := a.Output[0].Content[0]
	var joined strings.Builder
	for _, token := range part.Logprobs {
		joined.WriteString(token.Token)
		if len(token.Top) == 0 || len(token.Top) > 2 {
			t.Errorf("%+v", token)
		}
	}
	if part.Text == "" || strings.TrimSpace(joined.String()) != part.Text {
		t.Errorf("tokens %q of %q", joined.String(), part.Text)
	}
}

// TestResponseBreaks has a backend that fails after it has begun: the last event
// is an error, and the response is not completed.
func TestResponseBreaks(t *testing.T) {
	s := serveScript(t, &samplingtest.Script{Answer: samplingtest.InTurn(samplingtest.Reply{
		Text: " one two three", Err: &sampling.Error{Backend: "b", Status: 500, Err: errors.New(secretText)},
	}), ChunkSize: 4})
	_, all := s.postTo(t, "/v1/responses", `{"input":"a","stream":true}`)
	events := readEvents(t, all)
	if last := events[len(events)-1]; last.Type != "error" || last.Code != "bad_gateway" || strings.Contains(all, "response.completed") || strings.Contains(all, secretText) {
		t.Errorf("%s", all)
	}
}

// TestResponseReferences sends back the id of a message in place of its text. A
// response that is not stored is not remembered.
func TestResponseReferences(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always(" B.")}
	s := serveScript(t, script)
	for store, want := range map[string]int{"true": 200, "false": 400, "null": 200} {
		_, text := s.postTo(t, "/v1/responses", `{"input":"A?","store":`+store+`}`)
		var a responseAnswer
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		status, text := s.postTo(t, "/v1/responses", `{"input":[{"role":"user","content":"A?"},{"type":"item_reference","id":"`+a.Output[0].ID+`"},{"role":"user","content":"C?"}]}`)
		calls := script.Calls()
		prompt := calls[len(calls)-1].Request.Prompt
		if status != want || status == 200 && prompt != "Human: A?\n\nAssistant: B.\n\nHuman: C?\n\nAssistant:" {
			t.Errorf("store %s: %d %s %q", store, status, text, prompt)
		}
	}
}
