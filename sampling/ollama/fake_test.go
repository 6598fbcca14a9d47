package ollama_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A fake is an Ollama server with the tiny model. It does what version 0.17.4
// was seen to do: it cuts prompts from the head unless it is told not to, has
// defaults that colour a sample, looks for stop sequences after each token and
// in the order in which they were named, holds back what may become one, and
// takes num_predict 0 for no limit.
type fake struct {
	version      string // "" has no /api/version
	architecture string // "" is llama
	trained      int    // the context that the model was trained with; 0 is 512
	mute         bool   // ignores logprobs, as versions before 0.12.11 do
	parameters   string // of the Modelfile

	mu       sync.Mutex
	requests []string // bodies of /api/generate
	paths    []string
}

func (f *fake) start(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL
}

// asked returns how often a path was asked for.
func (f *fake) asked(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.paths {
		if p == path {
			n++
		}
	}
	return n
}

// question is what a request for a continuation holds. The pointers tell an
// absent field, for which there is a default, from a zero.
type question struct {
	Model, Prompt    string
	Raw              bool
	Stream, Truncate *bool
	Shift, Think     *bool
	Logprobs         bool
	TopLogprobs      int `json:"top_logprobs"`
	System, Template string
	Options          struct {
		NumPredict       *int     `json:"num_predict"`
		NumCtx           *int     `json:"num_ctx"`
		Temperature      *float64 `json:"temperature"`
		TopK             *int     `json:"top_k"`
		TopP             *float64 `json:"top_p"`
		MinP             *float64 `json:"min_p"`
		RepeatPenalty    *float64 `json:"repeat_penalty"`
		FrequencyPenalty float64  `json:"frequency_penalty"`
		PresencePenalty  float64  `json:"presence_penalty"`
		Seed             *int64   `json:"seed"`
		Stop             []string `json:"stop"`
	}
}

func or[T any](p *T, otherwise T) T {
	if p != nil {
		return *p
	}
	return otherwise
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.paths = append(f.paths, r.URL.Path)
	f.mu.Unlock()
	architecture := cmp.Or(f.architecture, "llama")
	switch {
	case r.URL.Path == "/api/version" && f.version != "":
		fmt.Fprintf(w, `{"version":%q}`, f.version)
	case r.URL.Path == "/api/show":
		tokens := ""
		if strings.Contains(string(body), `"verbose":true`) {
			tokens = `,"tokenizer.ggml.tokens":["<unk>","<s>","</s>"," dog","<b>"],"tokenizer.ggml.token_type":[2,3,3,1,4]`
		}
		fmt.Fprintf(w, `{"parameters":%q,"model_info":{"general.architecture":%q,"%s.context_length":%d%s}}`,
			f.parameters, architecture, architecture, cmp.Or(f.trained, 512), tokens)
	case r.URL.Path == "/api/tags":
		fmt.Fprint(w, `{"models":[{"name":"other:latest","digest":"ffff"},{"name":"tiny:latest","digest":"0123456789abcdef"}]}`)
	case r.URL.Path == "/api/generate":
		f.mu.Lock()
		f.requests = append(f.requests, string(body))
		f.mu.Unlock()
		f.generate(w, r, body)
	default:
		http.NotFound(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": words})
}

func (f *fake) generate(w http.ResponseWriter, r *http.Request, body []byte) {
	var q question
	switch err := json.Unmarshal(body, &q); {
	case err != nil:
		refuse(w, 400, err.Error())
		return
	case q.Model != "tiny":
		refuse(w, 404, fmt.Sprintf("model '%s' not found", q.Model))
		return
	case q.Prompt == "":
		io.WriteString(w, `{"model":"tiny","response":"","done":true,"done_reason":"load"}`)
		return
	case !q.Raw:
		q.Prompt = "### User: " + q.Prompt + "\n### Assistant:"
	}
	window := min(or(q.Options.NumCtx, 64), cmp.Or(f.trained, 512))
	ids := append([]int{bos}, tokenize(q.Prompt)...)
	if len(ids) > window {
		if !or(q.Truncate, true) {
			refuse(w, 400, "the input length exceeds the context length")
			return
		}
		ids = slices.Delete(ids, 1, 1+len(ids)-window)
	}
	a := &reply{w: w, q: &q, probabilities: q.Logprobs && !f.mute, stream: or(q.Stream, true)}
	a.end.PromptEvalCount = len(ids)
	o := &q.Options
	decoder := sampling.NewDecoder(&sampling.Request{Params: sampling.Params{
		Temperature: or(o.Temperature, 0.8), TopK: or(o.TopK, 40), TopP: or(o.TopP, 0.9), MinP: or(o.MinP, 0.05),
		RepetitionPenalty: or(o.RepeatPenalty, 1.1), FrequencyPenalty: o.FrequencyPenalty, PresencePenalty: o.PresencePenalty,
		Seed: uint64(or(o.Seed, -1)),
	}}, ids, nil)
	limit, slides := or(o.NumPredict, 0), or(q.Shift, true)
	for reason := ""; reason == ""; {
		if r.Context().Err() != nil {
			return
		}
		candidates := distribution(ids)
		id, _ := decoder.Next(slices.Clone(candidates))
		ids = append(ids, id)
		a.end.EvalCount++
		switch {
		case id == eos || a.add(id, candidates):
			reason = "stop"
		case limit > 0 && a.end.EvalCount >= limit, !slides && len(ids) > window:
			reason = "length"
		}
		if reason != "" {
			a.finish(reason)
		}
	}
}

// A reply is one continuation on its way.
type reply struct {
	w             http.ResponseWriter
	q             *question
	stream        bool
	probabilities bool
	pieces        []string // not given out yet
	held          []probability
	end           lineOut
}

type lineOut struct {
	Model           string        `json:"model"`
	Response        string        `json:"response"`
	Done            bool          `json:"done"`
	DoneReason      string        `json:"done_reason,omitempty"`
	PromptEvalCount int           `json:"prompt_eval_count,omitempty"`
	EvalCount       int           `json:"eval_count,omitempty"`
	Logprobs        []probability `json:"logprobs,omitempty"`
}

// add takes the next token. It reports whether a stop sequence completed.
func (a *reply) add(id int, logits []sampling.Candidate) (stopped bool) {
	a.pieces = append(a.pieces, vocabulary[id])
	if a.probabilities {
		a.held = append(a.held, probabilities(id, logits, a.q.TopLogprobs))
	}
	pending := strings.Join(a.pieces, "")
	for _, stop := range a.q.Options.Stop {
		if before, _, found := strings.Cut(pending, stop); found {
			a.keep(len(before))
			return true
		}
	}
	for _, stop := range a.q.Options.Stop {
		for k := 1; k < len(stop); k++ {
			if strings.HasSuffix(pending, stop[:k]) {
				return false
			}
		}
	}
	if n := len(pending) - 1; pending[n] >= utf8.RuneSelf && !utf8.FullRuneInString(pending[n:]) {
		return false // more of the rune may come
	}
	a.flush()
	return false
}

// keep leaves the first n bytes of what is pending, with the tokens that they
// touch.
func (a *reply) keep(n int) {
	for i, piece := range a.pieces {
		if n <= len(piece) {
			a.pieces[i] = piece[:n]
			if n > 0 {
				i++
			}
			a.pieces = a.pieces[:i]
			a.held = a.held[:min(i, len(a.held))]
			return
		}
		n -= len(piece)
	}
}

func (a *reply) flush() {
	text := strings.Join(a.pieces, "")
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	switch {
	case text == "":
	case a.stream:
		a.write(lineOut{Response: text, Logprobs: a.held})
	default:
		a.end.Response += text
		a.end.Logprobs = append(a.end.Logprobs, a.held...)
	}
	a.pieces, a.held = nil, nil
}

func (a *reply) finish(reason string) {
	a.flush()
	a.end.Done, a.end.DoneReason = true, reason
	a.write(a.end)
}

func (a *reply) write(line lineOut) {
	line.Model = "tiny"
	json.NewEncoder(a.w).Encode(line)
	a.w.(http.Flusher).Flush()
}
