package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A heard is what must come out of a recorded response.
type heard struct {
	text   string // the whole text; with "…" in it, how it begins and ends
	reason sampling.Reason
	usage  [3]int // prompt, completion, cached
	tokens int

	status    int // that of the error, where the response is one
	temporary bool
	words     string // that the error repeats
	is        error
}

// long is the story that the model of 260 thousand parameters always tells.
const long = ", there was a little girl named Lily. She loved to play outside in the park. One day…"

const (
	limit = sampling.TokenLimit
	end   = sampling.EndOfText
)

type wireTest struct {
	name    string
	heard   []heard // one for each continuation
	refused error   // the error of the recorded request, where it is not sent
	why     string
}

// wireTests has a row for every recorded exchange with /v1. What a program can
// ask for is asked for and read; what it cannot is refused before it is sent,
// and then the response is read as the answer to a plain request.
var wireTests = []wireTest{
	{name: "llamacpp/v1_badjson", heard: []heard{{status: 500, temporary: true, words: "parse error at line 1, column 31"}}, why: "the client sent half a body"},
	{name: "llamacpp/v1_badtype", heard: []heard{{status: 400, words: "type must be number, but is string"}}, refused: sampling.ErrInvalid, why: "Extra cannot set max_tokens, which Params.MaxTokens does"},
	{name: "llamacpp/v1_basic", heard: []heard{{text: ", there was a little girl named Lily. She", reason: limit, usage: [3]int{5, 12, 0}}}},
	{name: "llamacpp/v1_best_of", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, refused: sampling.ErrUnsupported, why: "llama.cpp ignores best_of"},
	{name: "llamacpp/v1_ctxfill", heard: []heard{{text: long + " Lily was happy to help her", reason: limit, usage: [3]int{5, 507, 4}}}, why: "the window was full before max_tokens, which is a limit of tokens too"},
	{name: "llamacpp/v1_echo", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, refused: sampling.ErrUnsupported, why: "llama.cpp ignores echo"},
	{name: "llamacpp/v1_echo_false", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}}}, refused: sampling.ErrUnsupported, why: "older builds refuse the mere presence of echo"},
	{name: "llamacpp/v1_emptyprompt", heard: []heard{{text: " Once upon a time,", reason: limit, usage: [3]int{1, 5, 0}}}},
	{name: "llamacpp/v1_eos", heard: []heard{{text: "", reason: end, usage: [3]int{5, 1, 4}}}, why: "nothing but the end of the text was drawn"},
	{name: "llamacpp/v1_get", heard: []heard{{status: 404, words: "File Not Found"}}},
	{name: "llamacpp/v1_logprobs", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}, tokens: 2}}},
	{name: "llamacpp/v1_logprobs0", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}}}},
	{name: "llamacpp/v1_logprobs_true", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}, tokens: 2}}, refused: sampling.ErrInvalid, why: "Extra cannot set logprobs, which Params.Logprobs does"},
	{name: "llamacpp/v1_maxtok0", heard: []heard{{text: ",", reason: limit, usage: [3]int{5, 1, 4}}}, why: "a MaxTokens of 0 is the default of 256, so that is what is sent"},
	{name: "llamacpp/v1_maxtok_neg5", heard: []heard{{status: 400, words: "must be between -1 <= value"}}, refused: sampling.ErrInvalid},
	{name: "llamacpp/v1_models", heard: []heard{{status: 200, words: "no choices"}}, why: "the answer of another address is no completion"},
	{name: "llamacpp/v1_n", heard: []heard{
		{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}},
		{text: ", there was a little", reason: limit},
		{text: ", there was a little", reason: limit},
	}, why: "the usage of a whole answer is that of the first continuation; Draw streams, where each has its own"},
	{name: "llamacpp/v1_n_noseed", heard: []heard{
		{text: ", there was a little girl named Lily. She loved to play with her toys in the small toys.", reason: limit, usage: [3]int{5, 30, 4}},
		{text: ", there was a little bird named Tweetie. He lived in a train with a big cl", reason: limit},
	}},
	{name: "llamacpp/v1_n_seed_long", heard: []heard{
		{text: ", there was a little girl named Lily. She lived on a chair with her friends. One day, Lily was", reason: limit, usage: [3]int{5, 30, 4}},
		{text: ", there was a big, blue boy. The boy was a fruit and liked to ma", reason: limit},
	}, why: "the first is that of the seed itself: see v1_seed_repeat1"},
	{name: "llamacpp/v1_n_too_many", heard: []heard{{status: 400, words: "must be between 1 <= value <= 4, but got 5", is: sampling.ErrUnsupported}}, why: "more continuations than slots; Model then draws one by one"},
	{name: "llamacpp/v1_nomaxtok", heard: []heard{{text: long + " Lily was happy to help her", reason: limit, usage: [3]int{5, 507, 4}}}},
	{name: "llamacpp/v1_nomodelfield", heard: []heard{{text: " upon a time", reason: limit, usage: [3]int{2, 3, 1}}}, why: "a model is always named; llama.cpp takes any name"},
	{name: "llamacpp/v1_noprompt", heard: []heard{{status: 400, words: "key 'prompt' not found"}}},
	{name: "llamacpp/v1_othermodel", heard: []heard{{text: " upon a time", reason: limit, usage: [3]int{2, 3, 1}}}, why: "llama.cpp ignores a wrong name"},
	{name: "llamacpp/v1_prompt_array", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, refused: sampling.ErrUnsupported, why: "two prompts are two requests"},
	{name: "llamacpp/v1_prompt_mixed", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, why: "ids of tokens with text between them are one prompt"},
	{name: "llamacpp/v1_prompt_nested_tokens", heard: []heard{{text: " a time,", reason: limit, usage: [3]int{3, 3, 2}}}, refused: sampling.ErrUnsupported, why: "two prompts are two requests"},
	{name: "llamacpp/v1_prompt_null", heard: []heard{{status: 400, words: "elements must be a string"}}},
	{name: "llamacpp/v1_prompt_tokens", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}},
	{name: "llamacpp/v1_return_tokens", heard: []heard{{text: " a time", reason: limit, usage: [3]int{3, 2, 2}, tokens: 2}}, why: "n_probs is llama.cpp's own name for logprobs"},
	{name: "llamacpp/v1_seed_repeat1", heard: []heard{{text: ", there was a little girl named Lily. She lived on a chair with her friends. One day, Lily was", reason: limit, usage: [3]int{5, 30, 4}}}},
	{name: "llamacpp/v1_seed_repeat2", heard: []heard{{text: ", there was a little girl named Lily. She lived on a chair with her friends. One day, Lily was", reason: limit, usage: [3]int{5, 30, 4}}}},
	{name: "llamacpp/v1_stop", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 4}}}, why: "recorded without verbose, by which llama.cpp would have told the stop"},
	{name: "llamacpp/v1_stop5", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 4}}}, why: "llama.cpp takes any number of stops"},
	{name: "llamacpp/v1_stop_empty", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}},
	{name: "llamacpp/v1_stop_null", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}},
	{name: "llamacpp/v1_stop_string", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 4}}}},
	{name: "llamacpp/v1_stream", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}},
	{name: "llamacpp/v1_stream_logprobs", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}, tokens: 2}}},
	{name: "llamacpp/v1_stream_n", heard: []heard{
		{text: ", there", reason: limit, usage: [3]int{5, 2, 4}},
		{text: ", there", reason: limit, usage: [3]int{0, 2, 0}},
	}, why: "the events of both mix, and the prompt is counted once"},
	{name: "llamacpp/v1_stream_stop", heard: []heard{{text: ", there was a little girl ", reason: end, usage: [3]int{5, 10, 4}}}},
	{name: "llamacpp/v1_stream_usage", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}},
	{name: "llamacpp/v1_suffix", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, refused: sampling.ErrUnsupported, why: "llama.cpp ignores suffix"},
	{name: "llamacpp/v1_suffix_null", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 4}}}, refused: sampling.ErrUnsupported, why: "older builds refuse the mere presence of suffix"},
	{name: "llamacpp/v1_temp_neg", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}, refused: sampling.ErrInvalid},
	{name: "llamacpp/v1_timings_per_token", heard: []heard{{text: " upon", reason: limit, usage: [3]int{2, 1, 1}}}, why: "events without text tell of the prompt's progress"},
	{name: "llamacpp/v1_too_long", heard: []heard{{status: 400, words: "992 tokens) exceeds the available context size (512 tokens)", is: sampling.ErrBudget}}},
	{name: "llamacpp/v1_too_long_stream", heard: []heard{{status: 400, words: "992 tokens) exceeds the available context size (512 tokens)", is: sampling.ErrBudget}}},
	{name: "llamacpp/v1_topp2", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}, refused: sampling.ErrInvalid},
	{name: "llamacpp/v1_unknown", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 4}}}, why: "nobody knows what bogus_param is to a later build, so it is sent"},

	{name: "llamacpp-260k-eos/natural_eos", heard: []heard{{text: long + ` "Thank you, Lily! You are a good friend."`, reason: end, usage: [3]int{5, 342, 0}}}},

	{name: "llamacpp-656k/bytes_greedy", heard: []heard{{text: ". The dog liked…The dog was big and strong. The dog ", reason: limit, usage: [3]int{11, 40, 0}}}},
	{name: "llamacpp-656k/bytes_sample", heard: []heard{{status: 500, temporary: true, words: "The model produced output that does not match"}}, why: "the text ended within a rune, and llama.cpp gives it up whole"},
	{name: "llamacpp-656k/bytes_unknown", heard: []heard{{text: "erpi cat cat was not very nic", reason: limit, usage: [3]int{13, 8, 2}}}},
	{name: "llamacpp-656k/invalid_utf8_stream", heard: []heard{{text: ", a little boy named Tim…in the backthk", status: 500, temporary: true, words: "The model produced output that does not match"}}, why: "an error within a stream that had begun well; the text so far comes with it"},
	{name: "llamacpp-656k/unknown_char", heard: []heard{{status: 400, words: "unordered_map::at"}}},
	{name: "llamacpp-656k/v1_basic", heard: []heard{{text: `. The dog liked…"Hi, dog! Can I play with you?" The `, reason: limit, usage: [3]int{11, 60, 0}}}},
	{name: "llamacpp-656k/v1_sample", heard: []heard{{text: "<|day, they were walking…just a dirty ball", reason: limit, usage: [3]int{8, 120, 2}}}},

	{name: "llamacpp-gpt2vocab/force_partial_utf8", heard: []heard{{status: 500, temporary: true, words: "The model produced output that does not match"}}},
	{name: "llamacpp-gpt2vocab/force_partial_utf8_stream", heard: []heard{{text: "", reason: limit, usage: [3]int{1, 3, 0}}}, why: "three tokens that are no rune: llama.cpp leaves them out of a stream"},
	{name: "llamacpp-gpt2vocab/nokey", heard: []heard{{status: 401, words: "Invalid API Key; Config.Key is empty"}}},
	{name: "llamacpp-gpt2vocab/v1_tok", heard: []heard{{text: " filtered gadgetsstic\uFFFD", reason: limit, usage: [3]int{2, 4, 0}}}, why: "the server itself put the replacement character"},

	{name: "ollama/eos_natural", heard: []heard{{text: long + ` "Thank you, Lily! You are a good friend."`, reason: end, usage: [3]int{5, 342, 0}}}},
	{name: "ollama/gpt2_partial_utf8", heard: []heard{{text: " filtered gadgetsstic", reason: limit, usage: [3]int{2, 4, 0}}}, why: "Ollama leaves out the half of a rune"},
	{name: "ollama/gpt2_stream", heard: []heard{{text: " filtered gadgetsstic Greenwich", reason: limit}}, why: "recorded without include_usage"},
	{name: "ollama/raw_seed1", heard: []heard{{text: ", there was a little girl named Lily. She lived up a little boy", reason: limit, usage: [3]int{5, 20, 0}}}},
	{name: "ollama/raw_seed2", heard: []heard{{text: ", there was a little girl named Lily. She lived up a little boy", reason: limit, usage: [3]int{5, 20, 0}}}},
	{name: "ollama/unknown_char", heard: []heard{{is: context.Canceled}}, why: "Ollama never answered"},
	{name: "ollama/unknown_char_260k", heard: []heard{{text: "s. She liked to se", reason: limit, usage: [3]int{14, 8, 0}}}},
	{name: "ollama/unknown_char_656k_bytes", heard: []heard{{text: "erpi cat was not very nice", reason: limit, usage: [3]int{13, 8, 0}}}},
	{name: "ollama/v1_badjson", heard: []heard{{status: 400, words: "unexpected EOF"}}},
	{name: "ollama/v1_basic", heard: []heard{{text: ", there was a little girl named Lily. She", reason: limit, usage: [3]int{5, 12, 0}}}},
	{name: "ollama/v1_echo", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 0}}}, refused: sampling.ErrUnsupported, why: "Ollama ignores echo"},
	{name: "ollama/v1_emptyprompt", heard: []heard{{status: 200, words: "only loaded the model"}}, why: "finish_reason load: nothing was drawn"},
	{name: "ollama/v1_get", heard: []heard{{status: 405, words: "405 method not allowed"}}},
	{name: "ollama/v1_logprobs", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 0}}}, refused: sampling.ErrUnsupported, why: "Ollama's /v1 ignores logprobs"},
	{name: "ollama/v1_logprobs0", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 0}}}},
	{name: "ollama/v1_maxtok0", heard: []heard{{is: context.Canceled}}, why: "a max_tokens of 0 is no limit to Ollama; 256 is sent instead"},
	{name: "ollama/v1_maxtok0_b", heard: []heard{{is: context.Canceled}}, why: "the same"},
	{name: "ollama/v1_n", heard: []heard{{text: ", there was a little", reason: limit, usage: [3]int{5, 5, 0}}}, refused: sampling.ErrUnsupported, why: "Ollama ignores n and best_of"},
	{name: "ollama/v1_nomaxtok", heard: []heard{{is: context.Canceled}}, why: "no limit at all; 256 is sent instead"},
	{name: "ollama/v1_nomodel", heard: []heard{{status: 404, words: "model 'nope' not found"}}},
	{name: "ollama/v1_plain_greedy", heard: []heard{{text: ", there was a little girl…too high.\nLily", reason: limit, usage: [3]int{5, 60, 0}}}},
	{name: "ollama/v1_prompt_array", heard: []heard{{status: 400, words: "cannot unmarshal array"}}, refused: sampling.ErrUnsupported, why: "two prompts are two requests"},
	{name: "ollama/v1_prompt_tokens", heard: []heard{{status: 400, words: "cannot unmarshal array"}}, refused: sampling.ErrUnsupported, why: "Ollama takes no ids of tokens"},
	{name: "ollama/v1_rep", heard: []heard{{text: ", there was a little girl…It was very sm", reason: limit, usage: [3]int{5, 60, 0}}}, why: "Ollama's own repeat penalty, which /v1 cannot change: compare v1_plain_greedy"},
	{name: "ollama/v1_stop", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 0}}}, why: "nothing in the answer tells a stop from the end of the text"},
	{name: "ollama/v1_stop5", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 0}}}},
	{name: "ollama/v1_stop_null", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 0}}}},
	{name: "ollama/v1_stop_string", heard: []heard{{text: ", there was a little girl named ", reason: end, usage: [3]int{5, 10, 0}}}},
	{name: "ollama/v1_stream", heard: []heard{{text: ", there was a", reason: limit}}, why: "recorded without include_usage"},
	{name: "ollama/v1_stream_logprobs", heard: []heard{{text: ", there", reason: limit}}, refused: sampling.ErrUnsupported, why: "Ollama's /v1 ignores logprobs"},
	{name: "ollama/v1_stream_stop", heard: []heard{{text: ", there was a little girl ", reason: end}}},
	{name: "ollama/v1_stream_usage", heard: []heard{{text: ", there was a", reason: limit, usage: [3]int{5, 4, 0}}}, why: "zeros in each event, and the truth in one without choices"},
	{name: "ollama/v1_suffix", heard: []heard{{status: 400, words: "does not support insert"}}},
	{name: "ollama/v1_too_long", heard: []heard{{text: "A little boy", reason: limit, usage: [3]int{512, 5, 0}}}, why: "Ollama cut the prompt and nothing in its answer says so; Model.Window is what guards against it"},
	{name: "ollama/v1_unknown", heard: []heard{{text: ", there was", reason: limit, usage: [3]int{5, 3, 0}}}, refused: sampling.ErrUnsupported, why: "Ollama's /v1 ignores top_k"},
}

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
			b, err := openai.New(openai.Config{BaseURL: s.URL + "/v1", Model: model, Dialect: dialectOf(test.name), Whole: whole})
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
		case name == "logprobs" && want == 0.0 && got[name] == nil:
			continue // Ollama is not told of what it ignores
		}
		if !reflect.DeepEqual(got[name], want) {
			return fmt.Errorf("the field %q was sent as %v, and recorded as %v", name, got[name], want)
		}
	}
	return nil
}

// Every recording of a completion has its row.
func TestWireIsWhole(t *testing.T) {
	var names []string
	err := fs.WalkDir(os.DirFS("testdata/wire"), ".", func(path string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(path, ".req"); ok {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if slices.ContainsFunc(countTests, func(c countTest) bool { return c.recording == name }) {
			continue
		}
		if !slices.ContainsFunc(wireTests, func(w wireTest) bool { return w.name == name }) {
			t.Errorf("testdata/wire/%s.req has no row", name)
		}
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
		{Text: ",", Logprob: -0.031780876219272614, Top: []sampling.Alternative{{Text: ",", Logprob: -0.031780876219272614}, {Text: " there", Logprob: -3.5473039150238037}}},
		{Text: " there", Logprob: -0.06838572025299072, Top: []sampling.Alternative{{Text: " there", Logprob: -0.06838572025299072}, {Text: " in", Logprob: -2.979733943939209}}},
	}
	if !reflect.DeepEqual(got[0].Tokens, want) {
		t.Errorf("the tokens are %+v, want %+v", got[0].Tokens, want)
	}
}
