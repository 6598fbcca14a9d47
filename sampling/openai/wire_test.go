package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

func TestWire(t *testing.T) {
	for _, test := range wireTests {
		t.Run(test.name, func(t *testing.T) {
			if test.why != "" {
				t.Log(test.why)
			}
			r := readRecording(t, test.name)
			req, n, whole := r.recorded(t)
			s := replay(t, r.response)
			model := "base-260k"
			json.Unmarshal(r.request["model"], &model)
			b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: model, Dialect: openai.LlamaCpp, NoStreaming: whole})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if len(r.response) == 0 {
				go func() { <-s.asked; cancel() }()
			}
			if test.refused != nil {
				_, err := run(ctx, b, req, n)
				if !errors.Is(err, test.refused) {
					t.Fatalf("the recorded request gave the error %v, want %v", err, test.refused)
				}
				if sent := s.sent(); len(sent) > 0 {
					t.Fatalf("it was sent all the same: %s", sent[0])
				}
				req, n = &sampling.Request{Prompt: "Once upon a time"}, 1
			}
			got, err := run(ctx, b, req, n)
			if test.refused == nil {
				if err := holds(s.sent(), r.request); err != nil {
					t.Error(err)
				}
			}
			compare(t, test.heard, got, err)
		})
	}
}

func run(ctx context.Context, b *openai.Backend, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	if n > 1 {
		return b.Draw(ctx, req, n)
	}
	c, err := sampling.Model{Backend: b}.Complete(ctx, req)
	if c == nil {
		return nil, err
	}
	return []*sampling.Completion{c}, err
}

func compare(t *testing.T, want []heard, got []*sampling.Completion, err error) {
	t.Helper()
	fault := want[0]
	if fault.status == 0 && fault.is == nil {
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d continuations came, want %d", len(got), len(want))
		}
	} else {
		e, ok := errors.AsType[*sampling.Error](err)
		switch {
		case !ok:
			t.Fatalf("the error is %v, want a sampling.Error", err)
		case e.Backend != "openai" || e.Status != fault.status || e.Temporary != fault.temporary:
			t.Errorf("the error is %+v, want status %d, temporary %v", *e, fault.status, fault.temporary)
		case !strings.Contains(err.Error(), fault.words):
			t.Errorf("the error is %q, want %q in it", err, fault.words)
		case fault.is != nil && !errors.Is(err, fault.is):
			t.Errorf("the error is %v, want it to wrap %v", err, fault.is)
		}
	}
	for i, c := range got {
		w := want[i]
		begin, finish, cut := strings.Cut(w.text, "…")
		if !cut && c.Text != w.text || !strings.HasPrefix(c.Text, begin) || !strings.HasSuffix(c.Text, finish) {
			t.Errorf("continuation %d is %q, want %q", i, c.Text, w.text)
		}
		u := c.Usage
		if got := [3]int{u.PromptTokens, u.CompletionTokens, u.CachedTokens}; c.Reason != w.reason || got != w.usage || len(c.Tokens) != w.tokens {
			t.Errorf("continuation %d ended by %v with usage %v and %d tokens, want %v, %v, %d", i, c.Reason, got, len(c.Tokens), w.reason, w.usage, w.tokens)
		}
	}
}

// holds compares what was sent with what was recorded. Nulls, which say
// nothing, are not sent; llama.cpp is not asked for the usage that it tells
// anyhow; a whole answer to several continuations is asked for as a stream.
func holds(sent [][]byte, recorded map[string]json.RawMessage) error {
	sent = slices.DeleteFunc(sent, func(body []byte) bool { return len(body) == 0 }) // the question for the number of slots
	if len(sent) != 1 {
		return fmt.Errorf("%d requests were sent, want 1", len(sent))
	}
	var got map[string]any
	if err := json.Unmarshal(sent[0], &got); err != nil {
		return err
	}
	for name, raw := range recorded {
		var want any
		if err := json.Unmarshal(raw, &want); err != nil {
			return err
		}
		switch {
		case want == nil, name == "stream_options", name == "stop" && string(raw) == "[]":
			continue
		case name == "stop" && raw[0] == '"':
			want = []any{want}
		case name == "max_tokens" && want == 0.0:
			want = float64(sampling.DefaultMaxTokens)
		}
		if !reflect.DeepEqual(got[name], want) {
			return fmt.Errorf("the field %q was sent as %v, and recorded as %v", name, got[name], want)
		}
	}
	return nil
}

// recorded is how many exchanges were recorded with each server.
var recorded = map[string]int{
	"llamacpp": 64, "llamacpp-260k-eos": 1, "llamacpp-656k": 10, "llamacpp-gpt2vocab": 7,
}

// Every recorded exchange is here, in both its halves, and has one row.
func TestWireIsWhole(t *testing.T) {
	rows := map[string]int{}
	for _, w := range wireTests {
		rows[w.name]++
	}
	for _, c := range countTests {
		rows[c.recording]++
	}
	halves, folders := map[string]int{}, map[string]int{}
	err := fs.WalkDir(os.DirFS("testdata/wire"), ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			halves[strings.TrimSuffix(file, path.Ext(file))]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range halves {
		folders[path.Dir(name)]++
		if n != 2 || rows[name] != 1 {
			t.Errorf("testdata/wire/%s has %d files and %d rows, want a .req, a .resp and one row", name, n, rows[name])
		}
	}
	for name := range rows {
		if halves[name] == 0 {
			t.Errorf("the row %s has no recording", name)
		}
	}
	if diff := cmp.Diff(recorded, folders); diff != "" {
		t.Errorf("recordings by folder (-want +got):\n%s", diff)
	}
}

// A token's log probability and its alternatives come out as recorded.
func TestWireLogprobs(t *testing.T) {
	r := readRecording(t, "llamacpp/v1_logprobs")
	req, n, _ := r.recorded(t)
	s := replay(t, r.response)
	b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: "base-260k", Dialect: openai.LlamaCpp})
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(t.Context(), b, req, n)
	if err != nil {
		t.Fatal(err)
	}
	want := []sampling.Token{
		{Text: ",", Logprob: -0.031780876219272614, Top: []sampling.Token{{Text: ",", Logprob: -0.031780876219272614}, {Text: " there", Logprob: -3.5473039150238037}}},
		{Text: " there", Logprob: -0.06838572025299072, Top: []sampling.Token{{Text: " there", Logprob: -0.06838572025299072}, {Text: " in", Logprob: -2.979733943939209}}},
	}
	if !reflect.DeepEqual(got[0].Tokens, want) {
		t.Errorf("the tokens are %+v, want %+v", got[0].Tokens, want)
	}
}
