// Command chatserver gives a base model to every program that speaks OpenAI's
// protocols: a server on this machine, with a persona in front of the model for
// chat completions and responses, and without one for completions.
//
//	$ go run ./examples/chatserver
//	listening on http://127.0.0.1:8080/v1, model foreword; Ctrl-C ends it
//
//	$ curl localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \
//		-d '{"messages": [{"role": "user", "content": "Why is the sky blue?"}]}'
//
// It asks the model for one token before it listens and prints the server's description.
// A dead server, a wrong key or a wrong model ends the program.
//
// On another address than loopback it needs a file of keys, one a line:
//
//	$ go run ./examples/chatserver -addr 0.0.0.0:8080 -key-file keys -host chat.example.org
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const about = `chatserver: OpenAI's protocols in front of a base model

Usage: chatserver [flags]

An interrupt stops it from taking requests, lets those under way end, and ends;
a second one ends it at once. Each request is a line of JSON on standard error,
without its text.`

func main() { cli.Main("chatserver", run) }

func run(ctx context.Context, env *cli.Env) error {
	params := sampling.Params{MaxTokens: 200}
	flags := flag.NewFlagSet("chatserver", flag.ContinueOnError)
	backend := cli.BackendFlags(flags)
	cli.ParamFlags(flags, &params)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen at; port 0 takes a free one")
	keyFile := flags.String("key-file", "", "a `file` of keys, one a line, of which clients must send one")
	personaFile := flags.String("persona", "", "a `file` with the persona, see assistant.ReadPersona; empty is a helpful one")
	hosts := flags.String("host", "", "`names` of this server beside localhost, with commas between; * is any")
	origins := flags.String("origin", "", "web `origins` whose pages may call the server, with commas between")
	name := flags.String("name", "foreword", "`id` by which clients ask for the model")
	anyModel := flags.Bool("any-model", false, "answer clients that ask for any other model too")
	replace := flags.Bool("replace", false, "system messages replace the persona's description; otherwise they are added to it")
	requests := flags.Int("max-requests", 0, "requests for replies at once; 0 is 128")
	grace := flags.Duration("grace", 30*time.Second, "how `long` answers under way may take when the server is to end")
	if err := cli.Parse(env, flags, about); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return cli.Usagef("unexpected %q: there are only flags", flags.Arg(0))
	}
	model, err := backend.Open(ctx, env)
	if err != nil {
		return err
	}
	config := chatapi.Config{
		Model: model, Persona: assistant.Helpful(), Params: params, Name: *name, AnyModel: *anyModel, ReplaceDescription: *replace,
		Hosts: split(*hosts), Origins: split(*origins), Limits: chatapi.Limits{Requests: *requests},
		Logger: slog.New(slog.NewJSONHandler(env.Stderr, nil)),
	}
	if *personaFile != "" {
		if config.Persona, err = cli.ReadPersona(*personaFile); err != nil {
			return err
		}
	}
	if *keyFile != "" {
		if config.Keys, err = readKeys(*keyFile); err != nil {
			return err
		}
	}
	handler, err := chatapi.New(ctx, config)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	said, err := try(ctx, model, params)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if at, ok := listener.Addr().(*net.TCPAddr); *keyFile == "" && !(ok && at.IP.IsLoopback()) {
		listener.Close() // before it accepts a connection
		return cli.Usagef("%s can be reached from other machines: give -key-file, or listen at 127.0.0.1", *addr)
	}
	fmt.Fprintf(env.Stdout, "listening on http://%s/v1, model %s; Ctrl-C ends it\n%s", listener.Addr(), *name, said)
	return cli.Serve(ctx, listener, handler, *grace)
}

// startTime limits the time to the first token: a server may load its model.
const startTime = 2 * time.Minute

// try draws one token with the parameters of the flags. It returns a line with the
// server's description, if there is one.
func try(ctx context.Context, m sampling.Model, params sampling.Params) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	params.MaxTokens = 1
	c, err := m.Complete(ctx, &sampling.Request{Prompt: "One, two,", Params: params})
	if err != nil {
		return "", fmt.Errorf("asking the model for one token: %w", err)
	}
	info, err := sampling.Forward{Backend: m.Backend}.Describe(ctx)
	if errors.Is(err, sampling.ErrUnsupported) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("asking the server for its model: %w", err)
	}
	said = "the server: " + info.Server
	if model := cmp.Or(info.Model, c.Model); model != "" {
		said += ", model " + model
	}
	if info.Window > 0 {
		said += fmt.Sprintf(", %d tokens", info.Window)
	}
	return said + "\n", nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// readKeys reads a file of keys. Empty lines and those that begin with # are
// skipped.
func readKeys(name string) ([]sampling.Secret, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var keys []sampling.Secret
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, sampling.NewSecret(line))
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no key in it; write one a line", name)
	}
	return keys, nil
}
