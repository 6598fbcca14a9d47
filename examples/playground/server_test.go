package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
)

// call posts JSON and returns the status and the body.
func call(h http.Handler, path, body string) (int, string) {
	r := httptest.NewRequest("POST", "http://127.0.0.1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// script puts the events of an answer into a form that a person can review.
func script(t *testing.T, answer string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(answer) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch {
		case e.Prompt != nil:
			for _, p := range e.Prompt.Parts {
				fmt.Fprintf(&b, "%-11s %q\n", p.Kind, p.Text)
			}
			fmt.Fprintf(&b, "%d tokens, %d shown, %d dropped, stops %q\n", e.Prompt.Tokens, e.Prompt.Shown, e.Prompt.Dropped, e.Prompt.Stop)
		case e.Text != nil:
			fmt.Fprintf(&b, "text        %q", e.Text.Text)
			for _, token := range e.Text.Tokens {
				fmt.Fprintf(&b, " %.2f", token.Logprob)
				for _, other := range token.Top {
					fmt.Fprintf(&b, " %q %.2f", other.Text, other.Logprob)
					if other.Refused {
						b.WriteString(" refused")
					}
				}
			}
			b.WriteByte('\n')
		case e.Beyond != "":
			fmt.Fprintf(&b, "beyond      %q\n", e.Beyond)
		case e.End != nil:
			fmt.Fprintf(&b, "end         %v %q, %d tokens read, %d drawn, %v dollars", e.End.Reason, e.End.Stop, e.End.Prompt, e.End.Completion, e.End.Cost)
			if e.End.Answer != nil {
				fmt.Fprintf(&b, ", answer %q", *e.End.Answer)
			}
			if e.End.Problem != "" {
				fmt.Fprintf(&b, ", problem %q", e.End.Problem)
			}
			if e.End.Turn != nil {
				fmt.Fprintf(&b, ", turn %q %q", e.End.Turn.User, e.End.Turn.Reply)
			}
			b.WriteByte('\n')
		case e.Error != nil:
			fmt.Fprintf(&b, "error       %q\n", e.Error.Message)
		}
	}
	return b.String()
}

// TestRun compares what each tab is answered, on the model inside the program,
// with a golden.
func TestRun(t *testing.T) {
	h := pocketServer(t)
	for _, c := range []struct{ name, path, body string }{
		{"raw", "/api/raw/run", `{"prompt":"2+2","stop":["\n"],"max_tokens":8,"temperature":1,"seed":3,"logprobs":2}`},
		{"raw-stop", "/api/raw/run", `{"prompt":"The 2024 election in Norvale was won by","stop":[","," of"],"max_tokens":30,"seed":1}`},
		{"fewshot", "/api/fewshot/run", `{"instruction":"Translate English to Korean.","pairs":[{"in":"ocean","out":"바다"},{"in":"gentle","out":"온화한"}],"shots":1,"format":"Lines","query":"teacher","max_tokens":16}`},
		{"fewshot-constrained", "/api/fewshot/run", `{"instruction":"Translate English to Korean.","pairs":[{"in":"ocean","out":"바다"},{"in":"gentle","out":"온화한"}],"shots":1,"format":"Lines","query":"teacher","max_tokens":16,"logprobs":3,"constrain":true}`},
		{"fewshot-cut", "/api/fewshot/run", `{"pairs":[],"shots":0,"format":"QA","query":"Why is the sky blue?","max_tokens":3}`},
		{"assistant", "/api/assistant/run", `{"persona":{"description":"A conversation.","examples":[[{"user":"Hello","reply":"Hello. What can I do?"}]]},"turns":[],"text":"Why is the sky blue?","max_tokens":90}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := call(h, c.path, c.body)
			if status != http.StatusOK {
				t.Fatalf("status %d: %s", status, answer)
			}
			golden.Check(t, "testdata/"+c.name+".txt", script(t, answer))
		})
	}
}

// TestRefused sends what cannot be meant. Each has a status and names the field.
func TestRefused(t *testing.T) {
	h := pocketServer(t)
	long := strings.Repeat("a", maxBody)
	for _, c := range []struct {
		name, path, body string
		want             int
		says             string
	}{
		{"no JSON", "/api/raw/run", `{"prompt"`, 400, "cannot be read"},
		{"two objects", "/api/raw/run", `{} {}`, 400, "follows the value"},
		{"a key twice", "/api/raw/run", `{"prompt":"x","prompt":"y"}`, 400, "prompt"},
		{"a key twice, in capitals", "/api/raw/run", `{"prompt":"x","PROMPT":"y"}`, 400, "PROMPT"},
		{"a key twice, within", "/api/fewshot/run", `{"pairs":[{"in":"a","in":"b","out":"c"}],"shots":1,"format":"Lines","query":"x"}`, 400, "in"},
		{"half a character", "/api/raw/run", `{"prompt":"\ud800"}`, 400, "surrogate"},
		{"a list for a number", "/api/raw/run", `{"prompt":"x","max_tokens":[]}`, 400, "max_tokens has the wrong type, array"},
		{"an unknown field", "/api/raw/run", `{"promt":"x"}`, 400, "promt"},
		{"a number for a text", "/api/raw/run", `{"prompt":3}`, 400, "prompt"},
		{"too large", "/api/raw/run", `{"prompt":"` + long + `"}`, 413, "limit of"},
		{"negative temperature", "/api/raw/run", `{"prompt":"x","temperature":-1}`, 400, "temperature is"},
		{"huge temperature", "/api/raw/run", `{"prompt":"x","temperature":1e999}`, 400, "cannot be read"},
		{"negative tokens", "/api/raw/run", `{"prompt":"x","max_tokens":-5}`, 400, "max_tokens is"},
		{"too many tokens", "/api/raw/run", `{"prompt":"x","max_tokens":100000}`, 400, "at most 4096"},
		{"top-p above 1", "/api/raw/run", `{"prompt":"x","top_p":2}`, 400, "top_p is"},
		{"an empty stop", "/api/raw/run", `{"prompt":"x","stop":[""]}`, 400, "stop[0]"},
		{"a backend that is not here", "/api/raw/run", `{"prompt":"x","backend":"openai"}`, 400, "-backend openai"},
		{"an address for a backend", "/api/raw/run", `{"prompt":"x","url":"http://evil.example"}`, 400, "url"},
		{"no query", "/api/fewshot/prompt", `{"pairs":[],"shots":0,"format":"Lines","query":""}`, 400, `"field":"input"`},
		{"a line break in Lines", "/api/fewshot/prompt", `{"pairs":[{"in":"a","out":"b"},{"in":"c","out":"d\ne"}],"shots":2,"format":"Lines","query":"x"}`, 400, `"field":"output","example":2`},
		{"more shots than pairs", "/api/fewshot/prompt", `{"pairs":[],"shots":3,"format":"Lines","query":"x"}`, 400, `"field":"shots"`},
		{"no outputs", "/api/fewshot/run", `{"pairs":[],"shots":0,"format":"Lines","query":"x","constrain":true}`, 400, `"field":"constrain"`},
		{"negative shots", "/api/fewshot/run", `{"pairs":[],"shots":-1,"format":"Lines","query":"x"}`, 400, `"field":"shots"`},
		{"no such format", "/api/fewshot/code", `{"pairs":[],"shots":0,"format":"Haiku","query":"x"}`, 400, `"field":"format"`},
		{"nothing said", "/api/assistant/run", `{"persona":{},"turns":[],"text":" "}`, 400, "user text"},
		{"names alike", "/api/assistant/run", `{"persona":{"user":"A","name":"a"},"turns":[],"text":"x"}`, 400, "names"},
		{"no such layout", "/api/assistant/prompt", `{"persona":{"layout":"haiku"},"turns":[],"text":"x"}`, 400, "haiku"},
		{"an example without a reply", "/api/assistant/run", `{"persona":{"examples":[[{"user":"x","reply":""}]]},"turns":[],"text":"x"}`, 400, "example 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := call(h, c.path, c.body)
			if status != c.want || !strings.Contains(answer, c.says) {
				t.Errorf("status %d, want %d with %q: %s", status, c.want, c.says, answer)
			}
			if name := goName.FindString(strings.ReplaceAll(answer, "PROMPT", "")); name != "" {
				t.Errorf("the page is told of %q: %s", name, answer)
			}
		})
	}
}

// goName finds what only a reader of Go knows.
var goName = regexp.MustCompile(`Go struct|json: |\b(sampling|assistant|fewshot): |\b(Params|Model|Request)\.|\b[A-Z][a-z]+[A-Z]\w*`)

// TestServerBackend looks at what reaches a server: the stop of the page cancels
// it, the page can name another model, the cost is counted, and the key is in no
// answer.
func TestServerBackend(t *testing.T) {
	asked := make(chan string, 4)
	gone := make(chan struct{}, 4)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- string(body)
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			fmt.Fprint(w, `data: {"choices":[{"index":0,"text":" on"}]}`+"\n\n")
			if http.NewResponseController(w).Flush() != nil || strings.Contains(string(body), "once") {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if r.Context().Err() != nil {
			gone <- struct{}{}
			return
		}
		fmt.Fprint(w, `data: {"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`+"\n\n"+
			`data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}}`+"\n\ndata: [DONE]\n\n")
	}))
	defer backend.Close()
	price := sampling.Price{Prompt: 4, Completion: 4}
	h := serverFor(t, &cli.Backend{Kind: "openai", URL: backend.URL + "/v1", Name: "base", Dialect: "openai"}, price)

	status, answer := call(h, "/api/raw/run", `{"prompt":"once","model":"another"}`)
	if status != 200 || !strings.Contains(answer, `"prompt_tokens":1000,"completion_tokens":500`) || !strings.Contains(answer, `"cost":0.006`) {
		t.Errorf("status %d: %s", status, answer)
	}
	if sent := <-asked; !strings.Contains(sent, `"model":"another"`) {
		t.Errorf("the server was asked %s", sent)
	}

	front := httptest.NewServer(h)
	defer front.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "POST", front.URL+"/api/raw/run", strings.NewReader(`{"prompt":"for ever"}`))
	req.Header.Set("Content-Type", "application/json")
	resp, err := front.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for _, want := range []string{`"tokens":8,"bound":true`, `" on"`} {
		if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Fatalf("%q, %v; want %s", line, err, want)
		}
	}
	cancel()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		t.Fatal("the page has left, and the server goes on")
	}

	r := httptest.NewRequest("GET", "http://127.0.0.1/api/state", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if state := w.Body.String(); strings.Contains(state, "sk-secret") || !strings.Contains(state, `{"kind":"openai","model":"base","lacks":["top_k","min_p"],"prompt_price":4,"completion_price":4},`+
		`{"kind":"pocket","model":"","lacks":null,"prompt_price":0,"completion_price":0}`) {
		t.Errorf("the state is %.300s", state)
	}

	// It sends no probabilities: the page says where not to ask for them.
	status, answer = call(h, "/api/raw/run", `{"prompt":"once","logprobs":5}`)
	if status != http.StatusBadRequest || !strings.Contains(answer, "its settings can do without") {
		t.Errorf("status %d: %s", status, answer)
	}

	backend.Close()
	status, answer = call(h, "/api/raw/run", `{"prompt":"x"}`)
	if status != http.StatusBadGateway || strings.Contains(answer, "sk-secret") || strings.Count(answer, "\n") != 1 {
		t.Errorf("status %d of a server that is gone: %s", status, answer)
	}
}

// TestTabsClosed closes pages in the middle of answers that would never end:
// nothing of them stays, neither at the backend nor here.
func TestTabsClosed(t *testing.T) {
	backend, left := endless(t)
	h := serverFor(t, &cli.Backend{Kind: "openai", URL: backend, Name: "endless"}, sampling.Price{})
	front := httptest.NewServer(h)
	defer front.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	read := func(body string, events int) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "POST", front.URL+"/api/raw/run", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(resp.Body)
		for range events {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		resp.Body.Close()
	}
	closed := func(body string) {
		for events := range 4 { // at once, after the prompt, after some text
			read(body, events)
			select {
			case <-left:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: closed after %d events, and the backend goes on", body, events)
			}
		}
	}
	closed(`{"prompt":"x"}`) // the connections to the backend that are kept are made
	before := runtime.NumGoroutine()
	closed(`{"prompt":"x"}`)
	closed(`{"prompt":"x","stop":[" on on on"]}`) // left after its stop, while the text beyond is shown
	for wait := time.Now(); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Since(wait) > 20*time.Second {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d now:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestCrowd holds as many answers open as there may be, and asks for one more.
func TestCrowd(t *testing.T) {
	m, err := newModels(&cli.Env{}, &cli.Backend{Kind: "pocket"}, sampling.Price{})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{m, make(chan struct{}, 1)}
	s.slots <- struct{}{}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/api/raw/run", strings.NewReader(`{"prompt":"x"}`))
	r.SetPathValue("act", "run")
	s.act(w, r, new(rawJob))
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("status %d", w.Code)
	}
}

// TestPresets looks whether each preset is what its tab understands.
func TestPresets(t *testing.T) {
	var all []struct {
		Name, About, Tab string
		Set              map[string]any
	}
	if err := json.Unmarshal(presets, &all); err != nil {
		t.Fatal(err)
	}
	h := pocketServer(t)
	for _, p := range all {
		t.Run(p.Name, func(t *testing.T) {
			delete(p.Set, "samples") // the page's own
			if p.Tab == "assistant" {
				p.Set["persona"] = map[string]any{}
			}
			body, err := json.Marshal(p.Set)
			if err != nil {
				t.Fatal(err)
			}
			status, answer := call(h, "/api/"+p.Tab+"/run", string(body))
			if status != 200 || !strings.Contains(answer, `"end"`) {
				t.Errorf("status %d: %s", status, answer)
			}
			if p.About == "" {
				t.Error("the page has nothing to say about it")
			}
		})
	}
}
