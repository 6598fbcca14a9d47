package sampling_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/google/go-cmp/cmp"
)

func TestReason(t *testing.T) {
	names := map[sampling.Reason]string{
		sampling.Unfinished: "unfinished", sampling.EndOfText: "end of text", sampling.StopSequence: "stop sequence",
		sampling.TokenLimit: "token limit", sampling.Filtered: "filtered",
	}
	for r, name := range names {
		if r.String() != name {
			t.Errorf("%d is %q, want %q", int(r), r, name)
		}
		text, err := r.MarshalText()
		var back sampling.Reason = -1
		if err == nil {
			err = back.UnmarshalText(text)
		}
		if back != r || err != nil {
			t.Errorf("%v became %v by way of %q, %v", r, back, text, err)
		}
	}
	if sampling.Unfinished != 0 {
		t.Error("the zero Reason must be Unfinished")
	}
	for _, r := range []sampling.Reason{-1, 5} {
		if want := fmt.Sprintf("reason %d", int(r)); r.String() != want {
			t.Errorf("%q, want %q", r, want)
		}
		if text, err := r.MarshalText(); err == nil {
			t.Errorf("%d was written as %q", int(r), text)
		}
	}
	r := sampling.TokenLimit
	if err := r.UnmarshalText([]byte("length")); err == nil || r != sampling.TokenLimit || !strings.Contains(err.Error(), `"length"`) || !strings.Contains(err.Error(), "token limit") {
		t.Errorf("%v, %v", r, err)
	}
}

// A completion survives being written down, with its reason by name.
func TestCompletionAsJSON(t *testing.T) {
	c := sampling.Completion{
		Text: " é\n", Reason: sampling.StopSequence, Stop: "\n\n", Seed: 1<<64 - 1,
		Tokens: []sampling.Token{{Text: " é", Logprob: -0.5, Top: []sampling.Token{{Text: " e", Logprob: -2}}}},
		Usage:  sampling.Usage{PromptTokens: 3, CompletionTokens: 2, CachedTokens: 1},
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back sampling.Completion
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" || !strings.Contains(string(text), `"stop sequence"`) {
		t.Errorf("%s\n%s", text, diff)
	}
}

func TestError(t *testing.T) {
	cause := fmt.Errorf("%w: echo with a stream", sampling.ErrUnsupported)
	for _, test := range []struct {
		err  *sampling.Error
		want string
		is   error
	}{
		{&sampling.Error{Backend: "openai", Status: 429, RetryAfter: 2 * time.Second, Temporary: true, Err: errors.New("slow down")}, "openai: status 429: slow down", nil},
		{&sampling.Error{Backend: "openai", Err: io.ErrUnexpectedEOF}, "openai: unexpected EOF", io.ErrUnexpectedEOF},
		{&sampling.Error{Backend: "ollama", Err: cause}, "ollama: sampling: not supported by this backend: echo with a stream", sampling.ErrUnsupported},
		{&sampling.Error{Err: io.ErrUnexpectedEOF}, "sampling: unexpected EOF", io.ErrUnexpectedEOF},
		{&sampling.Error{Status: 503, Err: io.ErrUnexpectedEOF}, "sampling: status 503: unexpected EOF", io.ErrUnexpectedEOF},
		{&sampling.Error{Backend: "ollama", Err: context.Canceled}, "ollama: context canceled", context.Canceled},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
		if test.is != nil && !errors.Is(test.err, test.is) {
			t.Errorf("%v is not %v", test.err, test.is)
		}
		wrapped := fmt.Errorf("calling: %w", test.err)
		var e *sampling.Error
		if !errors.As(wrapped, &e) || e != test.err {
			t.Errorf("%v is lost when it is wrapped", test.err)
		}
	}
}

// The sentinels are told apart by errors.Is, and say which package they are of.
func TestSentinels(t *testing.T) {
	all := []error{sampling.ErrInvalid, sampling.ErrBudget, sampling.ErrTruncated, sampling.ErrUnsupported}
	for i, a := range all {
		for j, b := range all {
			if errors.Is(a, b) != (i == j) {
				t.Errorf("%v and %v", a, b)
			}
		}
		if !strings.HasPrefix(a.Error(), "sampling: ") {
			t.Errorf("%v", a)
		}
	}
}
