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

// A Script is a [sampling.Backend] that says what it is told and remembers what
// it was asked:
//
//	script := &samplingtest.Script{Replies: []string{" 나비\n", " hibou\n"}, ChunkSize: 1}
//	model := sampling.Model{Backend: script}
//
// The first call gets the first reply, the second call the second. A call
// beyond the last is an error that says so, unless Loop is set.
//
// A Script says its replies whole: it heeds neither stop sequences nor
// constraints, MaxTokens or any other parameter. It does heed ctx, and looks at it before
// each chunk. It is safe for concurrent use, and calls are numbered in the order
// in which their loops began. The fields must not change once it is in use.
type Script struct {
	// Replies are texts, one for each call. Each ends with EndOfText.
	Replies []string

	// Turns are replies of any kind, one for each call, in place of Replies.
	Turns []Reply

	// Choose picks the reply to a call, numbered from 0, in place of Turns and
	// Replies. It may be called by several goroutines at once.
	Choose func(call int, req *sampling.Request) Reply

	// Loop begins with the first reply again after the last.
	Loop bool

	// ChunkSize is the number of bytes in a chunk at most. Chunks end between
	// runes and hold one rune at least, so that 1 means rune by rune. 0 is the
	// whole text in one chunk.
	ChunkSize int

	// Wait, when set, is called before each chunk with the numbers of the call
	// and of the chunk, from 0. The error that it returns ends the sequence. A
	// Wait that blocks until ctx is done plays a server that hangs.
	Wait func(ctx context.Context, call, chunk int) error

	// ScoreFunc scores for [sampling.Scorer], and DrawFunc draws for
	// [sampling.Drawer]. Without them Score and Draw answer ErrUnsupported.
	ScoreFunc func(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error)
	DrawFunc  func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error)

	mu    sync.Mutex
	calls []*call
}

// A Reply is what a [Script] answers to one call.
type Reply struct {
	Text string

	// Chunks are yielded as they are, in place of Text and what follows here
	// but Err. They need not keep any rule: a list without a Reason plays a
	// stream that broke off.
	Chunks []sampling.Chunk

	// Err is yielded after the text or the chunks, and takes the place of the
	// Reason.
	Err error

	Reason sampling.Reason // of the last chunk; 0 is EndOfText
	Usage  sampling.Usage  // of the last chunk
}

// A Call is what a [Script] remembers of one call of Sample.
type Call struct {
	Request sampling.Request // a copy

	// Chunks is how many chunks the caller took, the one in which it left
	// included, and Text is what was in them.
	Chunks int
	Text   string

	// Err is the error that ended the sequence: the reply's own, that of Wait,
	// or that of a ctx that was cancelled.
	Err error
}

// A call is a Call under way. Its text is put together in a builder, so that a
// long reply rune by rune takes time in proportion to its length.
type call struct {
	Call
	text strings.Builder
}

// Calls returns what was asked so far, in order. The calls still under way are
// among them.
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
		number, call := s.begin(req)
		fail := func(err error) {
			s.mu.Lock()
			call.Err = err
			s.mu.Unlock()
			yield(sampling.Chunk{}, err)
		}
		reply, err := s.reply(number, req)
		if err != nil {
			fail(err)
			return
		}
		for i, chunk := range s.chunks(reply) {
			if s.Wait != nil {
				if err := s.Wait(ctx, number, i); err != nil {
					fail(err)
					return
				}
			}
			if err := ctx.Err(); err != nil {
				fail(err)
				return
			}
			s.mu.Lock()
			call.Chunks++
			call.text.WriteString(chunk.Text)
			s.mu.Unlock()
			if !yield(chunk, nil) {
				return
			}
		}
		if reply.Err != nil {
			fail(reply.Err)
		}
	}
}

// begin records a new call and returns its number.
func (s *Script) begin(req *sampling.Request) (int, *call) {
	c := &call{Call: Call{Request: copyRequest(req)}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	return len(s.calls) - 1, c
}

func copyRequest(req *sampling.Request) sampling.Request {
	c := *req
	c.Stop = slices.Clone(req.Stop)
	c.Params.Extra = maps.Clone(req.Params.Extra)
	return c
}

func (s *Script) reply(call int, req *sampling.Request) (Reply, error) {
	if s.Choose != nil {
		return s.Choose(call, req), nil
	}
	n := max(len(s.Turns), len(s.Replies))
	switch {
	case n == 0:
		return Reply{}, errors.New("samplingtest: the Script has no replies; set Replies, Turns or Choose")
	case len(s.Turns) > 0 && len(s.Replies) > 0:
		return Reply{}, errors.New("samplingtest: the Script has both Turns and Replies; set one of them")
	case s.Loop:
		call %= n
	case call >= n:
		return Reply{}, fmt.Errorf("samplingtest: call %d of a Script with %d replies; add one, or set Loop", call+1, n)
	}
	if len(s.Turns) > 0 {
		return s.Turns[call], nil
	}
	return Reply{Text: s.Replies[call]}, nil
}

// chunks turns a reply into the chunks that are yielded for it.
func (s *Script) chunks(r Reply) []sampling.Chunk {
	if r.Chunks != nil {
		return r.Chunks
	}
	var chunks []sampling.Chunk
	for _, text := range s.split(r.Text) {
		chunks = append(chunks, sampling.Chunk{Text: text})
	}
	if r.Err != nil {
		return chunks
	}
	if len(chunks) == 0 {
		chunks = make([]sampling.Chunk, 1)
	}
	last := &chunks[len(chunks)-1]
	last.Reason, last.Usage = r.Reason, r.Usage
	if last.Reason == sampling.Unfinished {
		last.Reason = sampling.EndOfText
	}
	return chunks
}

func (s *Script) split(text string) []string {
	var pieces []string
	for text != "" {
		n := chunkEnd(text, s.ChunkSize)
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces
}

// chunkEnd returns where the first chunk of text ends: at the last border
// between runes that is at most size bytes away, or else after the first rune.
func chunkEnd(text string, size int) int {
	if size <= 0 || size >= len(text) {
		return len(text)
	}
	end := 0
	for end < size {
		_, n := utf8.DecodeRuneInString(text[end:])
		if end > 0 && end+n > size {
			break
		}
		end += n
	}
	return end
}

// Count returns the number of bytes.
func (s *Script) Count(_ context.Context, text string) (int, error) { return len(text), nil }

// Constrains returns nil, so that a [sampling.Model] passes constraints on. A
// reply that violates one plays a server that ignores it.
func (s *Script) Constrains(c sampling.Constraint) error { return nil }

// Score scores by ScoreFunc, or else answers ErrUnsupported.
func (s *Script) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	if s.ScoreFunc == nil {
		return nil, fmt.Errorf("%w: this Script has no ScoreFunc", sampling.ErrUnsupported)
	}
	return s.ScoreFunc(ctx, req, continuations)
}

// Draw draws by DrawFunc, or else answers ErrUnsupported, which makes a Model
// draw by single samples.
func (s *Script) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	if s.DrawFunc == nil {
		return nil, fmt.Errorf("%w: this Script has no DrawFunc", sampling.ErrUnsupported)
	}
	return s.DrawFunc(ctx, req, n)
}
