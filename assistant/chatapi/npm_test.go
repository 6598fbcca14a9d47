package chatapi_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// TestOpenAINPM runs a program that uses the official client for Node. It needs
// node, and FOREWORD_NPM with the path of the node_modules that have the
// package openai in them.
func TestOpenAINPM(t *testing.T) {
	node, modules := npm(t, "openai")
	stopped := make(chan struct{})
	hanging := func(req *sampling.Request) bool { return strings.Contains(req.Prompt, "Human: hang") }
	var hangs atomic.Int64 // the number of the call that hangs
	hangs.Store(-1)
	script := &samplingtest.Script{
		ChunkSize: 4,
		Answer: func(call int, req *sampling.Request) samplingtest.Reply {
			switch {
			case hanging(req):
				hangs.Store(int64(call))
				return samplingtest.Reply{Text: " one two three four five six"}
			case strings.Contains(req.Prompt, "Human: silence"):
				return samplingtest.Reply{}
			case strings.Contains(req.Prompt, "Human: busy"):
				return samplingtest.Reply{Err: &sampling.Error{Backend: "b", Status: 429, Temporary: true, RetryAfter: 2500 * time.Millisecond, Err: errors.New("busy")}}
			case strings.Contains(req.Prompt, "Human: break"):
				return samplingtest.Reply{Text: " one two three", Err: &sampling.Error{Backend: "b", Status: 502, Err: errors.New("broken")}}
			}
			return samplingtest.Reply{Text: " one two three four five\n\nHuman: And then?"}
		},
		Wait: func(ctx context.Context, call, chunk int) error {
			if chunk < 3 || int64(call) != hangs.Load() {
				return nil
			}
			<-ctx.Done()
			close(stopped)
			return ctx.Err()
		},
	}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Keys: []sampling.Secret{sampling.NewSecret("sk-npm")}})
	cmd := exec.CommandContext(t.Context(), node, "testdata/client.mjs", s.URL)
	cmd.Env = append(os.Environ(), "FOREWORD_NPM="+modules)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Fatalf("%v\n%s\n%s", err, out, s.log)
	}
	select {
	case <-stopped:
	case <-time.After(30 * time.Second):
		t.Fatal("the backend was not stopped")
	}
	s.Close()
	for _, call := range script.Calls() {
		if hanging(&call.Request) && (call.Chunks != 3 || !errors.Is(call.Err, context.Canceled)) {
			t.Errorf("%d chunks were read, %v", call.Chunks, call.Err)
		}
	}
}
