package tiktoken_test

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

func Example() {
	counter, err := tiktoken.For("cl100k_base")
	if err != nil {
		log.Fatal(err)
	}
	m := sampling.Model{Window: 4096, Counter: counter}
	for _, text := range []string{"butterfly: 나비\n", "ocean: 바다\n", "<|endoftext|>"} {
		n, err := m.Count(context.Background(), text)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%2d tokens, %2d bytes: %q\n", n, len(text), text)
	}
	// Output:
	//  7 tokens, 18 bytes: "butterfly: 나비\n"
	//  6 tokens, 14 bytes: "ocean: 바다\n"
	//  7 tokens, 13 bytes: "<|endoftext|>"
}

func ExampleForModel() {
	for _, model := range []string{"davinci-002", "gpt2", "ft:babbage-002:acme::8k2"} {
		counter, err := tiktoken.ForModel(model)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(model, "is counted by", counter.Encoding())
	}
	// Output:
	// davinci-002 is counted by cl100k_base
	// gpt2 is counted by r50k_base
	// ft:babbage-002:acme::8k2 is counted by cl100k_base
}

func ExampleFor_unknown() {
	_, err := tiktoken.For("llama3")
	fmt.Println(err)
	// Output: tiktoken: unknown encoding "llama3"; use one of cl100k_base, gpt2, o200k_base, o200k_harmony, p50k_base, p50k_edit, r50k_base
}
