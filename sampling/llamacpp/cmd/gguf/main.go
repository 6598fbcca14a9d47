// Command gguf runs a GGUF model in this process on three tasks: translation,
// classification and a reply of an assistant.
//
//	$ go run ./cmd/gguf -model SmolLM2-135M.gguf translate queso
//	$ go run ./cmd/gguf -model SmolLM2-135M.gguf classify "The soup was cold."
//	$ go run ./cmd/gguf -model SmolLM2-135M.gguf assistant "Why is the sky blue?"
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gguf:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("gguf", flag.ContinueOnError)
	var config llamacpp.Config
	flags.StringVar(&config.Model, "model", "", "the GGUF `file`")
	flags.StringVar(&config.Library, "library", "", "the `path` of libllama; empty looks for it")
	flags.IntVar(&config.Threads, "threads", 0, "how many threads compute; 0 is the cores less one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tasks := map[string]func(context.Context, io.Writer, sampling.Model, string) error{
		"translate": translate, "classify": classify, "assistant": reply,
	}
	task := tasks[flags.Arg(0)]
	if config.Model == "" || task == nil || flags.NArg() != 2 {
		return errors.New("usage: gguf -model FILE translate|classify|assistant TEXT")
	}
	m, err := llamacpp.Open(config)
	if err != nil {
		return err
	}
	defer m.Close()
	model, err := sampling.Discover(ctx, m)
	if err != nil {
		return err
	}
	info, err := m.Describe(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "[%s on %s]\n", info.Model, info.Server)
	return task(ctx, w, model, flags.Arg(1))
}

func translate(ctx context.Context, w io.Writer, model sampling.Model, word string) error {
	prompter, err := fewshot.Task[string, string]{
		Instruction: "Translate Spanish to English.", // small models write English best
		Examples: []fewshot.Example[string, string]{
			{In: "casa", Out: "house"},
			{In: "agua", Out: "water"},
			{In: "libro", Out: "book"},
			{In: "rojo", Out: "red"},
			{In: "amigo", Out: "friend"},
			{In: "día", Out: "day"},
		},
		Format: fewshot.Lines,
		Params: sampling.Params{MaxTokens: 32},
	}.Compile()
	if err != nil {
		return err
	}
	answer, err := prompter.Run(ctx, model, word)
	if err == nil {
		_, err = fmt.Fprintln(w, answer)
	}
	return err
}

func classify(ctx context.Context, w io.Writer, model sampling.Model, review string) error {
	prompter, err := fewshot.Task[string, string]{
		Examples: []fewshot.Example[string, string]{
			{In: "The soup arrived cold and the waiter never came back.", Out: "negative"},
			{In: "A wonderful book, I loved every page of it.", Out: "positive"},
			{In: "The zip was broken after a day, a waste of money.", Out: "negative"},
			{In: "We loved the garden and the quiet.", Out: "positive"},
		},
		Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"},
	}.Compile()
	if err != nil {
		return err
	}
	classifier, err := fewshot.NewClassifier(prompter, []string{"positive", "negative"}, fewshot.ClassifierOptions[string]{ContentFree: []string{"N/A", "..."}})
	if err != nil {
		return err
	}
	if classifier, err = classifier.Calibrate(ctx, model); err != nil {
		return err
	}
	result, err := classifier.Predict(ctx, model, review)
	if err == nil {
		_, err = fmt.Fprintln(w, result.Value)
	}
	return err
}

func reply(ctx context.Context, w io.Writer, model sampling.Model, question string) error {
	c := assistant.Conversation{Model: model, Persona: assistant.Helpful(), Params: sampling.Params{MaxTokens: 100}}
	for chunk, err := range c.Stream(ctx, strings.TrimSpace(question), assistant.ReplyOptions{}) {
		if err != nil {
			return err
		}
		fmt.Fprint(w, chunk.Text)
	}
	_, err := fmt.Fprintln(w)
	return err
}
