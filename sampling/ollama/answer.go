package ollama

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// A line is one line of an answer: a piece of the text, the end, or an error.
type line struct {
	Model      any       `json:"model"`
	Response   string    `json:"response"`
	Thinking   string    `json:"thinking"`
	Done       bool      `json:"done"`
	DoneReason string    `json:"done_reason"`
	Logprobs   []logprob `json:"logprobs"`
	Error      any       `json:"error"`

	PromptEvalCount       int `json:"prompt_eval_count"`        // the whole prompt's tokens, cached ones too
	PromptEvalCachedCount int `json:"prompt_eval_cached_count"` // told since 0.30
	EvalCount             int `json:"eval_count"`
}

// A logprob is a token of the text, or one that was likely in its place.
type logprob struct {
	Token   string    `json:"token"`
	Logprob float64   `json:"logprob"`
	Bytes   []byte    `json:"bytes"`
	Top     []logprob `json:"top_logprobs"`
}

// token prefers the bytes, which can tell a part of a rune where JSON cannot.
func (l *logprob) token(top int) sampling.Token {
	t := sampling.Token{Text: l.Token, Logprob: l.Logprob}
	if len(l.Bytes) > 0 {
		t.Text = string(l.Bytes)
	}
	for i := range l.Top[:min(len(l.Top), top)] {
		t.Top = append(t.Top, l.Top[i].token(0))
	}
	return t
}

// An answer turns the lines of one response into chunks.
type answer struct {
	backend  *Backend
	req      *sampling.Request
	exchange *exchange
	body     *io.LimitedReader // with the limit of the next part
	parts    *json.Decoder     // of body: objects, one a line, or a whole answer on several

	line   line   // the last one read
	first  []byte // what the first one began with
	number int    // of lines so far
	pieces int    // of lines with text so far, each of at least one token
	last   string // the last piece without the spaces around it
	alike  int    // how many pieces like it came right before

	arrived time.Time     // when the last line was read
	gap     time.Duration // how long it had been waited for
	waited  time.Duration // for all lines after the first, before which the prompt is read
}

func (b *Backend) newAnswer(req *sampling.Request, x *exchange) *answer {
	body := &io.LimitedReader{R: x.body}
	return &answer{backend: b, req: req, exchange: x, body: body, parts: json.NewDecoder(body)}
}

// next returns the next chunk. The last one has a Reason.
func (a *answer) next(ctx context.Context) (sampling.Chunk, error) {
	for {
		err := ctx.Err() // lines that have arrived already are not wanted any more
		if err == nil {
			err = a.read()
		}
		switch {
		case ctx.Err() != nil && !(err == nil && a.line.Done):
			a.leave()
			fault := a.backend.wire.Fault(ctx, ctx.Err())
			if a.number == 0 {
				return sampling.Chunk{}, late(fault)
			}
			return sampling.Chunk{}, fault
		case err == io.EOF:
			return sampling.Chunk{}, a.unfinished()
		case err != nil:
			return sampling.Chunk{}, a.backend.wire.Broken(ctx, http.StatusOK, err)
		}
		chunk, err := a.chunk()
		if err != nil || chunk.Text != "" || chunk.Reason != sampling.Unfinished {
			return chunk, err
		}
	}
}

// read reads the next line. At the end of the body the error is [io.EOF], and
// [io.ErrUnexpectedEOF] if the line was cut off.
func (a *answer) read() error {
	a.line = line{}
	before := time.Now()
	a.body.N = httpwire.Longest
	var raw json.RawMessage
	err := a.parts.Decode(&raw)
	a.arrived = time.Now()
	a.gap = a.arrived.Sub(before)
	switch _, garbled := errors.AsType[*json.SyntaxError](err); {
	case err == nil:
		err = json.Unmarshal(raw, &a.line)
	case garbled:
		raw, _ = io.ReadAll(a.parts.Buffered())
	case a.body.N == 0:
		return a.backend.misread("a line of more than 64 MB")
	default:
		return err
	}
	if a.number > 0 {
		a.waited += a.gap
	}
	a.number++
	if a.number == 1 {
		a.first = httpwire.Begin(raw)
		a.exchange.begun.Store(!a.backend.config.NoStreaming)
	}
	if err != nil {
		return a.backend.misread("part %d, %v: %s", a.number, err, a.backend.wire.Quote(raw))
	}
	if a.line.Error != nil {
		fault := a.backend.wire.Announced(http.StatusOK, raw)
		if strings.Contains(fault.Err.Error(), "token repeat limit") {
			return a.backend.looped("%w", fault.Err)
		}
		return fault
	}
	if a.line.Response == "" {
		return nil
	}
	if a.pieces++; a.pieces > maxTokens(&a.req.Params) {
		return a.backend.misread("it goes on after the %d tokens that num_predict allows", maxTokens(&a.req.Params))
	}
	if piece := strings.TrimSpace(a.line.Response); piece == a.last {
		a.alike++
	} else {
		a.last, a.alike = piece, 0
	}
	return nil
}

// chunk makes a chunk of the current line, or finds what is wrong with it.
func (a *answer) chunk() (sampling.Chunk, error) {
	l, p := &a.line, &a.req.Params
	if l.Thinking != "" {
		return sampling.Chunk{}, a.backend.misread("it splits the text into thoughts and a response, which \"think\": false should have kept it from; is the model's template at fault?")
	}
	name, _ := l.Model.(string)
	chunk := sampling.Chunk{Text: l.Response, Model: name}
	if l.Response != "" && p.Logprobs {
		if len(l.Logprobs) == 0 {
			return sampling.Chunk{}, unsupported("Params.Logprobs: the server sent text without them; Ollama reports them since %v", knowsLogprobs)
		}
		for i := range l.Logprobs {
			chunk.Tokens = append(chunk.Tokens, l.Logprobs[i].token(p.TopLogprobs))
		}
	}
	if l.Done {
		return a.finish(chunk)
	}
	return chunk, nil
}

// finish adds what the last line tells.
func (a *answer) finish(chunk sampling.Chunk) (sampling.Chunk, error) {
	l := &a.line
	if window := a.backend.config.Window; window > 0 && l.PromptEvalCount >= window {
		// A prompt that was cut fills the window to the last token. One that does so
		// by chance leaves no room for an answer either.
		return sampling.Chunk{}, &sampling.Error{Backend: backendName, Status: http.StatusOK, Err: fmt.Errorf(
			"%w: the prompt fills all of it (%d tokens), so that its beginning was cut off or nothing was left to answer in; shorten the prompt, or raise Config.Window as far as the model was trained for",
			sampling.ErrBudget, l.PromptEvalCount)}
	}
	// A missing reason is an error too. The model's runner took the client to be gone
	// and did not finish.
	reason, err := a.backend.wire.Finish(l.DoneReason)
	if err != nil {
		return chunk, err // the text before it is real
	}
	chunk.Reason = reason
	chunk.Usage = sampling.Usage{
		PromptTokens:     l.PromptEvalCount,
		CompletionTokens: l.EvalCount,
		CachedTokens:     min(l.PromptEvalCachedCount, l.PromptEvalCount),
	}
	return chunk, nil
}

// loop is how many pieces in a row that are alike but for spaces make Ollama
// give up: it closes a stream without a word and leaves a whole answer undone.
// Since 0.30 it takes more of them, and there is an error.
const loop = 30

// looped is not temporary: a model that repeats itself will do so again.
func (b *Backend) looped(format string, args ...any) error {
	fault := b.wire.Truncated("Ollama gives up when one token repeats more than %d times in a row; a temperature or a RepetitionPenalty keeps the model from that: "+format,
		append([]any{loop}, args...)...)
	fault.Temporary = false
	return fault
}

// unfinished is the error of a body that ended well before the answer did.
func (a *answer) unfinished() error {
	b := a.backend
	switch {
	case a.number == 0:
		return b.wire.Truncated("the body is empty")
	case a.pieces == 0:
		return b.wire.Truncated("there was no text in it: %w", b.wire.Announced(http.StatusOK, a.first).Err)
	case b.config.NoStreaming:
		return b.looped("the whole answer is marked as not done")
	case a.alike >= loop:
		return b.looped("%q came %d times", a.last, a.alike+1)
	}
	return b.wire.Truncated("the server closed the connection")
}
