package openai_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// Calls share their buffers one after another, short answers and such as outgrow
// them, and none has a byte of another's in its text.
func TestBuffersDoNotMix(t *testing.T) {
	server := faultwire.NewFaultServer(t)
	server.Reply = func(prompt string) string {
		return strings.Repeat(prompt+"-", 1+2000*len(prompt)*len(prompt)) // one word, so one event
	}
	for _, whole := range []bool{true, false} {
		b, err := openai.New(openai.Config{BaseURL: server.RightURL() + "/v1", Key: sampling.NewSecret(faultwire.FaultKey), Model: "m", NoStreaming: whole})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := range 8 {
					prompt := strings.Repeat("abcdefgh"[worker:][:1], i%4)
					c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Prompt: prompt})
					if err != nil || c.Text != server.Reply(prompt) {
						t.Errorf("after %q came %d bytes, %v", prompt, len(c.Text), err)
					}
				}
			})
		}
		wg.Wait()
	}
}
