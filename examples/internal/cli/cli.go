// Package cli has what the examples share as command-line programs: exit status,
// flags and coloured output.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/term"
)

// An Env is the environment of a program. Tests replace it.
type Env struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// Main runs the program named name and exits: with status 0, with 1 and one
// line on standard error if run failed, with 2 if the flags were wrong. An
// interrupt cancels the context, and a second one ends the program at once.
func Main(name string, run func(context.Context, *Env) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	code := Run(ctx, name, &Env{os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv}, run)
	stop()
	os.Exit(code)
}

// Run is Main without the exit: it returns the status.
func Run(ctx context.Context, name string, env *Env, run func(context.Context, *Env) error) int {
	err := run(ctx, env)
	var usage *UsageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(env.Stderr, "%s: %v; -h lists the flags\n", name, err)
		return 2
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(env.Stderr, "%s: interrupted\n", name)
		return interrupted
	}
	// The program may have the same name as the package of the error.
	said := strings.TrimPrefix(err.Error(), name+": ")
	fmt.Fprintf(env.Stderr, "%s: %s\n", name, strings.ReplaceAll(said, "\n", " "))
	return 1
}

// interrupted is a shell's status for an interrupted program.
const interrupted = 128 + 2

// A UsageError is a mistake in the command line.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the mistake.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

const aboutBackends = `By default it uses the model inside this program, without a network. With
-backend openai or ollama it uses a base model on a server. OPENAI_API_KEY holds
the server's key.`

// Parse parses the flags. It prints help to standard output, about first. A mistake
// is a UsageError of one line.
func Parse(env *Env, flags *flag.FlagSet, about string) error {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(env.Args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(env.Stdout, strings.TrimSpace(about))
		if flags.Lookup("backend") != nil {
			fmt.Fprint(env.Stdout, "\n", aboutBackends, "\n")
		}
		fmt.Fprint(env.Stdout, "\nFlags:\n")
		flags.SetOutput(env.Stdout)
		flags.PrintDefaults()
		return err
	}
	if err != nil {
		return &UsageError{err}
	}
	return nil
}

// IsSet reports whether the flag was given, even with its default value.
func IsSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// A Painter colours text for a terminal and leaves it plain elsewhere.
type Painter bool

// PainterFor returns a Painter for w. It follows the convention of no-color.org.
func PainterFor(env *Env, w io.Writer) Painter {
	return Painter(IsTerminal(w) && env.Getenv("NO_COLOR") == "")
}

// IsTerminal reports whether an Env's reader or writer is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// A Colour is an escape sequence of the terminal.
type Colour string

// The colours that the examples use.
const (
	Faint  Colour = "\x1b[2m"
	Bold   Colour = "\x1b[1m"
	Red    Colour = "\x1b[31m"
	Green  Colour = "\x1b[32m"
	Yellow Colour = "\x1b[33m"
	Blue   Colour = "\x1b[34m"
	Cyan   Colour = "\x1b[36m"
)

// Paint returns text in a colour. Each line is coloured separately, so that a pager
// can show any part of it.
func (p Painter) Paint(c Colour, text string) string {
	if !p || text == "" {
		return text
	}
	const reset = "\x1b[0m"
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = string(c) + line + reset
		}
	}
	return strings.Join(lines, "\n")
}
