package openai

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// An event is one piece of an answer, or the whole of one that was not streamed.
type event struct {
	Choices     []choice `json:"choices"`
	Usage       usage    `json:"usage"`
	Error       any      `json:"error"`
	Detail      any      `json:"detail"`
	Object      any      `json:"object"`
	Model       any      `json:"model"`
	Fingerprint any      `json:"system_fingerprint"`
	Verbose     *verbose `json:"__verbose"`
}

// A choice is a piece of one continuation.
type choice struct {
	Text         text            `json:"text"`
	Index        int             `json:"index"`
	Error        any             `json:"error"`
	Logprobs     json.RawMessage `json:"logprobs"`
	FinishReason any             `json:"finish_reason"`
	StopReason   any             `json:"stop_reason"`  // vLLM: which stop sequence, or the id of a token
	MatchedStop  any             `json:"matched_stop"` // SGLang: the same
	Message      any             `json:"message"`
	Delta        any             `json:"delta"`
}

// verbose is what llama.cpp adds when it is asked to be verbose.
type verbose struct {
	StopType     string `json:"stop_type"`
	StoppingWord any    `json:"stopping_word"`
}

// A usage is the counts of an event, or zeros if there are none. Servers that are not
// asked for them send anything. Some put zeros into each event and the real counts into
// one without a choice.
type usage struct{ sampling.Usage }

// UnmarshalJSON implements [json.Unmarshaler].
func (u *usage) UnmarshalJSON(value []byte) error {
	var sent struct {
		Prompt     count `json:"prompt_tokens"`
		Completion count `json:"completion_tokens"`
		Details    struct {
			Cached count `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		CacheHit count `json:"prompt_cache_hit_tokens"` // DeepSeek's name for it
	}
	if json.Unmarshal(value, &sent) == nil && (sent.Prompt != 0 || sent.Completion != 0) {
		cached := min(max(sent.CacheHit, sent.Details.Cached), sent.Prompt)
		u.Usage = sampling.Usage{PromptTokens: int(sent.Prompt), CompletionTokens: int(sent.Completion), CachedTokens: int(cached)}
	}
	return nil
}

// A count is a number of tokens. A value that cannot be one is 0.
type count int

// mostTokens is more than any request has.
const mostTokens = 1 << 30

// UnmarshalJSON implements [json.Unmarshaler].
func (c *count) UnmarshalJSON(value []byte) error {
	if n, err := strconv.ParseFloat(string(value), 64); err == nil && n > 0 && n <= mostTokens {
		*c = count(n)
	}
	return nil
}

// isError reports whether the event is an error. One without choices may be a
// ping, of which servers send many shapes, or FastAPI's way of failing.
func (e *event) isError() bool {
	return present(e.Error) || e.Object == "error" || present(e.Detail) && len(e.Choices) == 0 ||
		len(e.Choices) > 0 && present(e.Choices[0].Error)
}

// present reports whether a field is there and says anything.
func present(field any) bool {
	switch field := field.(type) {
	case nil:
		return false
	case bool:
		return field
	case string:
		return field != ""
	case map[string]any:
		return len(field) > 0
	}
	return true
}

// A continuation is put together from one choice of each event.
type continuation struct {
	b      *Backend
	req    *sampling.Request
	runes  runes
	end    sampling.Completion // what is known of it; without text and tokens
	begun  bool                // an event had this choice
	pieces int                 // of text, each of at least one token
	said   bool                // whether any choice had a text, if an empty one
	tail   string              // the end of the text as it was sent
	tokens bool                // whether any token came with its log probability

	// Tokens without text wait for the next event: the token that ends the text
	// comes before the event with the finish_reason.
	held []sampling.Token
}

// tailBytes is how much of the text is kept to compare with: more than the
// longest name of a special token and most stop sequences.
const tailBytes = 256

func (c *continuation) finished() bool { return c.end.Reason != sampling.Unfinished }

// add returns what the i-th choice of an event adds to the continuation. Its chunk
// never carries the reason, which waits for the usage after it. Beside an error
// it has the text that came with it.
func (c *continuation) add(e *event, i int, usage sampling.Usage) (chunk sampling.Chunk, err error) {
	ch := &e.Choices[i]
	c.begun = true
	c.end.Usage = cmp.Or(usage, c.end.Usage)
	if model, _ := e.Model.(string); model != "" {
		c.end.Model = model
	}
	if present(ch.Message) || present(ch.Delta) {
		return sampling.Chunk{}, fmt.Errorf("the server answers in the form of a chat; it has no /completions for base models at this address")
	}
	chunk.Usage, chunk.Model = usage, c.end.Model
	text := ch.Text.value
	c.said = c.said || ch.Text.there
	if text != "" {
		if c.finished() {
			return chunk, fmt.Errorf("the answer goes on after its finish_reason, %v", c.end.Reason)
		}
		if c.pieces++; c.pieces > c.limit() {
			return chunk, fmt.Errorf("the answer goes on after the %d tokens that max_tokens allows", c.limit())
		}
	}
	whole := c.runes.add(text)
	c.tail = (c.tail + text)[max(0, len(c.tail)+len(text)-tailBytes):]
	tokens, err := c.logprobs(ch, text)
	if err != nil {
		if !errors.Is(err, sampling.ErrUnsupported) {
			chunk.Text = whole
		}
		return chunk, err
	}
	tokens, c.held = append(c.held, tokens...), nil
	before := c.end.Reason
	err = c.finish(ch, e.Verbose)
	switch {
	case c.end.Reason != before && c.end.Reason == sampling.EndOfText:
		tokens = c.withoutEnd(tokens)
	case !c.finished() && text == "":
		tokens, c.held = nil, tokens
	}
	chunk.Text, chunk.Tokens = whole+c.unsaid(ch), tokens
	return chunk, err
}

// limit is how many tokens the server was told to draw at most.
func (c *continuation) limit() int {
	return cmp.Or(c.req.Params.MaxTokens, sampling.DefaultMaxTokens)
}

// logprobs returns the tokens of a choice if they were asked for. Others are not
// looked at, since their shape is the server's affair.
func (c *continuation) logprobs(ch *choice, text string) ([]sampling.Token, error) {
	p := &c.req.Params
	if !p.Logprobs && p.Extra["logprobs"] == nil && p.Extra["n_probs"] == nil {
		return nil, nil
	}
	top := p.TopLogprobs
	if !p.Logprobs {
		top = -1
	}
	tokens, err := readLogprobs(ch.Logprobs, top, text)
	if err != nil {
		return nil, err
	}
	c.tokens = c.tokens || len(tokens) > 0
	if text != "" && !c.tokens && p.Logprobs {
		return nil, unsupported("Params.Logprobs: the server sends no log probabilities; leave it out")
	}
	return tokens, nil
}

// withoutEnd drops the token by which the model ended the text: vLLM and
// llama.cpp list it, and the text does not have it.
func (c *continuation) withoutEnd(tokens []sampling.Token) []sampling.Token {
	if n := len(tokens); n > 0 && (tokens[n-1].Text == "" || !strings.HasSuffix(c.tail, tokens[n-1].Text)) {
		return tokens[:n-1]
	}
	return tokens
}

// unsaid returns the rest of a stop sequence of which the server has sent the
// beginning. SGLang and oMLX do so where the sequence is several tokens. With
// the rest added, sampling.Model finds the stop and cuts it. llama.cpp cuts
// exactly, and what looks like a beginning there is text.
func (c *continuation) unsaid(ch *choice) string {
	if c.end.Stop == "" || !present(ch.StopReason) && !present(ch.MatchedStop) || strings.HasSuffix(c.tail, c.end.Stop) {
		return ""
	}
	for n := min(len(c.end.Stop)-1, len(c.tail)); n > 0; n-- {
		if strings.HasSuffix(c.tail, c.end.Stop[:n]) {
			return c.end.Stop[n:]
		}
	}
	return ""
}

// finish reads why the continuation ended, if it did.
func (c *continuation) finish(ch *choice, v *verbose) error {
	if !present(ch.FinishReason) {
		return nil
	}
	word, ok := ch.FinishReason.(string)
	if !ok {
		return fmt.Errorf("the finish_reason is %v, and not a text", ch.FinishReason)
	}
	before := c.end.Reason
	reason, err := c.b.wire.Finish(word)
	if err != nil {
		return err
	}
	c.end.Reason = reason
	if reason == sampling.EndOfText {
		c.fired(ch.StopReason)
		c.fired(ch.MatchedStop)
		if v != nil && v.StopType == "word" {
			c.fired(v.StoppingWord)
		}
	}
	if before != sampling.Unfinished && before != c.end.Reason {
		c.end.Reason = before
		return fmt.Errorf("the answer has two ends: %v, and then finish_reason %q", before, word)
	}
	return nil
}

// fired notes the stop sequence that ended the text, if it is one of the
// request's. A number there is the id of a token.
func (c *continuation) fired(which any) {
	if stop, ok := which.(string); ok && slices.Contains(c.req.Stop, stop) {
		c.end.Reason, c.end.Stop = sampling.StopSequence, stop
	}
}

// close returns the last chunk of a continuation that is finished.
func (c *continuation) close() (sampling.Chunk, error) {
	switch {
	case !c.said:
		return sampling.Chunk{}, fmt.Errorf("the choices of the answer have no text; try Config.NoStreaming, or another Dialect")
	case c.req.Prompt == "" && c.pieces == 0 && c.end.Reason == sampling.TokenLimit && c.end.Usage == (sampling.Usage{}) && c.b.config.Dialect.native == nativeLlamaCpp:
		// A model without a token for the beginning of the text has nothing to continue.
		return sampling.Chunk{}, unsupported("an empty prompt, from which this model draws nothing; begin with a line break or a word")
	}
	return sampling.Chunk{Text: c.runes.flush(), Reason: c.end.Reason, Stop: c.end.Stop, Usage: c.end.Usage, Model: c.end.Model}, nil
}
