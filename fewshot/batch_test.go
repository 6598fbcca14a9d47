package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

func TestWriteBatch(t *testing.T) {
	task := fewshot.Task[string, string]{Examples: tenPairs[:1], Format: fewshot.Lines, Params: sampling.Params{MaxTokens: 8, Seed: 1<<62 + 1}}
	var b strings.Builder
	n, err := task.WriteBatch(t.Context(), &b, sampling.Model{}, "some/base-model", slices.Values([]string{"teacher", "morning"}))
	if err != nil || n != 2 {
		t.Fatalf("%d requests, %v", n, err)
	}
	want := `{"custom_id":"foreword-0","method":"POST","url":"/v1/completions","body":{"max_tokens":8,"model":"some/base-model","prompt":"butterfly: 나비\nteacher:","seed":4611686018427387905,"stop":["\n"],"temperature":0,"top_p":1}}
{"custom_id":"foreword-1","method":"POST","url":"/v1/completions","body":{"max_tokens":8,"model":"some/base-model","prompt":"butterfly: 나비\nmorning:","seed":4611686018427387905,"stop":["\n"],"temperature":0,"top_p":1}}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n, err := task.WriteBatch(t.Context(), &b, sampling.Model{}, "m", slices.Values([]string{"a", "b\nc"})); n != 1 || err == nil || !strings.Contains(err.Error(), "input 1") {
		t.Errorf("an input that breaks the layout: %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	endless := func(yield func(string) bool) {
		for yield("word") {
			cancel()
		}
	}
	if n, err := task.WriteBatch(ctx, &b, sampling.Model{}, "m", endless); n != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %d, %v", n, err)
	}
	if _, err := task.WriteBatch(t.Context(), &b, sampling.Model{}, "", slices.Values([]string{"a"})); err == nil {
		t.Error("no model: accepted")
	}
	task.Params = sampling.Params{
		Temperature: 0.7, TopP: 0.9, TopK: 40, MinP: 0.1, FrequencyPenalty: 0.2, PresencePenalty: -0.3, RepetitionPenalty: 1.1, Logprobs: true, TopLogprobs: 2,
		Extra: map[string]any{"ignore_eos": true},
	}
	task.Format.Stop = []string{}
	b.Reset()
	want = `{"custom_id":"foreword-0","method":"POST","url":"/v1/completions","body":{"frequency_penalty":0.2,"ignore_eos":true,"logprobs":2,"max_tokens":256,"min_p":0.1,"model":"m","presence_penalty":-0.3,"prompt":"butterfly: 나비\na:","repetition_penalty":1.1,"temperature":0.7,"top_k":40,"top_p":0.9}}
`
	if n, err := task.WriteBatch(t.Context(), &b, sampling.Model{}, "m", slices.Values([]string{"a"})); n != 1 || err != nil || b.String() != want {
		t.Errorf("all parameters: %d, %v\n%s", n, err, b.String())
	}
	full := errors.New("the disk is full")
	if n, err := task.WriteBatch(t.Context(), &fullAfter{1, full}, sampling.Model{}, "m", slices.Values([]string{"a", "b"})); n != 1 || !errors.Is(err, full) {
		t.Errorf("a disk that is full: %d, %v", n, err)
	}
	task.Params.Extra = map[string]any{"temperature": 1}
	if _, err := task.WriteBatch(t.Context(), &b, sampling.Model{}, "m", slices.Values([]string{"a"})); err == nil || !strings.Contains(err.Error(), `"temperature"`) {
		t.Errorf("a field twice: %v", err)
	}
}

// fullAfter is a disk that has room for so many writes.
type fullAfter struct {
	writes int
	err    error
}

func (f *fullAfter) Write(p []byte) (int, error) {
	if f.writes--; f.writes < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestReadBatch(t *testing.T) {
	file := `{"id":"b1","custom_id":"foreword-1","response":{"status_code":200,"request_id":"r","body":{"choices":[{"text":" 아침\nand so on","index":0,"finish_reason":"stop"}]}},"error":null}
{"id":"b2","custom_id":"foreword-0","response":{"status_code":200,"body":{"choices":[{"text":" 선생","finish_reason":"length"}]}},"error":null}
{"id":"b3","custom_id":"foreword-2","response":{"status_code":429,"body":{"error":{"message":"slow down"}}},"error":null}
{"id":"b4","custom_id":"foreword-3","response":null,"error":{"code":"batch_expired"}}
{"id":"b5","custom_id":"foreword-4","response":{"status_code":200,"body":{"choices":[]}}}
{"id":"b6","custom_id":"foreword-5"}

{"id":"b7","custom_id":"foreword-6","response":{"status_code":400,"request_id":"r","body":null},"error":"URL /v1/completions was used."}
`
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	type outcome struct {
		Index    int
		Out, Err string
	}
	var got []outcome
	for r, err := range task.ReadBatch(strings.NewReader(file)) {
		if err != nil {
			t.Fatal(err)
		}
		o := outcome{Index: r.Index, Out: r.Out}
		if r.Err != nil {
			o.Err = r.Err.Error()
		}
		got = append(got, o)
	}
	want := []outcome{
		{1, "아침", ""},
		{0, "", `fewshot: the answer " 선생" ran into the token limit; raise Params.MaxTokens, or give the Format a stop sequence that ends it: sampling: cut by the token limit`},
		{2, "", `batch: status 429: {"message":"slow down"}`},
		{3, "", `batch: {"code":"batch_expired"}`},
		{4, "", "batch: the response has no choices"},
		{5, "", "batch: the answer has neither a response nor an error"},
		{6, "", `batch: "URL /v1/completions was used."`}, // as vLLM's run-batch says it
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	broken := errors.New("the disk is gone")
	for _, err := range task.ReadBatch(iotest.ErrReader(broken)) {
		if !errors.Is(err, broken) {
			t.Errorf("a reader that fails: %v", err)
		}
	}
	for name, bad := range map[string]string{
		"cut off":        `{"custom_id":"foreword-1","respo`,
		"a foreign id":   `{"custom_id":"request-1"}`,
		"no number":      `{"custom_id":"foreword-x"}`,
		"the same twice": `{"custom_id":"foreword-7","error":1}` + "\n" + `{"custom_id":"foreword-7","error":1}`,
	} {
		var last error
		for _, err := range task.ReadBatch(strings.NewReader(bad)) {
			last = err
		}
		var where *fewshot.FileError
		if !errors.As(last, &where) {
			t.Errorf("%s: %v", name, last)
		}
	}
}

// A file goes to where many are answered at once, and the answers come back in
// another, in any order.
func ExampleTask_WriteBatch() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	if _, err := task.WriteBatch(context.Background(), os.Stdout, sampling.Model{}, "base-model", slices.Values([]string{"teacher"})); err != nil {
		log.Fatal(err)
	}
	answers := `{"custom_id":"foreword-0","response":{"status_code":200,"body":{"choices":[{"text":" 선생님","finish_reason":"stop"}]}}}`
	for r, err := range task.ReadBatch(strings.NewReader(answers)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Index, r.Out, r.Err)
	}
	// Output:
	// {"custom_id":"foreword-0","method":"POST","url":"/v1/completions","body":{"max_tokens":256,"model":"base-model","prompt":"butterfly: 나비\nteacher:","stop":["\n"],"temperature":0,"top_p":1}}
	// 0 선생님 <nil>
}
