package tiktoken

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	offline "github.com/pkoukk/tiktoken-go-loader"
)

// An encoding is a vocabulary and a way to split text. Its counter is made on
// first use.
type encoding struct {
	name    string
	aliases []string
	counter func() (*Counter, error)
}

// An alias differs only in special tokens, which are not counted here.
var encodings = []encoding{
	newEncoding("cl100k_base", cl100k),
	newEncoding("o200k_base", o200k, "o200k_harmony"),
	newEncoding("p50k_base", gpt2, "p50k_edit"),
	newEncoding("r50k_base", gpt2, "gpt2"),
}

func newEncoding(name, pattern string, aliases ...string) encoding {
	return encoding{name, aliases, sync.OnceValues(func() (*Counter, error) { return load(name, pattern) })}
}

// For returns the Counter of an encoding:
//
//   - "cl100k_base", of davinci-002, babbage-002, GPT-3.5 and GPT-4;
//   - "o200k_base", also by the name "o200k_harmony", of GPT-4o and later ones;
//   - "p50k_base", also "p50k_edit", of Codex and text-davinci-003;
//   - "r50k_base", also "gpt2", of GPT-2 and the first GPT-3.
//
// The first call for an encoding takes up to 0.2 seconds. Later calls return the same
// Counter. Any other name is an error. For is safe for concurrent use.
func For(encoding string) (*Counter, error) {
	var names []string
	for _, e := range encodings {
		if e.name == encoding || slices.Contains(e.aliases, encoding) {
			return e.counter()
		}
		names = append(append(names, e.name), e.aliases...)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("tiktoken: unknown encoding %q; use one of %s", encoding, strings.Join(names, ", "))
}

// load reads a vocabulary. The library's GetEncoding would use a global loader, which
// by default reads from the network.
func load(name, pattern string) (*Counter, error) {
	ranks, err := offline.NewOfflineLoader().LoadTiktokenBpe(name + ".tiktoken")
	if err != nil {
		return nil, fmt.Errorf("tiktoken: reading the vocabulary of %s: %w", name, err)
	}
	return &Counter{encoding: name, pieces: compile(pattern), ranks: ranks}, nil
}
