package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A completer is one way to complete text over HTTP.
type completer interface {
	stream(ctx context.Context, prompt string, each func(text string)) error
	whole(ctx context.Context, prompt string) (string, error)
	close()
}

// A modelClient is the library's way.
type modelClient struct {
	streamed, inOne sampling.Model
	http            *http.Client
}

func newModelClient(url string) (*modelClient, error) {
	c := &modelClient{http: newClient()}
	config := openai.Config{BaseURL: url + "/v1", Model: "m", HTTPClient: c.http}
	streamed, err := openai.New(config)
	if err != nil {
		return nil, err
	}
	config.NoStreaming = true
	inOne, err := openai.New(config)
	if err != nil {
		return nil, err
	}
	c.streamed, c.inOne = sampling.Model{Backend: streamed}, sampling.Model{Backend: inOne}
	return c, nil
}

func (c *modelClient) request(prompt string) *sampling.Request {
	return &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: wireTokens}}
}

func (c *modelClient) stream(ctx context.Context, prompt string, each func(text string)) error {
	for chunk, err := range c.streamed.Stream(ctx, c.request(prompt)) {
		if err != nil {
			return err
		}
		each(chunk.Text)
	}
	return nil
}

func (c *modelClient) whole(ctx context.Context, prompt string) (string, error) {
	completion, err := c.inOne.Complete(ctx, c.request(prompt))
	if err != nil {
		return "", err
	}
	return completion.Text, nil
}

func (c *modelClient) close() { c.http.CloseIdleConnections() }

const (
	atRaw = iota
	atModel
)

var completerNames = []string{"go-openai", "Model"}

func newCompleters(url string) ([]completer, error) {
	model, err := newModelClient(url)
	return []completer{atRaw: newRawClient(url), atModel: model}, err
}

func wireAgree(*runner) error {
	url, stop, err := startServer()
	if err != nil {
		return err
	}
	defer stop()
	completers, err := newCompleters(url)
	if err != nil {
		return err
	}
	want := strings.Repeat(wireToken, wireTokens)
	for i, c := range completers {
		defer c.close()
		whole, err := c.whole(context.Background(), "Hello")
		if err != nil {
			return err
		}
		var streamed strings.Builder
		if err := c.stream(context.Background(), "Hello", func(text string) { streamed.WriteString(text) }); err != nil {
			return err
		}
		if whole != want || streamed.String() != want {
			return fmt.Errorf("%s: %d bytes whole and %d streamed, want %d", completerNames[i], len(whole), streamed.Len(), len(want))
		}
	}
	return nil
}

// atOnce makes n calls at the same time and returns the first error.
func atOnce(n int, call func() error) error {
	errs := make(chan error, n)
	for range n {
		go func() { errs <- call() }()
	}
	var failed error
	for range n {
		if err := <-errs; err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// calling is a benchmark in which an operation is n completions at once.
func calling(name string, n int, call func() error) benchmark {
	return benchmark{name, func(b *testing.B) error {
		if err := atOnce(n, call); err != nil { // opens the connections
			return err
		}
		before := processorTime()
		for b.Loop() {
			if err := atOnce(n, call); err != nil {
				return err
			}
		}
		b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
		return nil
	}}
}

func measureWire(r *runner) (*section, error) {
	url, stop, err := startServer()
	if err != nil {
		return nil, err
	}
	defer stop()
	completers, err := newCompleters(url)
	if err != nil {
		return nil, err
	}
	together := []int{1, 16, 256}
	if r.quick {
		together = []int{1, 16}
	}
	s := &section{
		Title: "The wire",
		Text: fmt.Sprintf(`A server process sends completions of %s tokens over loopback, with an event of %d bytes and a write for each token. Both sides send the same request through an HTTP client with the same settings, and read all of the text. A Model also
checks that the stream is whole, and would cut it at stop sequences. Time includes the server, which shares the machine's cores.
Processor time is of the client alone. We set no goal: judge whether the difference matters to you.`, count(wireTokens), len(event(wireToken, "null"))),
	}
	for _, kind := range []struct {
		name string
		call func(c completer) error
	}{
		{"streamed", func(c completer) error {
			read := 0
			err := c.stream(context.Background(), "Hello", func(text string) { read += len(text) })
			return enough(read, err)
		}},
		{"whole", func(c completer) error {
			text, err := c.whole(context.Background(), "Hello")
			return enough(len(text), err)
		}},
	} {
		t := table{Caption: "A completion, " + kind.name + ".", Head: []string{"at once", "time, go-openai", "Model", "processor time, go-openai", "Model", "allocations, go-openai", "Model"}}
		for _, n := range together {
			var benchmarks []benchmark
			for i, c := range completers {
				benchmarks = append(benchmarks, calling(completerNames[i], n, func() error { return kind.call(c) }))
			}
			results, err := r.measure(fmt.Sprintf("wire: %s, %d at once", kind.name, n), benchmarks...)
			if err != nil {
				return nil, err
			}
			raw, model := results[atRaw], results[atModel]
			each := func(values []float64) float64 { return newFigure(values).Center / float64(n) }
			t.Rows = append(t.Rows, []string{
				count(n),
				duration(each(raw.time)), ratio(model.time, raw.time).times() + " times",
				duration(each(raw.extra["cpu-ns/op"])), ratio(model.extra["cpu-ns/op"], raw.extra["cpu-ns/op"]).times() + " times",
				count(each(raw.allocs)) + ", " + size(each(raw.bytes)), count(each(model.allocs)) + ", " + size(each(model.bytes)),
			})
		}
		s.Tables = append(s.Tables, t)
	}
	memory, err := measureStreams(r, url, together[len(together)-1])
	if err != nil {
		return nil, err
	}
	s.Tables = append(s.Tables, memory)
	return s, nil
}

func enough(read int, err error) error {
	if err == nil && read != len(wireToken)*wireTokens {
		return fmt.Errorf("%d bytes of a completion", read)
	}
	return err
}

// measureStreams holds n streams half-way and looks at the memory.
func measureStreams(r *runner, url string, n int) (table, error) {
	t := table{
		Caption: fmt.Sprintf("Memory of %d concurrent streams, all half-way: live heap and stacks.", n),
		Head:    []string{"", "heap and stacks", "goroutines"},
	}
	used, goroutines := [2][]float64{}, [2][]float64{}
	r.say("wire: memory of %d streams", n)
	for range r.repetitions {
		completers, err := newCompleters(url)
		if err != nil {
			return t, err
		}
		for i, c := range completers {
			bytes, running, err := holdStreams(c, url, n)
			if err != nil {
				return t, err
			}
			c.close()
			used[i], goroutines[i] = append(used[i], bytes), append(goroutines[i], running)
		}
	}
	for i, name := range completerNames {
		cell := newFigure(used[i]).size() + " " + newFigure(used[i]).spread()
		if i == atModel {
			cell += ", " + ratio(used[atModel], used[atRaw]).times() + " times"
		}
		t.Rows = append(t.Rows, []string{name, cell, count(newFigure(goroutines[i]).Center)})
	}
	return t, nil
}

// holdStreams returns what n streams take that wait in the middle.
func holdStreams(c completer, url string, n int) (bytes, goroutines float64, err error) {
	before, running := inUse(), runtime.NumGoroutine()
	var half sync.WaitGroup
	half.Add(n)
	done := make(chan error, 1)
	go func() {
		done <- atOnce(n, func() error {
			read, reached := 0, false
			err := c.stream(context.Background(), held, func(text string) {
				if read += len(text); !reached && read >= len(wireToken)*wireTokens/2 {
					reached = true
					half.Done()
				}
			})
			if !reached {
				half.Done()
			}
			return enough(read, err)
		})
	}()
	half.Wait()
	bytes, goroutines = float64(inUse()-before), float64(runtime.NumGoroutine()-running)
	response, err := http.Get(url + "/release")
	if err != nil {
		return 0, 0, err
	}
	response.Body.Close()
	return bytes, goroutines, <-done
}

// inUse is what is live on the heap, and the stacks.
func inUse() int64 {
	live := heap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return live + int64(m.StackInuse)
}
