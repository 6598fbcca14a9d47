package samplingtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/google/go-cmp/cmp"
)

func ExampleScript() {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" Paris. The capital of"), ChunkSize: 1}
	m := sampling.Model{Backend: script}

	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}})
	fmt.Printf("%q %v %v\n", c.Text, c.Reason, err)

	call := script.Calls()[0]
	fmt.Printf("asked %q, read %d chunks %q\n", call.Request.Prompt, call.Chunks, call.Text)
	// Output:
	// " Paris" stop sequence <nil>
	// asked "The capital of France is", read 7 chunks " Paris."
}

// texts returns the text of each chunk of one call, and how it ended.
func texts(b sampling.Backend, req *sampling.Request) (pieces []string, last sampling.Chunk, err error) {
	for chunk, e := range b.Sample(context.Background(), req) {
		if e != nil {
			return pieces, last, e
		}
		pieces, last = append(pieces, chunk.Text), chunk
	}
	return pieces, last, nil
}

func TestScriptChunks(t *testing.T) {
	for _, test := range []struct {
		name   string
		script *samplingtest.Script
		want   []string
	}{
		{"whole by default", &samplingtest.Script{Answer: samplingtest.InTurn("é나b")}, []string{"é나b"}},
		{"by rune", &samplingtest.Script{Answer: samplingtest.InTurn("é나b"), ChunkSize: 1}, []string{"é", "나", "b"}},
		{"by bytes between runes", &samplingtest.Script{Answer: samplingtest.InTurn("aé나bcdef"), ChunkSize: 4}, []string{"aé", "나b", "cdef"}},
		{"a rune wider than the chunk", &samplingtest.Script{Answer: samplingtest.InTurn("🦉🦉a"), ChunkSize: 3}, []string{"🦉", "🦉", "a"}},
		{"nothing to say", &samplingtest.Script{Answer: samplingtest.InTurn("")}, []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, last, err := texts(test.script, &sampling.Request{})
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("error %v, chunks (-want +got):\n%s", err, diff)
			}
			if last.Reason != sampling.EndOfText {
				t.Errorf("the last chunk's reason is %v", last.Reason)
			}
		})
	}
}

func TestScriptReplies(t *testing.T) {
	boom := errors.New("boom")
	usage := sampling.Usage{PromptTokens: 3, CompletionTokens: 2}
	script := &samplingtest.Script{ChunkSize: 2, Answer: samplingtest.InTurn([]samplingtest.Reply{
		{Text: "abc", Reason: sampling.TokenLimit, Usage: usage},
		{Text: "abc", Err: boom},
		{Chunks: []sampling.Chunk{{Text: "cut o"}}},
		{Err: boom},
	}...)}
	ask := &sampling.Request{Prompt: "p", Stop: []string{"s"}}
	pieces, last, err := texts(script, ask)
	if diff := cmp.Diff(sampling.Chunk{Text: "c", Reason: sampling.TokenLimit, Usage: usage}, last); len(pieces) != 2 || err != nil || diff != "" {
		t.Errorf("first reply: %q, %v %s", pieces, err, diff)
	}
	if pieces, last, err := texts(script, ask); err != boom || len(pieces) != 2 || last.Reason != sampling.Unfinished {
		t.Errorf("second reply: %q, %v, %v", pieces, last, err)
	}
	if pieces, last, err := texts(script, ask); err != nil || len(pieces) != 1 || last.Reason != sampling.Unfinished {
		t.Errorf("third reply: %q, %v, %v", pieces, last, err)
	}
	if pieces, _, err := texts(script, ask); err != boom || pieces != nil {
		t.Errorf("fourth reply: %q, %v", pieces, err)
	}
	if _, _, err := texts(script, ask); err == nil || !strings.Contains(err.Error(), "call 5 of a Script with 4 replies") {
		t.Errorf("fifth call: %v", err)
	}

	ask.Stop[0] = "changed by the caller"
	var got []string
	for _, c := range script.Calls() {
		got = append(got, fmt.Sprintf("%s %q %d %q %v", c.Request.Prompt, c.Request.Stop, c.Chunks, c.Text, c.Err != nil))
	}
	want := []string{
		`p ["s"] 2 "abc" false`,
		`p ["s"] 2 "abc" true`,
		`p ["s"] 1 "cut o" false`,
		`p ["s"] 0 "" true`,
		`p ["s"] 0 "" true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestScriptAnswers(t *testing.T) {
	script := &samplingtest.Script{Answer: func(call int, req *sampling.Request) samplingtest.Reply {
		return samplingtest.Reply{Text: fmt.Sprint(call, req.Prompt)}
	}}
	for i, want := range []string{"0x", "1x"} {
		if got, _, err := texts(script, &sampling.Request{Prompt: "x"}); err != nil || got[0] != want {
			t.Errorf("call %d: %q, %v", i, got, err)
		}
	}
	script = &samplingtest.Script{Answer: samplingtest.Always("a")}
	for range 3 {
		if got, _, err := texts(script, &sampling.Request{}); err != nil || got[0] != "a" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, _, err := texts(&samplingtest.Script{}, &sampling.Request{}); err == nil || got != nil {
		t.Errorf("a Script without an Answer gave %q, %v", got, err)
	}
}

// A Script tells how far it was read, which is how callers show that they stop
// a server in time.
func TestScriptTellsHowFarItWasRead(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always("abcdef"), ChunkSize: 1}
	for range script.Sample(t.Context(), &sampling.Request{}) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for chunk, err := range script.Sample(ctx, &sampling.Request{}) {
		if chunk.Text == "b" {
			cancel()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	calls := script.Calls()
	if c := calls[0]; c.Chunks != 1 || c.Err != nil {
		t.Errorf("the call that was left: %+v", c)
	}
	if c := calls[1]; c.Chunks != 2 || !errors.Is(c.Err, context.Canceled) {
		t.Errorf("the call that was cancelled: %+v", c)
	}
}

// What a long reply in small chunks costs to remember grows with its length and
// not with the square of it, which would be 200 MB of copies here.
func TestScriptLongReply(t *testing.T) {
	text := strings.Repeat("a", 20_000)
	script := &samplingtest.Script{Answer: samplingtest.InTurn(text), ChunkSize: 1}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range script.Sample(t.Context(), &sampling.Request{}) {
	}
	runtime.ReadMemStats(&after)
	if copied := (after.TotalAlloc - before.TotalAlloc) >> 20; copied > 100 {
		t.Errorf("%d MB were allocated for a reply of %d bytes", copied, len(text))
	}
	if call := script.Calls()[0]; call.Text != text || call.Chunks != len(text) {
		t.Errorf("%d bytes in %d chunks were remembered, of %d", len(call.Text), call.Chunks, len(text))
	}
}

func TestScriptHangsUntilCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := &samplingtest.Script{Answer: samplingtest.InTurn("ab"), ChunkSize: 1, Wait: func(ctx context.Context, call, chunk int) error {
			if chunk == 0 {
				return nil
			}
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		go func() {
			_, err := sampling.Model{Backend: script}.Complete(ctx, &sampling.Request{})
			got <- err
		}()
		synctest.Wait() // everybody blocks, so the Script hangs
		if c := script.Calls()[0]; c.Text != "a" || c.Err != nil {
			t.Errorf("while it hangs: %+v", c)
		}
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestScriptAbilities(t *testing.T) {
	m := sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn("a", "b", "c")}}
	if n, err := m.Count(t.Context(), "four"); n != 4 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	if _, err := m.Score(t.Context(), &sampling.Request{}, []string{"a"}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("scoring: %v", err)
	}
	if drawn, err := m.Draw(t.Context(), &sampling.Request{}, 3); len(drawn) != 3 || err != nil {
		t.Errorf("drew %d, %v", len(drawn), err)
	}
}

func TestScriptConcurrently(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always("abc"), ChunkSize: 1}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, _, err := texts(script, &sampling.Request{}); len(got) != 3 || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			script.Calls()
		})
	}
	wg.Wait()
	if n := len(script.Calls()); n != 16 {
		t.Errorf("%d calls", n)
	}
}
