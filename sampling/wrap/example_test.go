package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
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
	paid := sampling.Usage{PromptTokens: 12, CompletionTokens: 3}
	return &samplingtest.Script{Answer: samplingtest.InTurn([]samplingtest.Reply{{Err: busy}, {Text: " loutre de mer", Usage: paid}}...)}
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
		Price: sampling.Price{Prompt: 4, Completion: 4}, // for a million tokens
		Cap:   10,
	}
	m := sampling.Model{Backend: wrap.Around(server(),
		&wrap.Limit{Requests: 600, Concurrent: 16},
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
	fmt.Print(meter)
	// Output:
	// level=INFO msg=sample label=translate prompt_tokens=12 completion_tokens=3 bytes=14 reason="end of text" attempts=2 cost=6e-05
	// " loutre de mer"
	// level=INFO msg=sample label=translate prompt_tokens=12 completion_tokens=3 bytes=14 reason="end of text" hit=true
	// " loutre de mer"
	//       label  calls  failed  prompt  completion   cost
	//   translate      1       1      12           3  6e-05
	//       total      1       1      12           3  6e-05
}

// A call that fails before any text came is made again.
func ExampleRetry() {
	script := &samplingtest.Script{Answer: samplingtest.InTurn([]samplingtest.Reply{
		{Err: &sampling.Error{Backend: "server", Temporary: true, Err: errors.New("connection reset")}},
		{Text: " loutre de mer"},
	}...)}
	m := sampling.Model{Backend: wrap.Retry{Wait: time.Millisecond}.Wrap(script)}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "sea otter =>"})
	fmt.Printf("%q %v, after %d calls\n", c.Text, err, len(script.Calls()))
	// Output:
	// " loutre de mer" <nil>, after 2 calls
}

// A call that could go over the cap is not made. These cost 0.4 cents each, so
// that two of them fit a cent.
func ExampleMeter_cap() {
	script := &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{
		Text: "…", Usage: sampling.Usage{PromptTokens: 800, CompletionTokens: 200},
	})}
	prompt := strings.Repeat("x", 800) // a Script counts a token for each byte
	meter := &wrap.Meter{
		Price: sampling.Price{Prompt: 4, Completion: 4},
		Cap:   0.01,
	}
	m := sampling.Model{Backend: meter.Wrap(script)}
	for {
		_, err := m.Complete(context.Background(), &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 200}})
		if errors.Is(err, wrap.ErrSpent) {
			break
		}
	}
	fmt.Println(meter.Total().Calls, "calls for", meter.Total().Cost)
	// Output:
	// 2 calls for 0.008
}

// A cache in a file resumes work, and answers a program's tests without a model.
func ExampleCache() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := wrap.OpenStore(filepath.Join(dir, "answers.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	ask := func(cache *wrap.Cache, backend sampling.Backend, prompt string) {
		m := sampling.Model{Backend: cache.Wrap(backend)}
		c, err := m.Complete(context.Background(), &sampling.Request{Prompt: prompt, Stop: []string{"."}})
		if err != nil {
			fmt.Println(err)
			return
		}
		hits, _, _ := cache.Stats()
		fmt.Printf("%q, %d hits\n", c.Text, hits)
	}
	cache := &wrap.Cache{Store: store, Namespace: "pocket"}
	ask(cache, pocket.Default(), "The capital of France is")
	ask(cache, pocket.Default(), "The capital of France is")

	strict := &wrap.Cache{Store: store, Namespace: "pocket", Strict: true}
	ask(strict, nil, "The capital of France is")
	ask(strict, nil, "The capital of Frankia is")
	// Output:
	// " Paris", 0 hits
	// " Paris", 1 hits
	// " Paris", 1 hits
	// wrap: the cache is strict, and this request is not in its store; the nearest, on line 2, differs from byte 48 on: asked "kia is\",\"stop\":[\".\"],\"params\":{\"max_toke", recorded "ce is\",\"stop\":[\".\"],\"params\":{\"max_token"; record it without Strict
}

// A wrapper of one's own embeds Forward, which passes every ability on, and
// changes what it is about.
func ExampleWrapper() {
	m := sampling.Model{Backend: wrap.Around(pocket.Default(), polite{})}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "The capital of France is", Stop: []string{"."}})
	fmt.Printf("%q %v\n", c.Text, err)
	// Output:
	// " Paris" <nil>
}

// polite waits a moment before each call.
type polite struct{}

func (polite) Wrap(b sampling.Backend) sampling.Backend { return waiting{sampling.Forward{Backend: b}} }

type waiting struct{ sampling.Forward }

func (w waiting) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	time.Sleep(time.Millisecond)
	return w.Forward.Sample(ctx, req)
}

// The guard passes eight words of a protected text, and cuts the ninth.
func ExampleForbid() {
	article, err := os.ReadFile("../pocket/corpus/encyclopedia/zebra.txt")
	if err != nil {
		log.Fatal(err)
	}
	guard, err := wrap.Forbid(8, string(article))
	if err != nil {
		log.Fatal(err)
	}
	model := sampling.Model{Backend: guard.Wrap(pocket.Default())}
	for _, prompt := range []string{"The zebra is", "Honeybees spend"} {
		c, err := model.Complete(context.Background(), &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 12}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q + %q: %v\n", prompt, c.Text, c.Reason)
	}
	// Output:
	// "The zebra is" + " a striped African cousin of the horse and ": filtered
	// "Honeybees spend" + " their lives in colonies that may hold fifty thousand insects at the": token limit
}

// Two servers, each with its own bill. The second answers when the first cannot.
func ExampleFallback() {
	down := sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			yield(sampling.Chunk{}, &sampling.Error{Backend: "hosted", Status: 503, Temporary: true, Err: errors.New("overloaded")})
		}
	})
	hosted, local := new(wrap.Meter), new(wrap.Meter)
	m := sampling.Model{Backend: wrap.Fallback(hosted.Wrap(down), local.Wrap(pocket.Default()))}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "English: cat\nFrench:", Stop: []string{"\n"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v, hosted answered %d and local %d\n", c.Reason, hosted.Total().Calls, local.Total().Calls)
	// Output: stop sequence, hosted answered 0 and local 1
}
