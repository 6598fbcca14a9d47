package assistant_test

import (
	"os"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

const sky = "Why is the sky blue?"

// questions counts the lines of text that ask something.
func questions(text string) (n int) {
	for line := range strings.Lines(text) {
		if strings.HasSuffix(strings.TrimSpace(line), "?") {
			n++
		}
	}
	return n
}

// long is set in CI: exhaustive tests, and more repetitions.
var long = os.Getenv("FOREWORD_LONG") != ""

// With the persona the question is answered; without it a base model goes on
// with more questions, as the pages do on which it has read this one.
func TestSkyOnPocket(t *testing.T) {
	m := sampling.Model{Backend: pocket.Default()}
	seeds := 5
	if long {
		seeds = 20
	}
	for _, temperature := range []float64{0, 0.7, 1} {
		answered, asked := 0, 0
		for seed := range uint64(seeds) {
			params := sampling.Params{Seed: seed + 1, Temperature: temperature}
			c := assistant.Conversation{Model: m, Persona: assistant.Helpful(), Params: params}
			reply, err := c.Reply(t.Context(), sky, assistant.ReplyOptions{})
			if err != nil {
				t.Error(err)
			}
			if questions(reply) == 0 && strings.Contains(reply, "light") {
				answered++
			} else {
				t.Logf("temperature %v, seed %d: with the persona %q", temperature, seed+1, reply)
			}
			bare, err := m.Complete(t.Context(), &sampling.Request{Prompt: sky, Params: params})
			if err != nil {
				t.Error(err)
			}
			if questions(bare.Text) >= 3 {
				asked++
			} else {
				t.Logf("temperature %v, seed %d: without %q", temperature, seed+1, bare.Text)
			}
		}
		t.Logf("temperature %v: answered %d times of %d with the persona; more questions %d times of %d without", temperature, answered, seeds, asked, seeds)
		if answered < seeds*9/10 || asked < seeds*9/10 {
			t.Errorf("temperature %v: answered %d times, more questions %d times of %d", temperature, answered, asked, seeds)
		}
	}
}

// A conversation of three turns keeps to one turn each, though the model would
// go on: every reply was ended by a stop.
func TestThreeTurnsOnPocket(t *testing.T) {
	paris, seeds := 0, 5
	if long {
		seeds = 20
	}
	for seed := range uint64(seeds) {
		c := assistant.Conversation{
			Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful(),
			Params: sampling.Params{Seed: seed + 1, Temperature: 0.7},
		}
		for _, question := range []string{sky, "And why is the sea blue?", "What is the capital of France?"} {
			reply, stopped := "", false
			for chunk, err := range c.Stream(t.Context(), question, assistant.ReplyOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				reply += chunk.Text
				stopped = chunk.Reason == sampling.StopSequence
			}
			if strings.Contains(reply, "Human:") || strings.Contains(reply, "Assistant:") || reply == "" {
				t.Errorf("seed %d: %q is answered by %q", seed+1, question, reply)
			}
			if !stopped {
				t.Logf("seed %d: the model itself ended %q", seed+1, reply)
			}
			if strings.Contains(reply, "Paris") {
				paris++
			}
		}
		if len(c.Transcript) != 3 {
			t.Errorf("%d turns", len(c.Transcript))
		}
	}
	if paris < seeds*9/10 {
		t.Errorf("Paris was the answer %d times of %d", paris, seeds)
	}
}

func TestCodeOnPocket(t *testing.T) {
	c := assistant.Conversation{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful()}
	reply, err := c.Reply(t.Context(), "How can I count how often each word occurs in a text?", assistant.ReplyOptions{})
	if err != nil || strings.Count(reply, "\n```") != 2 || !strings.Contains(reply, "```go\nfunc Count(text string) map[string]int {\n\tcounts := make(") {
		t.Errorf("the code has lost its fences or its lines: %v\n%s", err, reply)
	}
}
