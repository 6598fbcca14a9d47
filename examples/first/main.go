// Command first is the smallest program with this library: three pairs and a
// question.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

func main() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	task.Add("ocean", "바다")
	task.Add("whisper", "속삭임")

	model := sampling.Model{Backend: pocket.Default()}
	word, err := task.MustCompile().Run(context.Background(), model, "teacher")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(word)
}
