// Command second is the smallest assistant with this library.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

func main() {
	talk := assistant.Conversation{
		Model:   sampling.Model{Backend: pocket.Default()},
		Persona: assistant.Helpful(),
	}
	for _, question := range []string{"Why is the sky blue?", "Why are sunsets red, then?"} {
		reply, err := talk.Reply(context.Background(), question, assistant.ReplyOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("> %s\n%s\n", question, reply)
	}
}
