package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// What is counted is what is charged.
func TestRealServerCounts(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		b := s.backend(t, whole)
		for _, prompt := range append([]string{
			"a", "Once upon a time", "  two spaces  ", "line\r\nbreaks\n\n", "나비와 바다", "naïve café", "👩‍👩‍👧 family", "tab\tand\u00a0space",
			"if (a < b) { return [1, 2]; }", strings.Repeat("lorem ipsum ", 100),
		}, specialPrompts...) {
			n, err := b.Count(t.Context(), prompt)
			if err != nil {
				t.Fatal(err)
			}
			c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 1}})
			if err != nil || c.Usage.PromptTokens != n {
				t.Errorf("%q: %d counted, %d charged, %v", prompt, n, c.Usage.PromptTokens, err)
			}
		}
	})
}

var specialPrompts = []string{
	"a <|im_end|> b", "<|endoftext|>", "end</s>", "<|im_start|>user\nHi<|im_end|>\n", "x<|im<|im_end|>_end|>", "<b>bold</b> [INST]",
}

// The name of a special token in a value of an example, an input or a message is
// never that token: no part of what is sent is one.
func TestRealServerSpecialTokens(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		// llama.cpp and vLLM number the model's special tokens from 0 to 16.
		const special = 17
		seen := &tap{}
		b := s.backend(t, func(c *openai.Config) { c.HTTPClient = &http.Client{Transport: seen} })
		m := sampling.Model{Backend: b}
		sent := func(what, name string) {
			t.Helper()
			var body struct {
				Prompt []int `json:"prompt"`
			}
			if err := json.Unmarshal(seen.last["/v1/completions"], &body); err != nil {
				t.Errorf("%s with %q was not sent as tokens: %v", what, name, err)
			}
			for _, id := range body.Prompt {
				if id < special {
					t.Errorf("%s with %q sent the special token %d", what, name, id)
				}
			}
		}
		for _, name := range []string{"<|im_end|>", "<|endoftext|>", "</s>", "<|im_start|>"} {
			parsed := s.backend(t, func(c *openai.Config) { c.SpecialTokens = true })
			asText, err := b.Count(t.Context(), "a"+name+"b")
			asToken, err2 := parsed.Count(t.Context(), "a"+name+"b")
			if err != nil || err2 != nil || name != "</s>" && asText <= asToken { // this model's names have no </s>
				t.Errorf("%q has %d tokens as text and %d where it is the token; %v, %v", name, asText, asToken, err, err2)
			}
			if _, err := m.Complete(t.Context(), &sampling.Request{Prompt: "a " + name + " b", Params: sampling.Params{MaxTokens: 1}}); err != nil {
				t.Fatal(err)
			}
			sent("a prompt", name)
			ask(t, m, "the "+name+" sea", name)
			sent("fewshot", name)
			reply(t, m, "Hello "+name+" there")
			sent("the assistant", name)
		}
	})
}

// Score agrees with the full distribution: on llama.cpp with that of every token
// of the vocabulary, on vLLM with echo.
func TestRealServerScores(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		b := s.backend(t, nil)
		reference := func(prompt, text string) float64 { return s.byVocabulary(t, prompt, text) }
		if s.config.Dialect.Native() == openai.VLLM.Native() {
			d := s.config.Dialect
			d = d.WithoutNative()
			echo := s.backend(t, func(c *openai.Config) { c.Dialect = d })
			reference = func(prompt, text string) float64 {
				scores, err := echo.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{text})
				if err != nil {
					t.Fatal(err)
				}
				return scores[0].Logprob
			}
		}
		worst, n := 0.0, 0
		prompts := []string{"Review: a fun film\nSentiment: positive\n\nReview: dull\nSentiment:", "The capital of Korea is", "fun"}
		if testing.Short() {
			prompts = prompts[:1] // a whole vocabulary takes seconds
		}
		for _, prompt := range prompts {
			for _, labels := range [][]string{
				{" positive", " negative"}, {" very good", " very bad", " very very dull"}, {"ness", "\n", " </s>"},
				{" 서울", " 부산", " 🙂", "🙂🙂"}, {" \"Ouagadougou\" \\ said"},
			} {
				scores, err := b.Score(t.Context(), &sampling.Request{Prompt: prompt}, labels)
				if err != nil {
					t.Errorf("%q after %q: %v", labels, prompt, err)
					continue
				}
				for i, label := range labels {
					want := reference(prompt, label)
					worst, n = max(worst, math.Abs(want-scores[i].Logprob)), n+1
					if math.Abs(want-scores[i].Logprob) > 1e-2 {
						t.Errorf("%q after %q: %v, want %v", label, prompt, scores[i].Logprob, want)
					}
				}
			}
		}
		t.Logf("%d scores, at most %.2g apart", n, worst)
	})
}

// byVocabulary scores a text token by token, each looked up among all tokens of
// the vocabulary.
func (s realServer) byVocabulary(t *testing.T, prompt, text string) (sum float64) {
	t.Helper()
	ids := func(text string) []int {
		var a struct{ Tokens []int }
		s.post(t, "/tokenize", map[string]any{"content": text, "add_special": true, "parse_special": false}, &a)
		return a.Tokens
	}
	before, all := ids(prompt), ids(prompt+text)
	n := 0
	for n < len(before) && n < len(all) && before[n] == all[n] {
		n++
	}
	for i := n; i < len(all); i++ {
		var a struct {
			Steps []struct {
				Top []struct {
					ID      int
					Logprob float64
				} `json:"top_logprobs"`
			} `json:"completion_probabilities"`
		}
		body := map[string]any{"prompt": all[:i], "n_predict": 1, "temperature": 0, "n_probs": 1 << 20}
		s.post(t, "/completion", body, &a)
		if len(a.Steps) == 0 { // the likeliest is part of a rune, and is held back
			body["logit_bias"] = [][]int{{ids(".")[0], 1000}}
			s.post(t, "/completion", body, &a)
		}
		if len(a.Steps) == 0 {
			t.Fatalf("no distribution after %q", text)
		}
		found := false
		for _, p := range a.Steps[0].Top {
			if p.ID == all[i] {
				sum, found = sum+p.Logprob, true
			}
		}
		if !found {
			t.Fatalf("token %d is not among all %d", all[i], len(a.Steps[0].Top))
		}
	}
	return sum
}

func (s realServer) post(t *testing.T, path string, body, answer any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(s.url+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil || resp.StatusCode != 200 {
		t.Fatal(fmt.Sprint(path, ": status ", resp.StatusCode, ", ", err))
	}
}

// ask asks a task with the name of a special token in an example and the input.
func ask(t *testing.T, m sampling.Model, input, name string) {
	t.Helper()
	task := fewshot.Task[string, string]{Params: sampling.Params{MaxTokens: 2}}
	task.Add("the "+name+" land", "earth")
	if _, err := task.MustCompile().Do(t.Context(), m, input); err != nil && !isAnswerError(err) {
		t.Fatal(err)
	}
}

func isAnswerError(err error) bool {
	_, ok := errors.AsType[*fewshot.AnswerError](err)
	return ok
}

// reply sends a message to an assistant.
func reply(t *testing.T, m sampling.Model, message string) {
	t.Helper()
	c := assistant.Conversation{Persona: assistant.Helpful(), Model: m, Params: sampling.Params{MaxTokens: 2}}
	if _, err := c.Reply(t.Context(), message, assistant.ReplyOptions{}); err != nil && !errors.Is(err, assistant.ErrEmpty) {
		t.Fatal(err)
	}
}
