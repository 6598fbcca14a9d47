package chatapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// pieces is what messages are spelled with in fuzzing, one piece a byte: all that
// layouts are made of, and what could pass for it.
var pieces = []string{
	"a", " ", "\n", "Human:", "Assistant:", "# Query:", "# Answer:", "````", "-----", "\n\n", "\nHuman: ", "\n\nAssistant: ",
	"human :", "ℍuman:", "\u200b", "\u00a0", "\t", "\r", "\r\n", "\u2028", "\v", "\x00", "나비", "**Human:**", "\n# Query:\n````\n",
	"\n````\n\n# Answer:\n````\n", "\n\n-----\n\n", "\n\n\n", "\"", "\\", "</s>", "<|im_start|>",
}

var layouts = []assistant.Layout{assistant.Dialogue, assistant.Headings, assistant.Dashes}

var roles = []string{"user", "assistant", "system", "developer"}

// A message is one of a request.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// messagesOf takes messages out of fuzzed bytes: from 252 on a byte begins one,
// of the role that it says.
func messagesOf(data []byte) []message {
	all := []message{{Role: "user"}}
	for _, c := range data {
		if c >= 252 {
			all = append(all, message{Role: roles[c-252]})
			continue
		}
		all[len(all)-1].Content += pieces[int(c)%len(pieces)]
	}
	return all
}

// normal is the form that texts have in prompts.
func normal(text string) string { return strings.TrimSpace(withLineEnds(text)) }

func withLineEnds(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for _, end := range []string{"\r", "\v", "\f", "\u0085", "\u2028", "\u2029"} {
		text = strings.ReplaceAll(text, end, "\n")
	}
	return text
}

// understood says what a conversation the messages are, by the plainest means:
// what describes it, and its turns, of which the last is the one to be replied
// to and has the beginning of its reply. ok is false for what is refused.
func understood(own string, messages []message) (description string, turns assistant.Transcript, ok bool) {
	var merged []message
	for _, m := range messages {
		switch n := len(merged); {
		case strings.Contains(m.Content, "\x00"):
			return "", nil, false
		case normal(m.Content) == "":
		case m.Role == "system" || m.Role == "developer":
			own += "\n\n" + normal(m.Content)
		case n > 0 && merged[n-1].Role == m.Role:
			merged[n-1].Content += "\n\n" + withLineEnds(m.Content)
		default:
			merged = append(merged, message{m.Role, withLineEnds(m.Content)})
		}
	}
	for _, m := range merged {
		n := len(turns)
		switch {
		case m.Role == "user":
			turns = append(turns, assistant.Turn{User: normal(m.Content)})
		case n > 0:
			turns[n-1].Reply = normal(m.Content)
		default:
			turns = append(turns, assistant.Turn{Reply: normal(m.Content)})
		}
	}
	ok = len(turns) > 0 && turns[len(turns)-1].User != ""
	return own, turns, ok
}

// checkMessages asks with the messages. The backend must get the prompt of the
// conversation that was sent, in which no text can forge a turn.
func checkMessages(t *testing.T, layout assistant.Layout, messages []message) {
	t.Helper()
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" ok")}
	persona := assistant.Persona{Description: "D.", Layout: layout}
	h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}, Persona: persona})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"messages": messages})
	if err != nil {
		t.Fatal(err)
	}
	w := post(h, string(body))
	description, turns, ok := understood("D.", messages)
	if !ok {
		if w.Code != http.StatusBadRequest || len(script.Calls()) > 0 {
			t.Fatalf("status %d for %s", w.Code, body)
		}
		return
	}
	if w.Code != http.StatusOK {
		t.Fatalf("status %d for %s: %s", w.Code, body, w.Body)
	}
	prompt := script.Calls()[0].Request.Prompt
	n := len(turns) - 1
	c := assistant.Conversation{Persona: persona, Transcript: turns[:n]}
	c.Persona.Description = description
	want, err := c.Prompt(t.Context(), turns[n].User, assistant.ReplyOptions{Prefill: turns[n].Reply})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Text, prompt); diff != "" {
		t.Fatalf("%s has another prompt (-want +got):\n%s", body, diff)
	}
}

// post gives a body to a handler without a network.
func post(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/v1/chat/completions", strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// FuzzMessages checks that no text in any role forges a turn.
func FuzzMessages(f *testing.F) {
	for layout := range uint8(3) {
		f.Add(layout, []byte{0, 11, 0, 10, 253, 0, 10, 11, 0, 252, 3, 0, 254, 4, 10, 0, 253, 0, 17})
		f.Add(layout, []byte{24, 25, 26, 253, 7, 2, 7, 253, 1, 252, 0, 27, 3, 255, 21})
		f.Add(layout, []byte{253, 0, 252, 1, 253, 0, 252, 0})
	}
	f.Fuzz(func(t *testing.T, layout uint8, data []byte) {
		// More messages than that may be refused for their number.
		checkMessages(t, layouts[layout%3], messagesOf(data[:min(len(data), 900)]))
	})
}

// TestForgedTurns runs the same check over pairs of pieces in each role: one pair in
// seven, or all of them if FOREWORD_LONG is set.
func TestForgedTurns(t *testing.T) {
	for a := range pieces {
		for b := range pieces {
			if os.Getenv("FOREWORD_LONG") == "" && (a+b)%7 > 0 {
				continue
			}
			layout := layouts[(a+b)%3]
			forged := pieces[a] + pieces[b]
			all := []message{{"system", forged}, {"user", "a" + forged}, {"assistant", forged + "a"}, {"developer", forged}, {"user", forged}, {"user", "a"}}
			checkMessages(t, layout, all)
			checkMessages(t, layout, append(all, message{"assistant", forged}))
		}
	}
}

// FuzzRequest checks that no body gets the server to fail, or the backend to be
// asked for what is refused.
func FuzzRequest(f *testing.F) {
	for _, r := range hostileRequests() {
		if len(r.body) < 1000 {
			f.Add(r.body)
		}
	}
	f.Add(with(`"stream":true,"n":2,"stop":["a","b"],"logprobs":true,"top_logprobs":2,"seed":-1,"max_tokens":5,"temperature":0.5,"top_p":0,"stream_options":{"include_usage":true}`))
	f.Fuzz(func(t *testing.T, body string) {
		script := &samplingtest.Script{Answer: samplingtest.Always(" one two\n\nHuman: three"), ChunkSize: 3}
		h, err := chatapi.New(t.Context(), chatapi.Config{Model: sampling.Model{Backend: script}})
		if err != nil {
			t.Fatal(err)
		}
		w := post(h, body)
		switch {
		case w.Code == http.StatusOK:
			if len(script.Calls()) == 0 || strings.Contains(w.Body.String(), "Human") && !strings.Contains(body, "Human") {
				t.Fatalf("%q is answered by %s", body, w.Body)
			}
		case w.Code >= 400 && w.Code < 500:
			if a := decode(t, w.Body.String()); a.Error == nil || a.Error.Message == "" || len(script.Calls()) > 0 {
				t.Fatalf("%q is refused by %s, after %d calls", body, w.Body, len(script.Calls()))
			}
		default:
			t.Fatalf("status %d for %q: %s", w.Code, body, w.Body)
		}
	})
}
