// Package tiktoken counts the tokens of a text as OpenAI's tokenizers do, with
// no network and no files: the vocabularies are part of the program.
//
// A [Counter] counts by one encoding, and [For] gives it by the encoding's name.
// It is a sampling.Counter, so that a Model knows what fits its window:
//
//	counter, err := tiktoken.For("cl100k_base")
//	m := sampling.Model{Backend: backend, Window: 4096, Counter: counter}
//	n, err := m.Count("butterfly: 나비\n") // 7; counted as bytes it would be 18
//
// The counts are those of github.com/pkoukk/tiktoken-go, which holds the
// vocabularies and merges the bytes. It is given one piece of text at a time, and
// never more than 256 bytes: on a text of one long run its time grows with the
// square of the length. The tests compare with the library's own counts.
//
// # Which models it is right for
//
// It is exact for the text of a prompt to a model that has the encoding, such as
// davinci-002 and babbage-002 (cl100k_base), GPT-2 (r50k_base) and gpt-oss
// (o200k_base). What a server adds, a begin-of-text token for one, comes on top.
//
// Llama 3 has a tokenizer of its own, which is not here. It splits text by the
// pattern of cl100k_base; its vocabulary begins with all 100,256 tokens of that
// one in the same order and goes on to 128,000, largely for languages other than
// English. A later token can only join what is left of the earlier ones, so
// cl100k_base never counts fewer tokens for a text, and it may count more: on
// samples of English and of Go code the counts were the same, on Chinese it was
// 5 % more and on Korean words 20 % more. That is a safe way round. Set
// Model.Window to one less than the model has, for its begin-of-text token. A
// server that takes "<|end_of_text|>" in a prompt for one token counts less
// still.
//
// For any other vocabulary (Llama 2, Mistral, Gemma, Qwen) these counts are
// guesses, and most likely too low: Llama 2 has 18 % more tokens than
// cl100k_base on the same English, 28 % on Go code, 30 % on Korean words and 37 %
// on Chinese. Use the server's own count, or leave Model.Counter nil, which
// counts bytes and so errs far on the safe side. Who would rather guess sets
// Model.Window to two thirds of the model's and expects the server to refuse a
// prompt now and then.
//
// # What it costs
//
// The four vocabularies add 7.0 MB to the program, whichever are used, and the
// code 0.7 MB to one that has net/http already, which the library imports. The
// first For of an encoding takes 40 to 200 ms and leaves 6 MB (r50k_base and
// p50k_base), 12 MB (cl100k_base) or 23 MB (o200k_base) on the heap for good.
// Text whose words come back is counted at 40 to 110 MB/s on one core, against 3
// to 6 MB/s by the library itself. Words of random letters go at 4 MB/s, and a
// single one without end at 2 MB/s, the slowest known.
package tiktoken
