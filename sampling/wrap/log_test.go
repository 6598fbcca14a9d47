package wrap_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
	"github.com/google/go-cmp/cmp"
)

// records returns a logger and a function that returns what was logged since it
// was last called, one line a record.
func records(level slog.Level) (*slog.Logger, func() []string) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(handler), func() []string {
		defer out.Reset()
		return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	}
}

func TestLog(t *testing.T) {
	told := sampling.Usage{PromptTokens: 12, CompletionTokens: 3, CachedTokens: 8}
	for _, test := range []struct {
		name  string
		log   wrap.Log
		label string
		reply samplingtest.Reply
		read  int // chunks at most; 0 is all
		want  string
	}{
		{"told", wrap.Log{}, "", samplingtest.Reply{Text: "abc", Usage: told}, 0,
			`level=INFO msg=sample prompt_tokens=12 completion_tokens=3 cached_tokens=8 bytes=3 first=1s reason="end of text" took=3s`},
		{"a label and a level", wrap.Log{Level: slog.LevelDebug}, "translate", samplingtest.Reply{Text: "ab", Reason: sampling.TokenLimit}, 0,
			`level=DEBUG msg=sample label=translate bytes=2 first=1s reason="token limit" took=2s`},
		{"left", wrap.Log{}, "", samplingtest.Reply{Text: "abc", Usage: told}, 2,
			`level=INFO msg=sample bytes=2 first=1s reason=left took=2s`},
		{"with the text", wrap.Log{Text: true}, "", samplingtest.Reply{Text: "abc"}, 0,
			`level=INFO msg=sample bytes=3 first=1s reason="end of text" prompt="the prompt" text=abc took=3s`},
		{"failed", wrap.Log{}, "", samplingtest.Reply{Text: "a", Err: busy}, 0,
			`level=ERROR msg=sample bytes=1 first=1s took=1s error="test: status 503: busy"`},
		{"failed at once", wrap.Log{}, "", samplingtest.Reply{Err: busy}, 0,
			`level=ERROR msg=sample bytes=0 took=0s error="test: status 503: busy"`},
		{"broke off", wrap.Log{}, "", samplingtest.Reply{Chunks: []sampling.Chunk{{Text: "a"}}}, 0,
			`level=ERROR msg=sample bytes=1 first=1s reason=unfinished took=1s error="sampling: the stream broke off"`},
		{"cancelled", wrap.Log{}, "", samplingtest.Reply{Err: fmt.Errorf("x: %w", context.Canceled)}, 0,
			`level=INFO msg=sample bytes=0 took=0s error="x: context canceled"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got func() []string
				test.log.Logger, got = records(slog.LevelDebug)
				script := turns(test.reply)
				script.Wait = func(context.Context, int, int) error { time.Sleep(time.Second); return nil }
				ctx := t.Context()
				if test.label != "" {
					ctx = wrap.WithLabel(ctx, test.label)
				}
				n := 0
				for range test.log.Wrap(script).Sample(ctx, &sampling.Request{Prompt: "the prompt", Stop: []string{"stop"}, Params: sampling.Params{Extra: map[string]any{"key": "secret"}}}) {
					if n++; n == test.read {
						break
					}
				}
				if diff := cmp.Diff([]string{test.want}, got()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// One record tells what all that is inside did.
func TestLogTellsOfTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, got := records(slog.LevelInfo)
		script := turns(samplingtest.Reply{Err: patient(10 * time.Second)}, costing(10, 5))
		b := wrap.Around(script,
			&wrap.Limit{Requests: 1},
			&wrap.Meter{Price: llama405b},
			wrap.Retry{Wait: time.Nanosecond},
			&wrap.Cache{},
			wrap.Log{Logger: logger},
		)
		for range 2 {
			read(t.Context(), b, &sampling.Request{})
		}
		lines := got()
		// 10 seconds were the wait that the server asked for, and the rest of
		// the minute that of the limit.
		want := []string{
			`level=INFO msg=sample prompt_tokens=10 completion_tokens=5 bytes=1 first=1m0s reason="end of text" took=1m0s attempts=2 waited=50s cost=6e-05`,
			`level=INFO msg=sample prompt_tokens=10 completion_tokens=5 bytes=1 first=0s reason="end of text" took=0s hit=true`,
		}
		for i := range lines { // a nanosecond of jitter
			lines[i] = strings.NewReplacer("1m0.000000001s", "1m0s", "49.999999999s", "50s").Replace(lines[i])
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestLogDrawAndScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, got := records(slog.LevelInfo)
		script := able()
		m := sampling.Model{Backend: wrap.Log{Logger: logger}.Wrap(script)}
		whole := sampling.Model{Backend: wrap.Log{Logger: logger, Text: true}.Wrap(script)}
		m.Draw(t.Context(), &sampling.Request{Prompt: "p"}, 2)
		m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a", "b", "c"})
		whole.Draw(t.Context(), &sampling.Request{Prompt: "p"}, 2)
		whole.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a", "b"})
		script.ScoreFunc, script.DrawFunc = nil, nil
		m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"})
		script.Answer = samplingtest.Always("x")
		m.Backend.(sampling.Drawer).Draw(t.Context(), &sampling.Request{}, 2)
		m.Complete(t.Context(), &sampling.Request{Prompt: "Sentiment: "})
		want := []string{
			`level=INFO msg=draw n=2 completions=2 bytes=16 took=0s`,
			`level=INFO msg=score n=3 completions=3 took=0s`,
			`level=INFO msg=draw n=2 completions=2 bytes=16 prompt=p texts="[ drawn 0  drawn 1]" took=0s`,
			`level=INFO msg=score n=2 completions=2 prompt=p texts="[a b]" took=0s`,
			`level=INFO msg=score n=1 completions=0 took=0s error="sampling: not supported by this backend"`,
			`level=INFO msg=draw n=2 completions=0 bytes=0 took=0s error="sampling: not supported by this backend"`,
			`level=INFO msg=sample bytes=1 first=0s reason="end of text" warning="the prompt ends in white space, which tokenizers join to the next word; leave it to the completion" took=0s`,
		}
		if diff := cmp.Diff(want, got()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Without a Logger the default of the moment is used.
func TestLogDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	b := wrap.Log{}.Wrap(able())
	logger, got := records(slog.LevelInfo)
	slog.SetDefault(logger)
	read(t.Context(), b, &sampling.Request{})
	if lines := got(); len(lines) != 1 || !strings.Contains(lines[0], "msg=sample") {
		t.Error(lines)
	}
}

// A handler sees the context of the call, where tracing keeps its identifiers.
func TestLogContext(t *testing.T) {
	type key struct{}
	var seen any
	handler := contextHandler{slog.DiscardHandler, func(ctx context.Context) { seen = ctx.Value(key{}) }}
	read(context.WithValue(t.Context(), key{}, "trace 7"), wrap.Log{Logger: slog.New(handler)}.Wrap(able()), &sampling.Request{})
	if seen != "trace 7" {
		t.Errorf("the handler saw %v", seen)
	}
}

type contextHandler struct {
	slog.Handler
	see func(context.Context)
}

func (contextHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.see(ctx)
	return nil
}

// The usual JSON handler can write every attribute.
func TestLogJSON(t *testing.T) {
	var out bytes.Buffer
	log := wrap.Log{Logger: slog.New(slog.NewJSONHandler(&out, nil)), Text: true}
	m := sampling.Model{Backend: log.Wrap(able())}
	m.Complete(t.Context(), &sampling.Request{Prompt: "p"})
	m.Draw(t.Context(), &sampling.Request{Prompt: "p"}, 2)
	lines := 0
	for line := range strings.Lines(out.String()) {
		lines++
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil || fields["prompt"] != "p" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if lines != 2 {
		t.Errorf("%d lines for two calls", lines)
	}
}
