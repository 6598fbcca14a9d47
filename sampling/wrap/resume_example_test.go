package wrap_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A Map that was interrupted resumes by running again over the same store. The
// answers it already has are not asked for again.
func ExampleCache_map() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	task.Add("cloud", "구름")
	prompter := task.MustCompile()
	words := []string{"teacher", "morning", "river", "bread"}

	// run translates up to most words and then stops, as a killed program would.
	run := func(most int) {
		store, err := wrap.OpenStore(filepath.Join(dir, "answers.jsonl"))
		if err != nil {
			log.Fatal(err)
		}
		defer store.Close()
		cache := &wrap.Cache{Store: store, Namespace: "pocket"}
		m := sampling.Model{Backend: cache.Wrap(pocket.Default())}
		for r, err := range prompter.Map(context.Background(), m, slices.Values(words), fewshot.MapOptions{Parallel: 1}) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(r.In, r.Out)
			if most--; most == 0 {
				break
			}
		}
		hits, _, _ := cache.Stats()
		fmt.Println("at least 2 from the store:", hits >= 2)
	}
	run(2)
	run(len(words))
	// Output:
	// teacher 선생님
	// morning 아침
	// at least 2 from the store: false
	// teacher 선생님
	// morning 아침
	// river 강
	// bread 빵
	// at least 2 from the store: true
}
