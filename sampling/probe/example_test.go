package probe_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/probe"
)

// How much of an article has a model memorized?
func ExampleRecite() {
	article, err := os.ReadFile("../pocket/corpus/encyclopedia/zebra.txt")
	if err != nil {
		log.Fatal(err)
	}
	model := sampling.Model{Backend: pocket.Default()}
	for _, prefix := range []int{1, 2, 8} {
		r, err := probe.Recite(context.Background(), model, string(article), probe.ReciteOptions{Prefix: prefix})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("given %d, %d of the next %d are verbatim\n", prefix, r.Tokens, r.Length)
	}
	// Output:
	// given 1, 0 of the next 50 are verbatim
	// given 2, 50 of the next 50 are verbatim
	// given 8, 50 of the next 50 are verbatim
}

// A model gives the same answer each time to what it knows.
func ExampleAgree() {
	model := sampling.Model{Backend: pocket.Default()}
	for _, prompt := range []string{"The capital of France is", "The 2024 election in Norvale was won by"} {
		a, err := probe.Agree(context.Background(), model, &sampling.Request{
			Prompt: prompt,
			Stop:   []string{".", ","},
			Params: sampling.Params{Seed: 1},
		}, 20)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s ... %d answers, %.0f %% agree\n", prompt, len(a.Variants), 100*a.Share)
	}
	// Output:
	// The capital of France is ... 1 answers, 100 % agree
	// The 2024 election in Norvale was won by ... 4 answers, 45 % agree
}
