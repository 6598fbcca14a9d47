package pocket_test

import (
	"context"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// One pair is enough to tell the model what is wanted of it. Without a stop it
// goes on to a pair of its own.
func ExampleDefault() {
	m := sampling.Model{Backend: pocket.Default()}
	c, err := m.Complete(context.Background(), &sampling.Request{
		Prompt: "butterfly: 나비\nteacher:",
		Params: sampling.Params{MaxTokens: 5},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Text)
	// Output:
	// 선생님
	// carry: 운반하다
}

// A model of one's own documents: three lists, told apart by an example.
func ExampleTrain() {
	m, err := pocket.Train(fstest.MapFS{
		"colours.txt": {Data: []byte("grass: green\nsky: blue\nsnow: white\n")},
		"places.txt":  {Data: []byte("grass: meadow\nsky: above\nsnow: mountain\n")},
		"letters.txt": {Data: []byte("grass: G\nsky: S\nsnow: S\n")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, example := range []string{"grass: green", "grass: meadow"} {
		c, err := sampling.Model{Backend: m}.Complete(context.Background(), &sampling.Request{
			Prompt: example + "\nsnow:",
			Stop:   []string{"\n"},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s, snow:%s\n", example, c.Text)
	}
	// Output:
	// grass: green, snow: white
	// grass: meadow, snow: mountain
}

// Each line of the prompt changes which documents are likely.
func ExampleModel_Posterior() {
	m := pocket.Default()
	for _, prompt := range []string{"teacher:", "butterfly: 나비\nteacher:"} {
		weights, korean := m.Posterior(prompt), 0.0
		for i := 1; i <= 3; i++ {
			korean += weights[fmt.Sprintf("words/korean-list-%d.txt", i)]
		}
		fmt.Printf("%q is in a Korean list: %.1f\n", prompt, korean)
	}
	// Output:
	// "teacher:" is in a Korean list: 0.2
	// "butterfly: 나비\nteacher:" is in a Korean list: 1.0
}
