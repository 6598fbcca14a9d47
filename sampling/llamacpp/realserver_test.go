package llamacpp_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
	"github.com/foreword-go/foreword/sampling/openai"
)

// server returns llama.cpp's server with the same model as the tests have.
// FOREWORD_LLAMACPP_URL gives its address, up to /v1.
func server(t *testing.T, cache bool) *openai.Backend {
	t.Helper()
	url := os.Getenv("FOREWORD_LLAMACPP_URL")
	if url == "" {
		t.Skip("FOREWORD_LLAMACPP_URL does not name a server: see .ci/real-servers")
	}
	b, err := openai.New(openai.Config{BaseURL: url, Dialect: openai.LlamaCpp, Model: "any", NoPromptCache: !cache})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var prompts = []string{
	"The capital of France is", "Once upon a time", "Water boils at", "def add(a, b):", "1, 2, 3, 4,",
	"The opposite of hot is", "butterfly: papillon\nocean:", "Dear Sir or Madam,", "In 1969, the first man", "A recipe for bread:\n\n1.",
	"Q: What is a cat?\nA:", "The sun rises in the", "Roses are red,", "The largest planet is", "She opened the door and",
	"To be or not to be,", "Newton's first law says that", "List of colours: red,", "The dog and the cat", "Yesterday I went to",
}

// TestRealServerGreedy compares greedy answers, token for token. The server is
// another build of llama.cpp and rounds differently, so one answer in ten may
// part where two tokens are almost equally likely.
func TestRealServerGreedy(t *testing.T) {
	there := sampling.Model{Backend: server(t, false)}
	here := sampling.Model{Backend: open(t, llamacpp.Config{})}
	alike := 0
	for _, prompt := range prompts {
		req := &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 24, Logprobs: true, TopLogprobs: 2}}
		a, err := here.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := there.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for at < min(len(a.Tokens), len(b.Tokens)) && a.Tokens[at].Text == b.Tokens[at].Text {
			at++
		}
		switch {
		case at == len(a.Tokens) && at == len(b.Tokens) && a.Text == b.Text && a.Reason == b.Reason:
			alike++
		case at == len(a.Tokens) || a.Tokens[at].Top[0].Logprob-a.Tokens[at].Top[1].Logprob > 0.1:
			t.Errorf("%q: %q, and %q on the server", prompt, a.Text, b.Text)
		}
	}
	t.Logf("%d of %d answers are alike", alike, len(prompts))
	if alike < len(prompts)*9/10 {
		t.Error("these are too few")
	}
}

// TestRealServerScore scores ten labels after a few-shot prompt of 1,000 tokens,
// in the process and by the server, which takes a request for each label. Each
// prompt begins in its own way, so that no cache knows it.
func TestRealServerScore(t *testing.T) {
	labels := []string{" positive", " negative", " neutral", " mixed", " angry", " joyful", " sad", " bored", " surprised", " afraid"}
	cached, anew := server(t, true), server(t, false)
	m := open(t, llamacpp.Config{Threads: 1})
	request := func(name string) *sampling.Request {
		var b strings.Builder
		fmt.Fprintf(&b, "%s, %v\n\n", name, time.Now())
		for i := range 42 {
			fmt.Fprintf(&b, "Review: The soup number %d arrived cold and the waiter never came back.\nSentiment:%s\n\n", i, labels[i%len(labels)])
		}
		return &sampling.Request{Prompt: b.String() + "Review: I loved every page.\nSentiment:"}
	}
	score := func(s sampling.Scorer, req *sampling.Request) ([]sampling.Score, time.Duration) {
		t.Helper()
		began := time.Now()
		scores, err := s.Score(t.Context(), req, labels)
		if err != nil {
			t.Fatal(err)
		}
		return scores, time.Since(began)
	}
	req := request("In the process")
	n, err := m.Count(t.Context(), req.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	before := m.Decoded()
	here, cold := score(m, req)
	first, inLabels := m.Decoded()-before, 0
	for _, s := range here {
		inLabels += len(s.Tokens)
	}
	_, warm := score(m, req)
	again := m.Decoded() - before - first
	t.Logf("%d tokens in the prompt and %d in the labels: %d decoded, and %d when asked again", n, inLabels, first, again)
	// The last token of a label is not read, and that of the prompt once for each
	// label that begins while it is read.
	if most := int64(n + inLabels + len(labels)); first > most || again > int64(inLabels+len(labels)) {
		t.Errorf("%d and %d tokens were decoded; at most %d are needed", first, again, most)
	}
	_, slow := score(anew, request("Without a cache"))
	_, theirs := score(cached, request("With a cache"))
	_, once := score(cached, req)
	there, theirsWarm := score(cached, req)
	t.Logf("a new prompt: %v here; on the server %v, %.1f times as long, and %v, %.1f times, without its prompt cache", cold, theirs, ratio(theirs, cold), slow, ratio(slow, cold))
	t.Logf("a known prompt: %v here; on the server %v, %.1f times as long (%v when it was new)", warm, theirsWarm, ratio(theirsWarm, warm), once)
	for i := range labels {
		if math.Abs(here[i].Logprob-there[i].Logprob) > 0.3 {
			t.Errorf("%q: %.3f here and %.3f on the server", labels[i], here[i].Logprob, there[i].Logprob)
		}
	}
	best := func(scores []sampling.Score) int {
		return slices.IndexFunc(scores, func(s sampling.Score) bool {
			return s.Logprob == slices.MaxFunc(scores, func(a, b sampling.Score) int {
				return int(math.Copysign(1, a.Logprob-b.Logprob))
			}).Logprob
		})
	}
	if best(here) != best(there) {
		t.Errorf("%q here and %q on the server", labels[best(here)], labels[best(there)])
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
