package samplingtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A Script is a [sampling.Backend] that gives prepared replies and records its
// calls:
//
//	script := &samplingtest.Script{Answer: samplingtest.InTurn(" 나비\n", " hibou\n"), ChunkSize: 1}
//	model := sampling.Model{Backend: script}
//
// It yields each reply in full. It ignores stop sequences, constraints and all
// parameters, and checks ctx before each chunk. Count counts bytes. For other
// abilities, embed a Script in a type that has the methods.
//
// A Script is safe for concurrent use. Calls are numbered in the order in which
// their loops begin. Do not change the fields once it is in use.
type Script struct {
	// Answer returns the reply to a call, numbered from 0. [InTurn] and [Always]
	// make such functions. Several goroutines may call it at once.
	Answer func(call int, req *sampling.Request) Reply

	// ChunkSize is the maximum number of bytes in a chunk. Chunks end between runes
	// and have at least one rune, so 1 means rune by rune. 0 is the whole text.
	ChunkSize int

	// Wait, if set, is called before each chunk with the numbers of the call and of
	// the chunk, from 0. An error from it ends the sequence. A Wait that blocks until
	// ctx is done simulates a server that hangs.
	Wait func(ctx context.Context, call, chunk int) error

	mu    sync.Mutex
	calls []*call
}

// A Reply is the answer of a [Script] to one call.
type Reply struct {
	Text string

	// Chunks, if set, are yielded as they are, and Text, Reason and Usage are
	// ignored. They need not keep any rule: without a Reason they simulate a stream
	// that breaks off.
	Chunks []sampling.Chunk

	// Err is yielded after the text or the chunks, instead of the Reason.
	Err error

	Reason sampling.Reason // of the last chunk; 0 is EndOfText
	Usage  sampling.Usage  // of the last chunk
}

// InTurn returns an Answer for a [Script] that gives the first reply to the first
// call, and so on. A call after the last reply is an error.
func InTurn[R string | Reply](replies ...R) func(call int, req *sampling.Request) Reply {
	return func(call int, _ *sampling.Request) Reply {
		if call >= len(replies) {
			return Reply{Err: fmt.Errorf("samplingtest: call %d of a Script with %d replies; add a reply, or use Always", call+1, len(replies))}
		}
		return asReply(replies[call])
	}
}

// Always returns an Answer for a [Script] that gives the same reply to every call.
func Always[R string | Reply](reply R) func(call int, req *sampling.Request) Reply {
	return func(int, *sampling.Request) Reply { return asReply(reply) }
}

func asReply(reply any) Reply {
	if text, ok := reply.(string); ok {
		return Reply{Text: text}
	}
	return reply.(Reply)
}

// A Call is what a [Script] recorded of one call of Sample.
type Call struct {
	Request sampling.Request // a copy

	// Chunks is the number of chunks that the caller received, including the one at
	// which it left the loop. Text is their text.
	Chunks int
	Text   string

	// Err is the error that ended the sequence: that of the reply, of Wait, or of a
	// cancelled ctx.
	Err error
}

// A call is a Call under way. A builder keeps the cost of a long reply in small
// chunks proportional to its length.
type call struct {
	Call
	text strings.Builder
}

// Calls returns the calls so far, in order, including those under way.
func (s *Script) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, c := range s.calls {
		calls[i] = c.Call
		calls[i].Text = c.text.String()
	}
	return calls
}

// Sample yields the next reply.
func (s *Script) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		c := &call{Call: Call{Request: copyRequest(req)}}
		s.mu.Lock()
		number := len(s.calls)
		s.calls = append(s.calls, c)
		s.mu.Unlock()
		if err := s.play(ctx, req, number, c, yield); err != nil {
			s.mu.Lock()
			c.Err = err
			s.mu.Unlock()
			yield(sampling.Chunk{}, err)
		}
	}
}

// play yields the chunks of a call and returns the error after them.
func (s *Script) play(ctx context.Context, req *sampling.Request, number int, c *call, yield func(sampling.Chunk, error) bool) error {
	if s.Answer == nil {
		return errors.New("samplingtest: the Script has no replies; set Answer")
	}
	reply := s.Answer(number, req)
	for i, chunk := range s.chunks(reply) {
		if s.Wait != nil {
			if err := s.Wait(ctx, number, i); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		c.Chunks++
		c.text.WriteString(chunk.Text)
		s.mu.Unlock()
		if !yield(chunk, nil) {
			return nil
		}
	}
	return reply.Err
}

func copyRequest(req *sampling.Request) sampling.Request {
	c := *req
	c.Stop = slices.Clone(req.Stop)
	c.Params.Extra = maps.Clone(req.Params.Extra)
	return c
}

// chunks returns the chunks of a reply.
func (s *Script) chunks(r Reply) []sampling.Chunk {
	if r.Chunks != nil || r.Text == "" && r.Err != nil {
		return r.Chunks
	}
	var chunks []sampling.Chunk
	start := 0
	for i, letter := range r.Text {
		if s.ChunkSize > 0 && i > start && i+utf8.RuneLen(letter) > start+s.ChunkSize {
			chunks = append(chunks, sampling.Chunk{Text: r.Text[start:i]})
			start = i
		}
	}
	last := sampling.Chunk{Text: r.Text[start:]}
	if r.Err == nil {
		last.Reason, last.Usage = max(r.Reason, sampling.EndOfText), r.Usage
	}
	return append(chunks, last)
}

// Count returns the number of bytes.
func (s *Script) Count(_ context.Context, text string) (int, error) { return len(text), nil }

// Constrains returns nil, so that a [sampling.Model] passes constraints on. A reply
// that violates one simulates a server that ignores it.
func (s *Script) Constrains(c sampling.Constraint) error { return nil }
