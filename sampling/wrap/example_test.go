package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// server plays a server that charges for 12 tokens of prompt and 3 of text. It is
// too busy for the first call.
func server() sampling.Backend {
	busy := &sampling.Error{Backend: "server", Status: 503, Temporary: true, Err: errors.New("busy")}
	paid := &sampling.Usage{PromptTokens: 12, CompletionTokens: 3}
	return &samplingtest.Script{Turns: []samplingtest.Reply{{Err: busy}, {Text: " loutre de mer", Usage: paid}}}
}

// timeless logs to the standard output, without the times, which are others in
// each run.
func timeless() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Value.Kind() == slog.KindDuration {
			return slog.Attr{}
		}
		return a
	}}))
}

// All wrappers in their order. The first call needs two attempts, of which one
// was charged. The second is answered by the cache and costs nothing. The log has
// one record for each.
func Example() {
	meter := &wrap.Meter{
		Price: wrap.Price{Prompt: 4 * wrap.Dollar, Completion: 4 * wrap.Dollar}, // for a million tokens
		Cap:   10 * wrap.Dollar,
	}
	m := sampling.Model{Backend: wrap.Around(server(),
		&wrap.Limit{Requests: 600, AtOnce: 16},
		meter,
		wrap.Retry{Wait: time.Millisecond},
		&wrap.Cache{},
		wrap.Log{Logger: timeless()},
	)}
	ctx := wrap.WithLabel(context.Background(), "translate")
	for range 2 {
		c, err := m.Complete(ctx, &sampling.Request{Prompt: "sea otter =>"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", c.Text)
	}
	fmt.Print(meter.Bills())
	// Output:
	// level=INFO msg=sample label=translate prompt_tokens=12 completion_tokens=3 bytes=14 reason="end of text" attempts=2 cost=$0.00006
	// " loutre de mer"
	// level=INFO msg=sample label=translate prompt_tokens=12 completion_tokens=3 bytes=14 reason="end of text" hit=true
	// " loutre de mer"
	//       label  calls  failed  prompt  completion      cost
	//   translate      1       1      12           3  $0.00006
	//       total      1       1      12           3  $0.00006
}

// An answer that broke off in the middle is gone on with.
func ExampleRetry() {
	script := &samplingtest.Script{Turns: []samplingtest.Reply{
		{Text: " lou", Err: &sampling.Error{Backend: "server", Temporary: true, Err: errors.New("connection reset")}},
		{Text: "tre de mer"},
	}}
	m := sampling.Model{Backend: wrap.Retry{Wait: time.Millisecond, Resume: true}.Wrap(script)}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "sea otter =>"})
	fmt.Printf("%q %v\n", c.Text, err)
	fmt.Printf("%q\n", script.Prompts())
	// Output:
	// " loutre de mer" <nil>
	// ["sea otter =>" "sea otter => lou"]
}

// A call that could go over the cap is not made. These cost 0.4 cents each, so
// that two of them fit a cent.
func ExampleMeter_cap() {
	script := &samplingtest.Script{Loop: true, Turns: []samplingtest.Reply{{
		Text: "…", Usage: &sampling.Usage{PromptTokens: 800, CompletionTokens: 200},
	}}}
	prompt := strings.Repeat("x", 800) // a Script counts a token for each byte
	meter := &wrap.Meter{
		Price: wrap.Price{Prompt: 4 * wrap.Dollar, Completion: 4 * wrap.Dollar},
		Cap:   1 * wrap.Cent,
	}
	m := sampling.Model{Backend: meter.Wrap(script)}
	for {
		_, err := m.Complete(context.Background(), &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 200}})
		if errors.Is(err, wrap.ErrSpent) {
			break
		}
	}
	fmt.Println(meter.Bills().Total.Calls, "calls for", meter.Bills().Total.Cost)
	// Output:
	// 2 calls for $0.008
}

// A program's own test: the exchanges were recorded once, with a server.
func ExampleReplay() {
	file, err := os.Open("testdata/capitals.jsonl")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	backend, err := wrap.Replay{}.Read(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := sampling.Model{Backend: backend}
	for _, prompt := range []string{"The capital of France is", "The capital of Frankia is"} {
		c, err := m.Complete(context.Background(), &sampling.Request{Prompt: prompt, Stop: []string{"."}})
		fmt.Printf("%q %v\n", c.Text, err)
	}
	// Output:
	// " Paris" <nil>
	// "" replay: this request was not recorded; the nearest, on line 2, has another prompt (at byte 19: asked "kia is", recorded "ce is"); record it again
}

// How the file of the example for Replay was made.
func ExampleRecord() {
	var file strings.Builder // a program opens testdata/capitals.jsonl
	record := &wrap.Record{To: &file}
	m := sampling.Model{Backend: record.Wrap(&samplingtest.Script{
		Replies: []string{" Paris. The capital of"}, ChunkSize: 4, // in place of a server
	})}
	m.Complete(context.Background(), &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}})
	if err := record.Err(); err != nil {
		fmt.Println(err)
	}
	fmt.Print(file.String())
	// Output:
	// {"format":"foreword exchanges 1","abilities":["count","score","draw"]}
	// {"ask":{"method":"sample","prompt":"The capital of France is","stop":["."],"params":{"max_tokens":256}},"answer":{"chunks":[{"text":" Par"},{"text":"is. "}],"left":true}}
}

// A cache in a file outlives the program.
func ExampleFileStore() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := wrap.OpenFileStore(filepath.Join(dir, "answers"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	cache := &wrap.Cache{Store: store, Namespace: "pocket"}
	m := sampling.Model{Backend: cache.Wrap(pocket.Default())}
	for range 3 {
		c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}})
		fmt.Printf("%q %v\n", c.Text, err)
	}
	fmt.Println(cache.Stats().Hits, "hits")
	// Output:
	// " Paris" <nil>
	// " Paris" <nil>
	// " Paris" <nil>
	// 2 hits
}
