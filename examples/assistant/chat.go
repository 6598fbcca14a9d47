package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"unicode"

	"github.com/peterh/liner"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// A chat is a conversation in the terminal. A branch is a copy that continues on its own.
// The log keeps the branch in use.
type chat struct {
	conversation *assistant.Conversation   // the branch in use, one of branches
	branches     []*assistant.Conversation // the first is the original
	out          io.Writer
	paint        cli.Painter
}

const help = `/regenerate   reply anew to what was said last
/undo         take back the last turn
/branch       go on in a copy of the conversation; /branch 1 goes back to the first
/show         the prompt, in colours
/tokens       how long the prompt is
/save FILE    write the conversation to a new file, to be taken up with -log
/help, /quit`

// errQuit ends the chat.
var errQuit = errors.New("quit")

func (c *chat) run(ctx context.Context, env *cli.Env) error {
	c.branches = []*assistant.Conversation{c.conversation}
	lines, done := c.lines(ctx, env)
	defer done()
	if inTerminal(env) {
		// Here an interrupt stops only the running answer; see answer.
		ctx = context.WithoutCancel(ctx)
	}
	if len(c.conversation.Transcript) > 0 {
		fmt.Fprintf(c.out, "(taken up after %d turns)\n", len(c.conversation.Transcript))
	}
	var failed error
	for line, err := range lines {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := c.do(ctx, line); err == errQuit {
			break
		} else if err != nil {
			// The conversation stays as it was.
			fmt.Fprintln(c.out, c.paint.Paint(cli.Red, err.Error()))
			if !strings.HasPrefix(line, "/") {
				failed = err
			}
		}
	}
	if failed != nil && !inTerminal(env) { // a script has not seen it
		return fmt.Errorf("a reply is missing: %w", failed)
	}
	return nil
}

// inTerminal reports whether a person types here and reads.
func inTerminal(env *cli.Env) bool { return cli.IsTerminal(env.Stdin) && cli.IsTerminal(env.Stdout) }

// lines yields the lines of the input, with editing and history in a terminal.
func (c *chat) lines(ctx context.Context, env *cli.Env) (iter.Seq2[string, error], func()) {
	if !inTerminal(env) {
		return cli.Lines(ctx, env.Stdin), func() {}
	}
	editor := liner.NewLiner()
	editor.SetCtrlCAborts(true)
	editor.SetMultiLineMode(true)
	return func(yield func(string, error) bool) {
		for {
			line, err := editor.Prompt("> ")
			if errors.Is(err, liner.ErrPromptAborted) {
				continue // Ctrl-C at the prompt clears the line
			}
			if errors.Is(err, io.EOF) {
				fmt.Fprintln(c.out) // for the shell's prompt
				return
			}
			if err == nil {
				editor.AppendHistory(line)
			}
			if !yield(line, err) {
				return
			}
		}
	}, func() { editor.Close() }
}

// do runs a line: a command, or a text for the assistant.
func (c *chat) do(ctx context.Context, line string) error {
	command, argument, _ := strings.Cut(line, " ")
	talk := c.conversation
	switch command {
	case "/quit":
		return errQuit
	case "/help":
		fmt.Fprintln(c.out, help)
	case "/regenerate":
		return c.regenerate(ctx)
	case "/undo":
		return c.undo()
	case "/branch":
		return c.branch(strings.TrimSpace(argument))
	case "/show":
		return c.show(ctx)
	case "/tokens":
		return c.tokens(ctx)
	case "/save":
		return c.save(strings.TrimSpace(argument))
	default:
		if strings.HasPrefix(command, "/") {
			return fmt.Errorf("unknown command %s; /help lists them", command)
		}
		return c.answer(ctx, func(ctx context.Context) iter.Seq2[sampling.Chunk, error] {
			return talk.Stream(ctx, line, assistant.ReplyOptions{KeepCut: true})
		})
	}
	return nil
}

// undo takes back the last turn.
func (c *chat) undo() error {
	talk := c.conversation
	last := len(talk.Transcript) - 1
	if last < 0 {
		return errors.New("there is no turn to take back")
	}
	turn, rest := talk.Transcript[last], talk.Transcript[:last]
	if talk.File != nil {
		if err := talk.File.Save(rest); err != nil {
			return err
		}
	}
	talk.Transcript = rest
	fmt.Fprintf(c.out, "(took back %q)\n", turn.User)
	return nil
}

// regenerate replies again. At temperature 0 the reply would be the same, so it is drawn
// at 0.7.
func (c *chat) regenerate(ctx context.Context) error {
	params := c.conversation.Params
	params.Temperature = cmp.Or(params.Temperature, 0.7)
	return c.answer(ctx, func(ctx context.Context) iter.Seq2[sampling.Chunk, error] {
		return c.conversation.Regenerate(ctx, assistant.ReplyOptions{Params: &params})
	})
}

// branch continues in a copy of the conversation, or in the branch with a number. A log
// keeps the branch in use.
func (c *chat) branch(number string) error {
	next, n := new(*c.conversation), len(c.branches)+1
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 1 || n > len(c.branches) {
			return fmt.Errorf("there is no branch %q; there are %d", number, len(c.branches))
		}
		next = c.branches[n-1]
	}
	file := c.conversation.File
	if file != nil {
		if err := file.Save(next.Transcript); err != nil {
			return err
		}
	}
	if number == "" {
		c.branches = append(c.branches, next)
	}
	c.conversation.File, next.File = nil, file
	c.conversation = next
	fmt.Fprintf(c.out, "(branch %d of %d, after %d turns)\n", n, len(c.branches), len(next.Transcript))
	return nil
}

// answer writes a reply as it arrives. Ctrl-C stops the reply, not the program.
func (c *chat) answer(ctx context.Context, reply func(context.Context) iter.Seq2[sampling.Chunk, error]) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	said := false
	for chunk, err := range reply(ctx) {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintln(c.out, c.paint.Paint(cli.Faint, " (stopped)"))
			return nil
		}
		if err != nil {
			if said {
				fmt.Fprintln(c.out)
			}
			return err
		}
		said = true
		io.WriteString(c.out, c.paint.Paint(cli.Green, printable(chunk.Text)))
	}
	fmt.Fprintln(c.out)
	if turns := c.conversation.Transcript; len(turns) > 0 && turns[len(turns)-1].Cut {
		fmt.Fprintln(c.out, c.paint.Paint(cli.Faint, "(cut by the token limit)"))
	}
	return nil
}

// printable replaces control characters, with which a text could control the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

var colours = map[fewshot.Kind]cli.Colour{
	fewshot.Layout:      cli.Faint,
	fewshot.Instruction: cli.Yellow,
	fewshot.Input:       cli.Blue,
	fewshot.Output:      cli.Green,
	fewshot.Query:       cli.Bold,
}

// show prints the next prompt.
func (c *chat) show(ctx context.Context) error {
	parts, err := c.conversation.Parts(ctx, "...", assistant.ReplyOptions{})
	if err != nil {
		return err
	}
	for _, part := range parts {
		io.WriteString(c.out, c.paint.Paint(colours[part.Kind], printable(part.Text)))
	}
	fmt.Fprintln(c.out)
	return nil
}

// tokens prints the length of the prompt without a question.
func (c *chat) tokens(ctx context.Context) error {
	talk := c.conversation
	prompt, err := talk.Prompt(ctx, "...", assistant.ReplyOptions{})
	if err != nil {
		return err
	}
	n, err := talk.Model.Count(ctx, prompt.Text)
	if err != nil {
		return err
	}
	unit := "tokens"
	if _, counts := talk.Model.Backend.(sampling.Counter); !counts && talk.Model.Counter == nil {
		unit = "bytes, since nothing counts this model's tokens"
	}
	fmt.Fprintf(c.out, "(%d %s; %d turns shown, %d dropped)\n", n, unit, len(prompt.Shots), len(prompt.Dropped))
	return nil
}

// save writes the conversation to a new file.
func (c *chat) save(name string) error {
	if name == "" {
		return errors.New("/save needs a file name")
	}
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s exists already; name a new file", name)
	}
	f, _, err := assistant.OpenFile(name)
	if err != nil {
		return err
	}
	err = f.Save(c.conversation.Transcript)
	if err = errors.Join(err, f.Close()); err == nil {
		fmt.Fprintf(c.out, "(saved to %s)\n", name)
	}
	return err
}
