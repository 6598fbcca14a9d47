// Package tiktoken counts tokens as OpenAI's tokenizers do, offline. The
// vocabularies are embedded in the program.
//
// [For] returns the [Counter] of an encoding, for a Model's window:
//
//	counter, err := tiktoken.For("cl100k_base")
//	m := sampling.Model{Backend: backend, Window: 4096, Counter: counter}
//	n, err := m.Count(ctx, "butterfly: 나비\n") // 7; as bytes it would be 18
//
// The vocabularies are those of github.com/pkoukk/tiktoken-go, whose own time grows
// with the square of a long run without spaces. The tests compare with its counts.
//
// # Which models it is right for
//
// It is exact for prompts to a model with the encoding, such as davinci-002 and
// babbage-002 (cl100k_base), GPT-2 (r50k_base) and gpt-oss (o200k_base). Add the
// begin-of-text token if the server adds one.
//
// For Llama 3, use cl100k_base. Llama 3 splits text by the same pattern, and its
// vocabulary extends that of cl100k_base. So cl100k_base never counts too few
// tokens: the same for samples of English and Go code, 5 % more for Chinese, 20 %
// more for Korean words. Set Model.Window to one less than the model has, for its
// begin-of-text token.
//
// For other vocabularies (Llama 2, Mistral, Gemma, Qwen) the counts are too low:
// Llama 2 has 18 % more tokens than cl100k_base in English, 28 % in Go code, 30 %
// in Korean words and 37 % in Chinese. Use the server's count, or leave
// Model.Counter nil, which counts bytes and is safe.
//
// # Cost
//
// The four vocabularies add 7.0 MB to the program. The first For of an encoding
// takes 20 to 100 ms, and keeps 3 MB (r50k_base, p50k_base), 5 MB (cl100k_base) or
// 10 MB (o200k_base) of heap. English and code are counted at about 50 MB/s on one
// core, Chinese at 20 MB/s, words of random letters at 4 MB/s, and by tiktoken-go at
// 3 to 6 MB/s. A long run without spaces is counted at 1 MB/s.
package tiktoken
