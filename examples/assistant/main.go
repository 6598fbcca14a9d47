// Command assistant is a chat in the terminal with a base model in the role of an
// assistant. All it takes is a description of the role and a few example dialogues.
//
//	$ go run ./examples/assistant -ask "Why is the sky blue?"
//	$ go run ./examples/assistant -ask "Why is the sky blue?" -bare
//	$ go run ./examples/assistant
//
// The second command sends only the question. A base model does not know that it was
// asked something, and continues with more questions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `assistant: a chat with a base model in the role of an assistant

Usage: assistant [flags]

With -ask it answers once; otherwise it chats until /quit. In the chat, Ctrl-C
stops the answer, the arrow keys bring back what was typed, and /help lists the
commands.`

func main() { cli.Main("assistant", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 200, Seed: 1}
	flags := flag.NewFlagSet("assistant", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	ask := flags.String("ask", "", "answer this `question` and end")
	bare := flags.Bool("bare", false, "send the question without the persona, and stop at nothing")
	file := flags.String("persona", "", "a `file` with the persona, see assistant.ReadPersona; empty is a helpful one")
	brief := flags.String("draft", "", "have a chat model at OPENAI_BASE_URL draft the persona from this `brief`, and write it to the -persona file, which must not be there yet")
	drafter := flags.String("draft-model", "gpt-4o-mini", "the chat model's `name`")
	logFile := flags.String("log", "", "a `file` that keeps the conversation, to be taken up again")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return cli.Usagef("unexpected %q: put the question in quotes after -ask", flags.Arg(0))
	}
	if cli.IsSet(flags, "ask") && strings.TrimSpace(*ask) == "" {
		return cli.Usagef("-ask has no question; put it in quotes after the flag")
	}
	if *bare && *ask == "" {
		return cli.Usagef("-bare sends one question; give it with -ask")
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}
	if *bare {
		return askBare(ctx, env, model, params, *ask)
	}

	c := &assistant.Conversation{Model: model, Persona: assistant.Helpful(), Params: params}
	switch {
	case *brief != "":
		if _, err := os.Stat(*file); *file != "" && !errors.Is(err, fs.ErrNotExist) {
			return cli.Usagef("%s is there already: leave out -draft to use it, or name another -persona file", *file)
		}
		if c.Persona, err = assistant.Draft(ctx, chatModel(env, *drafter), *brief); err != nil {
			return err
		}
		if err := writePersona(*file, &c.Persona); err != nil {
			return err
		}
	case *file != "":
		if c.Persona, err = cli.ReadPersona(*file); err != nil {
			return err
		}
	}
	if err := c.Persona.Validate(ctx, model); err != nil {
		return err
	}
	if *logFile != "" {
		file, turns, err := assistant.OpenFile(*logFile)
		if err != nil {
			return err
		}
		defer file.Close()
		c.File, c.Transcript = file, turns
	}
	paint := cli.PainterFor(env, env.Stdout)
	if *ask != "" {
		said := false
		for chunk, err := range c.Stream(ctx, *ask, assistant.ReplyOptions{}) {
			if err != nil {
				if said {
					fmt.Fprintln(env.Stdout)
				}
				return err
			}
			said = true
			io.WriteString(env.Stdout, paint.Paint(cli.Green, printable(chunk.Text)))
		}
		fmt.Fprintln(env.Stdout)
		return nil
	}
	chat := &chat{conversation: c, out: env.Stdout, paint: paint}
	return chat.run(ctx, env)
}

// askBare shows how the model continues the bare question, without stop sequences.
func askBare(ctx context.Context, env *cli.Env, model sampling.Model, params sampling.Params, question string) error {
	params.MaxTokens = min(params.MaxTokens, 60)
	paint := cli.PainterFor(env, env.Stdout)
	io.WriteString(env.Stdout, paint.Paint(cli.Bold, question))
	for chunk, err := range model.Stream(ctx, &sampling.Request{Prompt: question, Params: params}) {
		if err != nil {
			return err
		}
		io.WriteString(env.Stdout, paint.Paint(cli.Yellow, printable(chunk.Text)))
	}
	fmt.Fprintln(env.Stdout)
	return nil
}
