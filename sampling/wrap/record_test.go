package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// record calls a backend and returns a Replay of what came of it.
func record(t *testing.T, b sampling.Backend, how wrap.Replay, use func(sampling.Backend)) (replay sampling.Backend, file string) {
	t.Helper()
	var buffer bytes.Buffer
	r := &wrap.Record{To: &buffer}
	use(r.Wrap(b))
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	file = buffer.String()
	replay, err := how.Read(&buffer)
	if err != nil {
		t.Fatal(err)
	}
	return replay, file
}

// The file that a program's tests keep, as a person reads it.
func TestRecordFile(t *testing.T) {
	script := able()
	script.Turns, script.Replies, script.ChunkSize = []samplingtest.Reply{
		{Chunks: []sampling.Chunk{{Text: " 나", Tokens: []sampling.Token{{Text: " \xeb\x82", Logprob: -0.5}}}, {Text: "비", Reason: sampling.TokenLimit, Usage: &sampling.Usage{PromptTokens: 3, CompletionTokens: 2}}}},
		{Text: " <b> &"},
		{Text: " 30", Err: patient(90 * time.Second)},
	}, nil, 2
	_, got := record(t, script, wrap.Replay{}, func(b sampling.Backend) {
		m := sampling.Model{Backend: b, Window: 4096}
		params := sampling.Params{MaxTokens: 4, Seed: 9, Logprobs: true, TopLogprobs: 1, Extra: map[string]any{"grammar": "root ::= [a-z]", "cache_prompt": true}}
		m.Complete(t.Context(), &sampling.Request{Prompt: "butterfly:", Stop: []string{"\n"}, Params: params})
		m.Complete(t.Context(), &sampling.Request{Prompt: "tag:", Stop: []string{">"}, Params: sampling.Params{Seed: 9}})
		m.Complete(t.Context(), &sampling.Request{Prompt: "page:", Params: sampling.Params{Temperature: 0.7, TopP: 0.9, Seed: 9}})
		m.Draw(t.Context(), &sampling.Request{Prompt: "draw:", Params: sampling.Params{Temperature: 1, Seed: 9}}, 2)
		m.Score(t.Context(), &sampling.Request{Prompt: "score:"}, []string{" a", " b"})
	})
	const golden = "testdata/exchanges.jsonl"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-file +now); -update writes it anew:\n%s", golden, diff)
	}
}

// A text that is counted again and again stands there once.
func TestRecordCountsOnce(t *testing.T) {
	replay, file := record(t, able(), wrap.Replay{}, func(b sampling.Backend) {
		for _, text := range []string{"a", "butterfly:", "a", "a"} {
			b.(sampling.Counter).Count(context.Background(), text)
		}
	})
	if n := strings.Count(file, "\n"); n != 1+2 {
		t.Errorf("%d lines for two texts:\n%s", n, file)
	}
	for range 2 {
		if n, err := replay.(sampling.Counter).Count(context.Background(), "butterfly:"); n != 5 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
}

// A program cannot tell a Replay from what was recorded.
func TestReplay(t *testing.T) {
	told := &sampling.Usage{PromptTokens: 3, CompletionTokens: 2}
	replies := []samplingtest.Reply{
		{Text: " 나비", Usage: told},
		{Text: " one two", Reason: sampling.TokenLimit},
		{Text: " x\n y"},
		{Chunks: []sampling.Chunk{{Text: " broke"}}},
		{Chunks: []sampling.Chunk{}},
		{Text: " text", Err: patient(time.Second)},
		{Err: fmt.Errorf("asking: %w", &sampling.Error{Backend: "b", Status: 400, Err: fmt.Errorf("too long: %w", sampling.ErrBudget)})},
		{Err: errBoom},
		{Err: &sampling.Error{Backend: "b"}},
	}
	script := able()
	script.Turns, script.Replies, script.Loop = replies, nil, false
	use := func(b sampling.Backend) (log []string) {
		m := sampling.Model{Backend: b, Window: 1000}
		say := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
		for i := range replies {
			req := &sampling.Request{Prompt: fmt.Sprint("prompt ", i), Stop: []string{"\n"}, Params: sampling.Params{Temperature: 1, Seed: 4}}
			for chunk, err := range m.Stream(t.Context(), req) {
				say("%d %+v %v", i, chunk, chunk.Usage)
				if err != nil {
					e, _ := errors.AsType[*sampling.Error](err)
					say("  %v; truncated %v, budget %v, canceled %v; typed %+v", err, errors.Is(err, sampling.ErrTruncated), errors.Is(err, sampling.ErrBudget), errors.Is(err, context.Canceled), e)
				}
			}
		}
		all, err := m.Draw(t.Context(), &sampling.Request{Prompt: "draw", Params: sampling.Params{Seed: 6}}, 3)
		for _, c := range all {
			say("drawn %+v %v", c, err)
		}
		scores, err := m.Score(t.Context(), &sampling.Request{Prompt: "pp"}, []string{"a", "bb"})
		say("%+v %v", scores, err)
		n, err := m.Count(context.Background(), "some text")
		say("%d %v", n, err)
		return log
	}
	var before []string
	replay, _ := record(t, script, wrap.Replay{}, func(b sampling.Backend) { before = use(b) })
	for range 2 { // what was asked once is answered alike for ever
		after := use(replay)
		// The address of an error in %+v differs, and its text is compared above.
		for i := range before {
			before[i], after[i] = withoutAddress(before[i]), withoutAddress(after[i])
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("(-recorded +replayed):\n%s", diff)
		}
	}
}

func withoutAddress(s string) string {
	out, rest, _ := strings.Cut(s, "0x")
	return out + strings.TrimLeft(rest, "0123456789abcdef")
}

// The same request is answered in the order of the recording, and then with the
// last answer.
func TestReplayOrder(t *testing.T) {
	script := &samplingtest.Script{Turns: []samplingtest.Reply{{Err: busy}, {Text: "a"}, {Text: "other"}, {Text: "b"}}}
	p, q := &sampling.Request{Prompt: "p"}, &sampling.Request{Prompt: "q"}
	replay, _ := record(t, script, wrap.Replay{}, func(b sampling.Backend) {
		for _, req := range []*sampling.Request{p, p, q, p} {
			read(t.Context(), b, req)
		}
	})
	var got []string
	for range 4 {
		text, err := read(t.Context(), replay, p)
		got = append(got, fmt.Sprint(text, err != nil))
	}
	if diff := cmp.Diff([]string{"true", "afalse", "bfalse", "bfalse"}, got); diff != "" {
		t.Error(diff)
	}
	if text, err := read(t.Context(), replay, q); text != "other" || err != nil {
		t.Error(text, err)
	}
}

// A stream that was left is replayed as far as it was read.
func TestReplayLeft(t *testing.T) {
	script := &samplingtest.Script{Replies: []string{" Paris. The capital", "abcdef"}, ChunkSize: 1}
	req := &sampling.Request{Prompt: "France:", Stop: []string{"."}}
	free := &sampling.Request{Prompt: "letters:"}
	replay, file := record(t, script, wrap.Replay{}, func(b sampling.Backend) {
		sampling.Model{Backend: b}.Complete(t.Context(), req)
		for range b.Sample(t.Context(), free) {
			break
		}
	})
	if strings.Contains(file, "capital") || strings.Count(file, `"left":true`) != 2 {
		t.Error(file)
	}
	if c, err := (sampling.Model{Backend: replay}).Complete(t.Context(), req); err != nil || c.Text != " Paris" || c.Reason != sampling.StopSequence {
		t.Errorf("%+v, %v", c, err)
	}
	text, err := read(t.Context(), replay, free)
	if text != "a" || err == nil || !strings.Contains(err.Error(), "line 3 was recorded no further") {
		t.Errorf("%q, %v", text, err)
	}
}

// An unknown request is an error, and says how it differs from the nearest one.
func TestReplayUnknown(t *testing.T) {
	shots := "Q: What is the capital of France?\nA: Paris\n\nQ: What is the capital of Japan?\nA:"
	params := sampling.Params{MaxTokens: 16, Temperature: 0.7, Seed: 12}
	replay, _ := record(t, able(), wrap.Replay{}, func(b sampling.Backend) {
		for _, req := range []*sampling.Request{
			{Prompt: shots, Stop: []string{"\n"}, Params: params},
			{Prompt: "sea otter => loutre de mer\ncheese =>", Stop: []string{"\n"}},
		} {
			read(t.Context(), b, req)
		}
		b.(sampling.Drawer).Draw(t.Context(), &sampling.Request{}, 3)
	})
	for _, test := range []struct {
		name string
		req  *sampling.Request
		want string
	}{
		{"a word", &sampling.Request{Prompt: strings.Replace(shots, "Japan", "Korea", 1), Stop: []string{"\n"}, Params: params},
			`replay: this request was not recorded; the nearest, on line 2, has another prompt (at byte 70: asked "Korea?\nA:", recorded "Japan?\nA:"); record it again`},
		{"a space at the end", &sampling.Request{Prompt: "sea otter => loutre de mer\ncheese => ", Stop: []string{"\n"}},
			`replay: this request was not recorded; the nearest, on line 3, has another prompt (at byte 36: asked " ", recorded the end); record it again`},
		{"half a rune", &sampling.Request{Prompt: "sea otter => loutre de mer\nchéese =>", Stop: []string{"\n"}},
			`replay: this request was not recorded; the nearest, on line 3, has another prompt (at byte 29: asked "éese =>", recorded "eese =>"); record it again`},
		{"all of a long prompt", &sampling.Request{Prompt: "x" + strings.Repeat("나", 20), Stop: []string{"\n"}, Params: params},
			`replay: this request was not recorded; the nearest, on line 2, has another prompt (at byte 0: asked "x나나나나나나나…", recorded "Q: What is the capital o…"); record it again`},
		{"parameters", &sampling.Request{Prompt: shots, Stop: []string{"\n", "Q:"}, Params: sampling.Params{MaxTokens: 16, Temperature: 0.8, Seed: 12}},
			`replay: this request was not recorded; the nearest, on line 2, has another stop (asked ["\n" "Q:"], recorded ["\n"]), another temperature (asked 0.8, recorded 0.7); record it again`},
		{"the seed", &sampling.Request{Prompt: shots, Stop: []string{"\n"}, Params: sampling.Params{MaxTokens: 16, Temperature: 0.7, Seed: 99}},
			`replay: this request was not recorded; the nearest, on line 2, has another seed (asked 99, recorded 12); give the request a seed, or set Replay.AnySeed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := read(t.Context(), replay, test.req)
			if text != "" || err == nil || err.Error() != test.want {
				t.Errorf("%q\n%v\nwant\n%v", text, err, test.want)
			}
			if e, ok := errors.AsType[*sampling.Error](err); !ok || e.Temporary {
				t.Errorf("not an error that nobody tries again: %v", err)
			}
		})
	}
	if _, err := replay.(sampling.Drawer).Draw(t.Context(), &sampling.Request{}, 2); err == nil || !strings.Contains(err.Error(), "another n (asked 2, recorded 3)") {
		t.Error(err)
	}
	if _, err := replay.(sampling.Scorer).Score(t.Context(), &sampling.Request{Prompt: ""}, nil); err == nil || !strings.Contains(err.Error(), "no score was recorded") {
		t.Error(err)
	}
	if _, err := replay.(sampling.Counter).Count(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "no count was recorded") {
		t.Error(err)
	}
}

// With AnySeed a program that leaves the seeds to Model can be replayed.
func TestReplayAnySeed(t *testing.T) {
	script := &samplingtest.Script{Replies: []string{"a", "b", "c"}}
	complete := func(b sampling.Backend, seed uint64) string {
		c, err := sampling.Model{Backend: b}.Complete(t.Context(), &sampling.Request{Params: sampling.Params{Temperature: 1, Seed: seed}})
		if err != nil {
			t.Error(err)
		}
		return c.Text
	}
	replay, _ := record(t, script, wrap.Replay{AnySeed: true}, func(b sampling.Backend) {
		complete(b, 1)
		complete(b, 2)
		complete(b, 0)
	})
	if got := complete(replay, 2); got != "b" {
		t.Errorf("the very seed gives %q", got)
	}
	if got := complete(replay, 0) + complete(replay, 0) + complete(replay, 0) + complete(replay, 0); got != "abcc" {
		t.Errorf("any seed gives %q", got)
	}
}

func TestReplayBadFiles(t *testing.T) {
	const head = `{"format":"foreword exchanges 1","abilities":[]}` + "\n"
	for name, test := range map[string]struct{ file, words string }{
		"empty":             {"", "there are none"},
		"blank":             {"\n\n", "there are none"},
		"no header":         {`{"ask":{"method":"sample","prompt":"p"},"answer":{}}`, "line 1: the first line must be a header"},
		"another version":   {`{"format":"foreword exchanges 2"}`, `line 1: the format is "foreword exchanges 2", and this version`},
		"cut off":           {head + `{"ask":{"method":"sample","pro`, "line 2: unexpected EOF"},
		"a slip":            {head + `{"ask":{"method":"sample","promt":"p"},"answer":{}}`, `line 2: json: unknown field "promt"`},
		"no answer":         {head + `{"ask":{"method":"sample","prompt":"p"}}`, "line 2: a line needs both"},
		"an unknown reason": {head + `{"ask":{"method":"sample","prompt":"p"},"answer":{"chunks":[{"reason":"bored"}]}}`, `line 2: sampling: unknown reason "bored"`},
	} {
		if _, err := (wrap.Replay{}).Read(strings.NewReader(test.file)); err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (wrap.Replay{}).Read(io.MultiReader(strings.NewReader(head), failingReader{})); !errors.Is(err, errBoom) {
		t.Error(err)
	}
	// Files may be joined, and may have no end of line.
	joined := head + `{"ask":{"method":"sample","prompt":"p","params":{"max_tokens":256}},"answer":{"chunks":[{"text":"x","reason":"end of text"}]}}` + "\n" +
		`{"format":"foreword exchanges 1","abilities":["count"]}` + "\n\n" + `{"ask":{"method":"count","prompt":"p"},"answer":{"tokens":7}}`
	b, err := wrap.Replay{}.Read(strings.NewReader(joined))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := read(t.Context(), b, &sampling.Request{Prompt: "p"}); text != "x" || err != nil {
		t.Error(text, err)
	}
	if n, err := b.(sampling.Counter).Count(context.Background(), "p"); n != 7 || err != nil {
		t.Error(n, err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errBoom }

// A failingWriter fails after so many writes.
type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errBoom
	}
	return len(p), nil
}

// A recording with a hole does not go unnoticed.
func TestRecordFails(t *testing.T) {
	r := &wrap.Record{To: &failingWriter{left: 1}}
	m := sampling.Model{Backend: r.Wrap(able())}
	if _, err := m.Complete(t.Context(), &sampling.Request{}); err != nil || r.Err() != nil {
		t.Errorf("while there is room: %v, %v", err, r.Err())
	}
	if c, err := m.Complete(t.Context(), &sampling.Request{}); !errors.Is(err, errBoom) || c.Reason != sampling.Unfinished {
		t.Errorf("%+v, %v", c, err)
	}
	if !errors.Is(r.Err(), errBoom) {
		t.Errorf("Err says %v", r.Err())
	}
	if _, err := m.Score(t.Context(), &sampling.Request{Prompt: "p"}, []string{"a"}); !errors.Is(err, errBoom) {
		t.Error(err)
	}
	r = &wrap.Record{To: new(failingWriter)}
	for range r.Wrap(able()).Sample(t.Context(), &sampling.Request{}) {
		break
	}
	if !errors.Is(r.Err(), errBoom) {
		t.Errorf("after a stream that was left Err says %v", r.Err())
	}
	r = new(wrap.Record)
	if _, err := read(t.Context(), r.Wrap(able()), &sampling.Request{}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("the zero Record: %v", err)
	}
	r = &wrap.Record{To: io.Discard}
	if _, err := read(t.Context(), r.Wrap(able()), &sampling.Request{Prompt: "\xff"}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("a prompt that cannot be written: %v", err)
	}
}

// What a backend says reaches the caller as it was: an error is the same value,
// and a completion that a Drawer left nil is Model's to complain of.
func TestRecordPassesOn(t *testing.T) {
	script := &samplingtest.Script{
		Turns: []samplingtest.Reply{{Err: errBoom}},
		DrawFunc: func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
			return []*sampling.Completion{nil, {Text: "a", Reason: sampling.EndOfText}}, nil
		},
	}
	replay, _ := record(t, script, wrap.Replay{}, func(b sampling.Backend) {
		m := sampling.Model{Backend: b}
		if _, err := m.Complete(t.Context(), &sampling.Request{}); err != errBoom {
			t.Errorf("the error came as %T %v", err, err)
		}
		if drawn, err := m.Draw(t.Context(), &sampling.Request{}, 2); len(drawn) != 1 || err == nil || !strings.Contains(err.Error(), "drew 1 completions where 2") {
			t.Errorf("%d completions, %v", len(drawn), err)
		}
	})
	if drawn, err := (sampling.Model{Backend: replay}).Draw(t.Context(), &sampling.Request{}, 2); len(drawn) != 1 || err == nil {
		t.Errorf("replayed: %d completions, %v", len(drawn), err)
	}
}

// Calls at the same time stand in the file line by line.
func TestRecordConcurrently(t *testing.T) {
	script := &samplingtest.Script{ChunkSize: 1, Choose: func(_ int, req *sampling.Request) samplingtest.Reply {
		return samplingtest.Reply{Text: strings.ToUpper(req.Prompt)}
	}}
	use := func(b sampling.Backend) {
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				prompt := fmt.Sprint("prompt ", i)
				if text, err := read(t.Context(), b, &sampling.Request{Prompt: prompt}); text != strings.ToUpper(prompt) || err != nil {
					t.Errorf("%q, %v", text, err)
				}
			})
		}
		wg.Wait()
	}
	replay, _ := record(t, script, wrap.Replay{}, use)
	use(replay)
}
