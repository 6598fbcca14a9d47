// Command playground shows in a web page what a base model does: continued text, a
// list that runs into the limit, five completions of one prompt. The caller's text
// and the model's have different colours. Each token is shaded by its probability,
// and a click on another token continues from there.
//
//	$ go run ./examples/playground
//	the playground is at http://127.0.0.1:8090/; Ctrl-C ends it
//
// It has a tab for raw text, one for few-shot tasks and one for an
// assistant. Each shows the prompt with its parts in colours and, struck out, the text
// that a stop sequence cut off. A tab can be saved as a Go program.
//
// The page is for this machine only: it listens at loopback and refuses requests from
// pages of other origins. With -backend openai or ollama it offers the models of that
// server besides the one inside the program.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"time"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `playground: a web page to look at what a base model does

Usage: playground [flags]

It listens at this machine alone, and opens the page in the browser. The key of a
server is read from OPENAI_API_KEY and never reaches the page.`

// grace is how long running answers may take after an interrupt.
const grace = 2 * time.Second

func main() { cli.Main("playground", run) }

func run(ctx context.Context, env *cli.Env) error {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	addr := flags.String("addr", "127.0.0.1:8090", "`address` to listen at, of this machine alone; port 0 takes a free one")
	open := flags.Bool("open", true, "open the page in the browser")
	prompt := flags.Float64("prompt-price", 0, "`dollars` for a million tokens of prompts, to count the cost")
	completion := flags.Float64("completion-price", 0, "`dollars` for a million tokens of continuations")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return cli.Usagef("unexpected %q: there are only flags", flags.Arg(0))
	}
	if !(*prompt >= 0 && *completion >= 0) {
		return cli.Usagef("a price is negative; use 0 for none")
	}
	price := sampling.Price{Prompt: *prompt, Completion: *completion}
	models, err := newModels(env, backend, price)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		listener.Close() // before anything was accepted
		return cli.Usagef("%s can be reached from other machines; listen at 127.0.0.1", *addr)
	}
	page := "http://" + listener.Addr().String() + "/"
	fmt.Fprintf(env.Stdout, "the playground is at %s; Ctrl-C ends it\n", page)
	if *open {
		openBrowser(page)
	}
	return cli.Serve(ctx, listener, newServer(models), grace)
}

// openBrowser asks the system to show a page. Without a browser nothing happens.
func openBrowser(page string) {
	name, args := "xdg-open", []string{page}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(name, args...)
	if cmd.Start() == nil {
		go cmd.Wait() // it may last as long as the browser
	}
}
