package llamacpp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

// A GGUF model in this process. This program needs llama.cpp's library and a
// model file.
func Example() {
	ctx := context.Background()
	m, err := llamacpp.Open(llamacpp.Config{Model: "SmolLM2-135M.gguf", Library: "/usr/local/lib/libllama.so"})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	model, err := sampling.Discover(ctx, m)
	if err != nil {
		log.Fatal(err)
	}
	c, err := model.Complete(ctx, &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Text)
}
