package sampling_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// capitals continues every prompt in the same way, a word at a time.
func capitals(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		for _, word := range []string{" Paris", ".", " The", " capital", " of", " Italy"} {
			if err := ctx.Err(); err != nil {
				yield(sampling.Chunk{}, err)
				return
			}
			if !yield(sampling.Chunk{Text: word}, nil) {
				return
			}
		}
		yield(sampling.Chunk{Reason: sampling.TokenLimit}, nil)
	}
}

func ExampleModel_Complete() {
	m := sampling.Model{Backend: sampling.BackendFunc(capitals)}
	c, err := m.Complete(context.Background(), &sampling.Request{
		Prompt: "The capital of France is",
		Stop:   []string{"."},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q, ended by %v %q\n", c.Text, c.Reason, c.Stop)
	// Output: " Paris", ended by stop sequence "."
}

func ExampleModel_Stream() {
	m := sampling.Model{Backend: sampling.BackendFunc(capitals)}
	req := &sampling.Request{Prompt: "The capital of France is"}
	for chunk, err := range m.Stream(context.Background(), req) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q %v\n", chunk.Text, chunk.Reason)
	}
	// Output:
	// " Paris" unfinished
	// "." unfinished
	// " The" unfinished
	// " capital" unfinished
	// " of" unfinished
	// " Italy" unfinished
	// "" token limit
}

// modelOf is a model that says the texts, one for each call, rune by rune.
func modelOf(texts ...string) (sampling.Model, *samplingtest.Script) {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(texts...), ChunkSize: 1}
	return sampling.Model{Backend: script}, script
}

func TestComplete(t *testing.T) {
	usage := sampling.Usage{PromptTokens: 7, CompletionTokens: 2}
	token := func(text string) sampling.Chunk {
		return sampling.Chunk{Text: text, Tokens: []sampling.Token{{Text: text, Logprob: -1}}}
	}
	boom := errors.New("boom")
	for _, test := range []struct {
		why   string
		reply samplingtest.Reply
		stop  []string
		want  sampling.Completion
		err   error
	}{
		{"the whole text", samplingtest.Reply{Text: "ab", Reason: sampling.TokenLimit, Usage: usage}, nil,
			sampling.Completion{Text: "ab", Reason: sampling.TokenLimit, Usage: usage}, nil},
		{"cut at a stop", samplingtest.Reply{Text: "ab\ncd"}, []string{"\n"},
			sampling.Completion{Text: "ab", Reason: sampling.StopSequence, Stop: "\n"}, nil},
		{"the backend cut it", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "ab", Reason: sampling.StopSequence, Stop: "\n"}}}, []string{"\n"},
			sampling.Completion{Text: "ab", Reason: sampling.StopSequence, Stop: "\n"}, nil},
		{"an empty text", samplingtest.Reply{}, nil, sampling.Completion{Reason: sampling.EndOfText}, nil},
		{"a text that is the stop", samplingtest.Reply{Text: "\n"}, []string{"\n"},
			sampling.Completion{Reason: sampling.StopSequence, Stop: "\n"}, nil},
		{"its tokens", samplingtest.Reply{Chunks: []sampling.Chunk{token("a"), token("b"), {Reason: sampling.EndOfText}}}, nil,
			sampling.Completion{Text: "ab", Reason: sampling.EndOfText, Tokens: []sampling.Token{{Text: "a", Logprob: -1}, {Text: "b", Logprob: -1}}}, nil},
		{"broken off", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "ab"}}}, nil,
			sampling.Completion{Text: "ab"}, sampling.ErrTruncated},
		{"broken off with text held back", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "ab\n"}}}, []string{"\n\n"},
			sampling.Completion{Text: "ab\n"}, sampling.ErrTruncated},
		{"nothing at all", samplingtest.Reply{Chunks: []sampling.Chunk{}}, nil, sampling.Completion{}, sampling.ErrTruncated},
		{"an error after text", samplingtest.Reply{Text: "ab\n", Err: boom}, []string{"\n\n"},
			sampling.Completion{Text: "ab\n"}, boom},
		{"an error at once", samplingtest.Reply{Err: boom}, nil, sampling.Completion{}, boom},
		{"what comes after the reason is not read", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "a", Reason: sampling.EndOfText}, {Text: "b"}}}, nil,
			sampling.Completion{Text: "a", Reason: sampling.EndOfText}, nil},
	} {
		t.Run(test.why, func(t *testing.T) {
			m := sampling.Model{Backend: &samplingtest.Script{Answer: samplingtest.InTurn(test.reply), ChunkSize: 1}}
			req := &sampling.Request{Prompt: "p", Stop: test.stop, Params: sampling.Params{Seed: 5}}
			c, err := m.Complete(t.Context(), req)
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			test.want.Seed = 5
			if diff := cmp.Diff(&test.want, c); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}

			// Streamed is the same as whole.
			m.Backend = &samplingtest.Script{Answer: samplingtest.InTurn(test.reply), ChunkSize: 2}
			text, last, streamErr := joined(m.Stream(t.Context(), req))
			if text != c.Text || last.Reason != c.Reason || last.Stop != c.Stop || fmt.Sprint(streamErr) != fmt.Sprint(err) {
				t.Errorf("streamed: %q, %v, %v; whole: %q, %v, %v", text, last, streamErr, c.Text, c.Reason, err)
			}
		})
	}
}

// joined reads a stream to its end, which an error is.
func joined(chunks iter.Seq2[sampling.Chunk, error]) (text string, last sampling.Chunk, err error) {
	for chunk, e := range chunks {
		if err != nil {
			return text, last, fmt.Errorf("%q, %v comes after %w", chunk.Text, e, err)
		}
		if err = e; err == nil {
			text, last = text+chunk.Text, chunk
		}
	}
	return text, last, err
}

// What is wrong with a request is told before anything is sent.
func TestNothingIsSent(t *testing.T) {
	ctx := t.Context()
	good := &sampling.Request{Prompt: "p"}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for _, test := range []struct {
		why    string
		ctx    context.Context
		window int
		req    *sampling.Request
		want   error
	}{
		{"an invalid parameter", ctx, 0, &sampling.Request{Params: sampling.Params{TopP: 2}}, sampling.ErrInvalid},
		{"an invalid stop", ctx, 0, &sampling.Request{Stop: []string{""}}, sampling.ErrInvalid},
		{"no request", ctx, 0, nil, sampling.ErrInvalid},
		{"too long a prompt", ctx, 300, &sampling.Request{Prompt: strings.Repeat("x", 45)}, sampling.ErrBudget},
		{"a negative window", ctx, -1, good, sampling.ErrInvalid},
		{"a cancelled context", cancelled, 0, good, context.Canceled},
	} {
		m, script := modelOf("a", "b", "c")
		m.Window = test.window
		_, err := m.Complete(test.ctx, test.req)
		_, _, streamErr := joined(m.Stream(test.ctx, test.req))
		_, drawErr := m.Draw(test.ctx, test.req, 2)
		for how, err := range map[string]error{"Complete": err, "Stream": streamErr, "Draw": drawErr} {
			if !errors.Is(err, test.want) {
				t.Errorf("%s, %s: %v, want %v", test.why, how, err, test.want)
			}
		}
		if calls := script.Calls(); len(calls) > 0 {
			t.Errorf("%s: %d requests were sent all the same", test.why, len(calls))
		}
	}
}

// The backend gets the request as it is, with only the defaults filled in.
func TestPrepared(t *testing.T) {
	m, script := modelOf("a", "b", "c")
	req := &sampling.Request{Prompt: "p ", Stop: []string{"x", "y"}, Params: sampling.Params{Extra: map[string]any{"k": 1}}}
	for range 2 {
		c, err := m.Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		calls := script.Calls()
		got := calls[len(calls)-1].Request
		if got.Params.Seed == 0 || got.Params.Seed != c.Seed || got.Params.Seed > 1<<31-1 {
			t.Errorf("the backend got the seed %d, the completion tells %d", got.Params.Seed, c.Seed)
		}
		want := *req
		want.Params.MaxTokens, want.Params.Seed = sampling.DefaultMaxTokens, got.Params.Seed
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(sampling.Constraint{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if calls := script.Calls(); calls[0].Request.Params.Seed == calls[1].Request.Params.Seed {
		t.Error("two calls without a seed got the same one")
	}
	if req.Params.MaxTokens != 0 || req.Params.Seed != 0 {
		t.Errorf("the caller's request was changed: %+v", req.Params)
	}
	given := &sampling.Request{Params: sampling.Params{MaxTokens: 3, Seed: 1 << 63}}
	c, err := m.Complete(t.Context(), given)
	if err != nil || c.Seed != 1<<63 {
		t.Errorf("the given seed became %d, %v", c.Seed, err)
	}
	if diff := cmp.Diff(given.Params, script.Calls()[2].Request.Params); diff != "" {
		t.Errorf("given parameters changed (-want +got):\n%s", diff)
	}
}

// A stop sequence ends the work after it: the backend gives out the chunk that
// completes the stop and no other, and its context is done by the time that the
// caller has its answer.
func TestStopStopsTheBackend(t *testing.T) {
	var ctxOfBackend context.Context
	script := &samplingtest.Script{Answer: samplingtest.Always("abcdef"), ChunkSize: 1}
	m := sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		ctxOfBackend = ctx
		return script.Sample(ctx, req)
	})}
	req := &sampling.Request{Stop: []string{"cd"}}
	if c, err := m.Complete(t.Context(), req); err != nil || c.Text != "ab" {
		t.Fatal(c, err)
	}
	if call := script.Calls()[0]; call.Text != "abcd" {
		t.Errorf("the backend was read up to %q", call.Text)
	}
	if ctxOfBackend.Err() == nil {
		t.Error("the backend's context is not done")
	}
	read := ""
	for chunk := range m.Stream(t.Context(), req) {
		if chunk.Reason == sampling.StopSequence {
			read = script.Calls()[1].Text
		}
	}
	if read != "abcd" {
		t.Errorf("when the consumer has the last chunk, the backend was read up to %q", read)
	}
}

func TestLeavingAStream(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always("abcdef"), ChunkSize: 1}
	m := sampling.Model{Backend: script}
	for n := range 6 {
		got := 0
		for range m.Stream(t.Context(), &sampling.Request{}) {
			if got++; got > n {
				break
			}
		}
		if call := script.Calls()[n]; call.Chunks != n+1 {
			t.Errorf("left at chunk %d, the backend gave out %d", n+1, call.Chunks)
		}
	}
}

func TestCancelling(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.Always("abcdef"), ChunkSize: 1}
	m := sampling.Model{Backend: script}
	for n := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		text := ""
		var err error
		for chunk, e := range m.Stream(ctx, &sampling.Request{}) {
			text, err = text+chunk.Text, e
			if len(text) == n+1 {
				cancel()
			}
		}
		cancel()
		if !errors.Is(err, context.Canceled) || text != "abcdef"[:n+1] {
			t.Errorf("cancelled after %d: %q, %v", n+1, text, err)
		}
	}
	// A backend that is cancelled and just ends did not break off.
	m.Backend = sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			yield(sampling.Chunk{Text: "a"}, nil)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	for _, err = range m.Stream(ctx, &sampling.Request{}) {
		cancel()
	}
	cancel()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// While the backend hangs, cancelling gets the caller out, and what had come is
// not lost.
func TestCancellingAHangingBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sampling.Model{Backend: &samplingtest.Script{
			Answer: samplingtest.InTurn("ab\n"), ChunkSize: 1,
			Wait: func(ctx context.Context, call, chunk int) error {
				if chunk < 2 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			},
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			defer close(done)
			c, err := m.Complete(ctx, &sampling.Request{})
			if c.Text != "ab" || !errors.Is(err, context.Canceled) {
				t.Errorf("%q, %v", c.Text, err)
			}
		}()
		synctest.Wait()
		cancel()
		<-done
	})
}

// Stream does nothing until its loop begins, and what it yields is never more
// than a range statement asked for.
func TestStreamIsLazy(t *testing.T) {
	m, script := modelOf("abc")
	stream := m.Stream(t.Context(), &sampling.Request{})
	if n := len(script.Calls()); n != 0 {
		t.Errorf("%d calls before the loop", n)
	}
	next, stop := iter.Pull2(stream)
	if chunk, err, ok := next(); chunk.Text != "a" || err != nil || !ok {
		t.Error(chunk, err, ok)
	}
	stop()
	if call := script.Calls()[0]; call.Text != "a" {
		t.Errorf("%+v", call)
	}
}

func TestModelWithoutBackend(t *testing.T) {
	ctx, req := t.Context(), &sampling.Request{Prompt: "x"}
	var m sampling.Model
	for name, call := range map[string]func() error{
		"Complete": func() error { _, err := m.Complete(ctx, req); return err },
		"Draw":     func() error { _, err := m.Draw(ctx, req, 2); return err },
		"Score":    func() error { _, err := m.Score(ctx, req, []string{"y"}); return err },
		"Discover": func() error { _, err := sampling.Discover(ctx, nil); return err },
		"Stream": func() (err error) {
			for _, err = range m.Stream(ctx, req) {
			}
			return err
		},
	} {
		if err := call(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
