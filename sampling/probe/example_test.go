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

// How much of an article does a model have by heart, by how much of it it is
// given?
func ExampleRecite() {
	article, err := os.ReadFile("../pocket/corpus/encyclopedia/zebra.txt")
	if err != nil {
		log.Fatal(err)
	}
	model := sampling.Model{Backend: pocket.Default()}
	recitals, err := probe.Recite(context.Background(), model, string(article), probe.ReciteOptions{Prefixes: []int{1, 2, 8}})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recitals {
		fmt.Printf("given %d, %d of the next %d are verbatim; by heart: %t\n", r.Prefix, r.Greedy.Tokens, r.Length, r.Extracted())
	}
	// Output:
	// given 1, 0 of the next 50 are verbatim; by heart: false
	// given 2, 50 of the next 50 are verbatim; by heart: true
	// given 8, 50 of the next 50 are verbatim; by heart: true
}

// What a model knows it tells the same way each time.
func ExampleAgree() {
	model := sampling.Model{Backend: pocket.Default()}
	for _, prompt := range []string{"The capital of France is", "The 2024 election in Norvale was won by"} {
		a, err := probe.Agree(context.Background(), model, prompt, probe.AgreeOptions{
			Samples: 20,
			Stop:    []string{".", ","},
			Params:  sampling.Params{Seed: 1},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s ... %d answers, %.0f %% agree\n", prompt, len(a.Variants), 100*a.Answers)
	}
	// Output:
	// The capital of France is ... 1 answers, 100 % agree
	// The 2024 election in Norvale was won by ... 4 answers, 45 % agree
}
