package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// An event is one piece of an answer, or the whole of one that was not streamed.
type event struct {
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage"`
	Error   raw      `json:"error"`
	Detail  raw      `json:"detail"`
	Object  string   `json:"object"`
	Verbose *verbose `json:"__verbose"`
}

// A choice is a piece of one continuation.
type choice struct {
	Text         text `json:"text"`
	Index        int  `json:"index"`
	Logprobs     raw  `json:"logprobs"`
	FinishReason raw  `json:"finish_reason"`
	StopReason   raw  `json:"stop_reason"`  // vLLM: which stop sequence, or the id of a token
	MatchedStop  raw  `json:"matched_stop"` // SGLang: the same
	Message      raw  `json:"message"`
	Delta        raw  `json:"delta"`
}

// verbose is what llama.cpp adds when it is asked to be verbose.
type verbose struct {
	StopType     string `json:"stop_type"`
	StoppingWord string `json:"stopping_word"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Details    struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CacheHit int `json:"prompt_cache_hit_tokens"` // DeepSeek's name for it
}

// tokens returns the counts, or nil where there are none: Ollama puts zeros
// into each event and the truth into one without a choice.
func (u *usage) tokens() *sampling.Usage {
	if u == nil || u.Prompt == 0 && u.Completion == 0 {
		return nil
	}
	return &sampling.Usage{
		PromptTokens:     u.Prompt,
		CompletionTokens: u.Completion,
		CachedTokens:     max(u.Details.Cached, u.CacheHit),
	}
}

// isError reports whether the event is an error. One without choices may be a
// ping, of which servers send many shapes, or FastAPI's way of failing.
func (e *event) isError() bool {
	return present(e.Error) || e.Object == "error" || present(e.Detail) && len(e.Choices) == 0
}

// A raw is a field as it was sent. A null, of which events are full, costs
// nothing.
type raw []byte

// UnmarshalJSON implements [json.Unmarshaler].
func (r *raw) UnmarshalJSON(value []byte) error {
	if string(value) != "null" {
		*r = bytes.Clone(value)
	}
	return nil
}

// present reports whether a field is there and says anything.
func present(field raw) bool {
	switch string(field) {
	case "", "null", "false", "{}", `""`:
		return false
	}
	return true
}

// errNoReason is the end of a stream that gave no reason.
var errNoReason = errors.New("no finish_reason")

// A continuation is put together from one choice of each event.
type continuation struct {
	req    *sampling.Request
	runes  runes
	reason sampling.Reason
	stop   string
	usage  *sampling.Usage
	tokens bool // whether any token came with its log probability
}

func (c *continuation) finished() bool { return c.reason != sampling.Unfinished }

// add returns what event adds to the continuation of the given index. Its chunk
// never carries the reason, which waits for the usage behind it.
func (c *continuation) add(e *event, index int) (sampling.Chunk, error) {
	var chunk sampling.Chunk
	chunk.Usage = e.Usage.tokens()
	if chunk.Usage != nil {
		c.usage = chunk.Usage
	}
	for i := range e.Choices {
		ch := &e.Choices[i]
		if ch.Index != index {
			continue
		}
		if present(ch.Message) || present(ch.Delta) {
			return chunk, wrong("the server answers in the form of a chat; it has no /completions for base models at this address")
		}
		text := string(ch.Text)
		tokens, err := readLogprobs(ch.Logprobs, c.req.Params.TopLogprobs)
		if err != nil {
			return chunk, err
		}
		c.tokens = c.tokens || len(tokens) > 0
		if text != "" && !c.tokens && c.req.Params.Logprobs {
			return sampling.Chunk{}, unsupported("Params.Logprobs: the server sends no log probabilities; leave it out")
		}
		chunk.Text += c.runes.add(text)
		chunk.Tokens = append(chunk.Tokens, tokens...)
		if err := c.finish(ch, e.Verbose); err != nil {
			return chunk, err
		}
	}
	return chunk, nil
}

// finish reads why the continuation ended, if it did.
func (c *continuation) finish(ch *choice, v *verbose) error {
	if !present(ch.FinishReason) {
		return nil
	}
	var finish string
	if err := json.Unmarshal(ch.FinishReason, &finish); err != nil {
		return wrong("the finish_reason is %.*s, and not a text", keptWords, ch.FinishReason)
	}
	switch finish {
	case "":
	case "length", "max_tokens":
		c.reason = sampling.TokenLimit
	case "stop", "eos", "eos_token", "end_of_text", "stop_sequence":
		c.reason = sampling.EndOfText
		c.fired(ch.StopReason)
		c.fired(ch.MatchedStop)
		if v != nil && v.StopType == "word" {
			c.fired(encode(v.StoppingWord))
		}
	case "content_filter":
		c.reason = sampling.Filtered
	case "load", "unload":
		return wrong("the server only loaded the model, as it does when the prompt is empty; begin the prompt with some text")
	case "error", "abort", "cancelled":
		return truncated(wrong("the server gave up, with finish_reason %q", finish))
	default:
		return wrong("the finish_reason is %q, which no completion should end with", finish)
	}
	return nil
}

// fired notes the stop sequence that ended the text, if it is one of the
// request's. A number there is the id of a token.
func (c *continuation) fired(which raw) {
	var stop string
	if json.Unmarshal(which, &stop) == nil && slices.Contains(c.req.Stop, stop) {
		c.reason, c.stop = sampling.StopSequence, stop
	}
}

// close returns the last chunk, or errNoReason.
func (c *continuation) close() (sampling.Chunk, error) {
	if !c.finished() {
		return sampling.Chunk{}, errNoReason
	}
	return sampling.Chunk{Text: c.runes.flush(), Reason: c.reason, Stop: c.stop, Usage: c.usage}, nil
}

// A text is decoded without loss: a server may put bytes into it that are not
// UTF-8, of which encoding/json makes replacement characters.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) error {
	s, err := unquote(raw)
	*t = text(s)
	return err
}

// unquote returns the text of a JSON string, its bytes as they were sent. Half
// of a surrogate pair becomes the three bytes that UTF-8 would give it, so that
// runes can join it to its other half.
func unquote(raw []byte) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return "", wrong("a text is %.*s, and not a string", keptWords, raw)
	}
	s := string(raw[1 : len(raw)-1])
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:at]...)
		c := s[at+1]
		s = s[at+2:]
		if c == 'u' {
			out = appendUnit(out, hex4(s))
			s = s[4:]
		} else {
			out = append(out, unescaped(c))
		}
		if at = strings.IndexByte(s, '\\'); at < 0 {
			return string(append(out, s...)), nil
		}
	}
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}
