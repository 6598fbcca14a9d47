package openai_test

import (
	"github.com/foreword-go/foreword/sampling"
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

// native is why llama.cpp's own completions are refused: without its /v1 the base
// URL leads there, where max_tokens and n have other names and an answer another
// shape.
const native = "llama.cpp's own shape, which a base URL without /v1 gets"

type wireTest struct {
	name    string
	heard   []heard // one for each continuation
	refused error   // the error of the recorded request, where it is not sent
	why     string
}

// wireTests has a row for every recorded exchange but those with /tokenize, for
// which see countTests. What a program can ask for is asked for and read; what it
// cannot is refused before it is sent, and then the response is read as the
// answer to a plain request.
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
	{name: "llamacpp/v1_logprobs_true", heard: []heard{{text: ", there", reason: limit, usage: [3]int{5, 2, 4}}}, refused: sampling.ErrInvalid, why: "Extra cannot set logprobs, which Params.Logprobs does"},
	{name: "llamacpp/v1_maxtok0", heard: []heard{{text: ",", reason: limit, usage: [3]int{5, 1, 4}}}, why: "a MaxTokens of 0 is the default of 256, so that is what is sent"},
	{name: "llamacpp/v1_maxtok_neg5", heard: []heard{{status: 400, words: "must be between -1 <= value"}}, refused: sampling.ErrInvalid},
	{name: "llamacpp/v1_models", heard: []heard{{status: 200, words: "no choices"}}, why: "the answer of another address is not a completion"},
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

	// Other addresses of llama.cpp's: what a program with the wrong base URL gets.
	{name: "llamacpp/apply_template", heard: []heard{{status: 200, words: "no choices"}}, why: "a template filled in"},
	{name: "llamacpp/cache_a", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/cache_b", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/cache_c", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/chat", heard: []heard{{status: 200, words: "in the form of a chat"}}, why: "a chat is not a continuation"},
	{name: "llamacpp/detokenize", heard: []heard{{status: 200, words: "no choices"}}, why: "the text of some tokens"},
	{name: "llamacpp/native_basic", heard: []heard{{status: 200, words: "Config.BaseURL ends in /v1"}}, why: native},
	{name: "llamacpp/native_eos", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/native_nprobs", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/native_stop", heard: []heard{{status: 200, words: "no choices"}}, why: native},
	{name: "llamacpp/native_stream", heard: []heard{{status: 200, words: "Config.BaseURL ends in /v1"}}, why: native},
	{name: "llamacpp/notfound", heard: []heard{{status: 404, words: "File Not Found"}}},

	{name: "llamacpp-260k-eos/natural_eos", heard: []heard{{text: long + ` "Thank you, Lily! You are a good friend."`, reason: end, usage: [3]int{5, 342, 0}}}},

	{name: "llamacpp-656k/bytes_greedy", heard: []heard{{text: ". The dog liked…The dog was big and strong. The dog ", reason: limit, usage: [3]int{11, 40, 0}}}},
	{name: "llamacpp-656k/bytes_sample", heard: []heard{{status: 500, temporary: true, words: "The model produced output that does not match"}}, why: "the text ended within a rune, and llama.cpp gives it up whole"},
	{name: "llamacpp-656k/bytes_unknown", heard: []heard{{text: "erpi cat cat was not very nic", reason: limit, usage: [3]int{13, 8, 2}}}},
	{name: "llamacpp-656k/invalid_utf8_stream", heard: []heard{{text: ", a little boy named Tim…in the backthk", status: 500, temporary: true, words: "The model produced output that does not match"}}, why: "an error within a stream that had begun well; the text so far comes with it"},
	{name: "llamacpp-656k/invalid_utf8_native", heard: []heard{{status: 500, temporary: true, words: "The model produced output that does not match"}}, why: "as the stream, and with no text of it"},
	{name: "llamacpp-656k/unknown_char", heard: []heard{{status: 400, words: "unordered_map::at"}}},
	{name: "llamacpp-656k/v1_basic", heard: []heard{{text: `. The dog liked…"Hi, dog! Can I play with you?" The `, reason: limit, usage: [3]int{11, 60, 0}}}},
	{name: "llamacpp-656k/v1_sample", heard: []heard{{text: "<|day, they were walking…just a dirty ball", reason: limit, usage: [3]int{8, 120, 2}}}},

	{name: "llamacpp-gpt2vocab/force_partial_utf8", heard: []heard{{status: 500, temporary: true, words: "The model produced output that does not match"}}},
	{name: "llamacpp-gpt2vocab/force_partial_utf8_stream", heard: []heard{{text: "", reason: limit, usage: [3]int{1, 3, 0}}}, why: "three tokens that are not a rune: llama.cpp leaves them out of a stream"},
	{name: "llamacpp-gpt2vocab/nokey", heard: []heard{{status: 401, words: "Invalid API Key; Config.Key is empty"}}},
	{name: "llamacpp-gpt2vocab/v1_tok", heard: []heard{{text: " filtered gadgetsstic\uFFFD", reason: limit, usage: [3]int{2, 4, 0}}}, why: "the server itself put the replacement character"},
}
