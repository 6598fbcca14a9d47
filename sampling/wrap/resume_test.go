package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
	"github.com/google/go-cmp/cmp"
)

// words counts one token for each word.
type words struct{}

func (words) Count(ctx context.Context, text string) (int, error) {
	return len(strings.Fields(text)), nil
}

// alphabet continues any prompt with the letters that follow its last, as words
// of one letter, and fails after so many chunks of each call.
func alphabet(failAfter ...int) *samplingtest.Script {
	return &samplingtest.Script{Choose: func(call int, req *sampling.Request) samplingtest.Reply {
		next := req.Prompt[len(req.Prompt)-1] + 1
		var r samplingtest.Reply
		for i := range req.Params.MaxTokens {
			if call < len(failAfter) && i == failAfter[call] {
				r.Err = busy
				return r
			}
			r.Chunks = append(r.Chunks, sampling.Chunk{Text: fmt.Sprintf(" %c", next+byte(i))})
		}
		r.Chunks = append(r.Chunks, sampling.Chunk{Reason: sampling.TokenLimit, Usage: &sampling.Usage{
			PromptTokens: len(strings.Fields(req.Prompt)), CompletionTokens: req.Params.MaxTokens,
		}})
		return r
	}}
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := alphabet(2, 0, 3)
		m := sampling.Model{Backend: wrap.Retry{Resume: true, Counter: words{}}.Wrap(script)}
		c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 8, Seed: 5}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Text != " b c d e f g h i" || c.Reason != sampling.TokenLimit {
			t.Errorf("%q, %v", c.Text, c.Reason)
		}
		var asked []string
		for _, call := range script.Calls() {
			asked = append(asked, fmt.Sprintf("%q %d %d", call.Request.Prompt, call.Request.Params.MaxTokens, call.Request.Params.Seed))
		}
		want := []string{`"a" 8 5`, `"a b c" 6 5`, `"a b c" 6 5`, `"a b c d e f" 3 5`}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		// The last call told 6 prompt tokens and 3 more; 5 were counted before.
		if want := (sampling.Usage{PromptTokens: 6, CompletionTokens: 8}); c.Usage != want {
			t.Errorf("the usage is %+v, want %+v", c.Usage, want)
		}
	})
}

// A stream that just ends is gone on with as well.
func TestResumeTruncated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "he"}}}, samplingtest.Reply{Text: "llo"})
		m := sampling.Model{Backend: wrap.Retry{Resume: true}.Wrap(script)}
		c, err := m.Complete(t.Context(), &sampling.Request{Prompt: "p:"})
		if err != nil || c.Text != "hello" || script.Prompts()[1] != "p:he" {
			t.Errorf("%+v, %v, %q", c, err, script.Prompts())
		}
	})
}

// The number of tokens drawn is the backend's word, or one that is not smaller.
func TestResumeCounts(t *testing.T) {
	token := func(s string) sampling.Token { return sampling.Token{Text: s} }
	for _, test := range []struct {
		name   string
		chunks []sampling.Chunk
		left   int // tokens for the next part, of 10; 0 is no next part
	}{
		{"by usage", []sampling.Chunk{{Text: "hello"}, {Usage: &sampling.Usage{CompletionTokens: 2}}}, 8},
		{"by usage and what came after", []sampling.Chunk{{Text: "hello", Usage: &sampling.Usage{CompletionTokens: 2}}, {Text: "abc"}}, 5},
		{"zeros are no usage", []sampling.Chunk{{Text: "hello", Usage: new(sampling.Usage)}}, 5},
		{"by tokens", []sampling.Chunk{{Text: "hello", Tokens: []sampling.Token{token("hel"), token("lo")}}}, 8},
		{"by bytes", []sampling.Chunk{{Text: "hello"}}, 5},
		{"nothing is left", []sampling.Chunk{{Text: "hello"}, {Text: "world"}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := turns(samplingtest.Reply{Chunks: test.chunks, Err: busy}, samplingtest.Reply{Text: "."})
				var err error
				// A Script counts bytes, so the Retry does too.
				for _, e := range (wrap.Retry{Resume: true}).Wrap(script).Sample(t.Context(), &sampling.Request{Params: sampling.Params{MaxTokens: 10}}) {
					err = e
				}
				calls := script.Calls()
				if test.left == 0 {
					if len(calls) != 1 || !errors.Is(err, busy) {
						t.Errorf("%d calls, %v", len(calls), err)
					}
					return
				}
				if len(calls) != 2 || err != nil || calls[1].Request.Params.MaxTokens != test.left {
					t.Errorf("%d calls, %v, then %d tokens, want %d", len(calls), err, calls[len(calls)-1].Request.Params.MaxTokens, test.left)
				}
			})
		})
	}
}

// Resume tries no more often than Attempts, and passes on what is not temporary.
func TestResumeGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := turns(samplingtest.Reply{Text: "ab", Err: busy})
		c, err := sampling.Model{Backend: wrap.Retry{Resume: true}.Wrap(script)}.Complete(t.Context(), &sampling.Request{})
		if c.Text != "ababababab" || !errors.Is(err, busy) || len(script.Calls()) != 5 {
			t.Errorf("%q, %v, %d calls", c.Text, err, len(script.Calls()))
		}
		script = turns(samplingtest.Reply{Text: "ab", Err: refused})
		c, err = sampling.Model{Backend: wrap.Retry{Resume: true}.Wrap(script)}.Complete(t.Context(), &sampling.Request{})
		if c.Text != "ab" || err != refused || len(script.Calls()) != 1 {
			t.Errorf("%q, %v, %d calls", c.Text, err, len(script.Calls()))
		}
	})
}
