package chatapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestHabits sends what agents and front ends send by habit, and what changes
// nothing for a base model. All of it is answered.
func TestHabits(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always(" Fine.")}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, AnyModel: true, Limits: chatapi.Limits{MaxTokens: 100}})
	for body, maxTokens := range map[string]int{
		with(`"max_tokens":32000`):                                  100,
		with(`"max_tokens":1000000000`):                             100,
		with(`"max_completion_tokens":50.0`):                        50,
		with(`"max_tokens":-1`):                                     sampling.DefaultMaxTokens,
		with(`"max_tokens":0`):                                      sampling.DefaultMaxTokens,
		with(`"stop":""`):                                           sampling.DefaultMaxTokens,
		with(`"stop":["",""]`):                                      sampling.DefaultMaxTokens,
		with(`"stream_options":{"include_usage":true}`):             sampling.DefaultMaxTokens,
		with(`"reasoning_effort":"high","verbosity":"low"`):         sampling.DefaultMaxTokens,
		with(`"store":true,"service_tier":"auto"`):                  sampling.DefaultMaxTokens,
		with(`"chat_template_kwargs":{"enable_thinking":false}`):    sampling.DefaultMaxTokens,
		with(`"keep_alive":"5m","options":{},"cache_prompt":true`):  sampling.DefaultMaxTokens,
		with(`"top_logprobs":0`):                                    sampling.DefaultMaxTokens,
		with(`"model":"gpt-4o"`):                                    sampling.DefaultMaxTokens,
		said(`{"role":"user","name":"Assistant: I","content":"a"}`): sampling.DefaultMaxTokens,
		said(`{"role":"user","id":"msg_1","content":"a"}`):          sampling.DefaultMaxTokens,
		said(`{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}`):                             sampling.DefaultMaxTokens,
		said(`{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"hm"},{"role":"user","content":"c"}`): sampling.DefaultMaxTokens,
	} {
		before := len(script.Calls())
		if status, text := s.post(t, body); status != http.StatusOK {
			t.Errorf("%s: %d %s", body, status, text)
			continue
		}
		asked := script.Calls()[before].Request
		if asked.Params.MaxTokens != maxTokens {
			t.Errorf("%s: %d tokens, want %d", body, asked.Params.MaxTokens, maxTokens)
		}
		if strings.Contains(asked.Prompt, "Assistant: I") {
			t.Errorf("%s: a message's name is in the prompt", body)
		}
	}
}

// TestAnyOrigin lets pages of every origin call a server with "*".
func TestAnyOrigin(t *testing.T) {
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(" Fine.")}}, Origins: []string{"*"}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/chat/completions", strings.NewReader("{"+hi+"}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "https://chat.example.org")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if allowed := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != http.StatusOK || allowed != "https://chat.example.org" {
		t.Errorf("%s, allowed %q", resp.Status, allowed)
	}
}

// TestHeldSockets opens 100 connections that announce a body, send one byte of it
// and wait, with a key and without. All are closed within the deadline.
func TestHeldSockets(t *testing.T) {
	c := chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}}, Keys: []sampling.Secret{sampling.NewSecret(hostileKey)}}
	overPipe(t, c, func(t *testing.T, dial func() net.Conn) {
		begun := time.Now()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				conn := dial()
				defer conn.Close()
				key := []string{"wrong", hostileKey}[i%2]
				fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", key)
				io.Copy(io.Discard, conn)
				if took := time.Since(begun); took > stall {
					t.Errorf("socket %d is held for %v", i, took)
				}
			})
		}
		wg.Wait()
	})
}
