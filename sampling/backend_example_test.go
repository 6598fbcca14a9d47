package sampling_test

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// An echo is a backend with the one method that every backend needs. It
// continues each prompt with the prompt's own last line.
type echo struct{}

func (echo) Sample(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		line := req.Prompt[strings.LastIndex(req.Prompt, "\n")+1:]
		if yield(sampling.Chunk{Text: " " + line}, nil) {
			yield(sampling.Chunk{Reason: sampling.EndOfText}, nil)
		}
	}
}

// A backend of your own needs one method. Model adds the checks, the stop
// sequences and the errors; samplingtest.Kit checks the rest.
func ExampleBackend() {
	m := sampling.Model{Backend: echo{}}
	c, err := m.Complete(context.Background(), &sampling.Request{Prompt: "row, row, row your boat", Stop: []string{" your"}})
	fmt.Printf("%q, %v, %v\n", c.Text, c.Reason, err)

	_, err = m.Score(context.Background(), &sampling.Request{Prompt: "row"}, []string{" boat"})
	fmt.Println(err)
	// Output:
	// " row, row, row", stop sequence, <nil>
	// sampling: not supported by this backend: sampling_test.echo has no method that scores text
}
