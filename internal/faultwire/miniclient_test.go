package faultwire_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
)

// A mini is the smallest client of both protocols that comes to the right
// outcome with every fault. It shows that what the table asks for can be done.
type mini struct {
	url    string
	api    faultwire.API
	stream bool
	client *http.Client
}

// An answer holds the fields of everything that servers of either protocol send.
type answer struct {
	Choices []struct {
		Text   string  `json:"text"`
		Index  int     `json:"index"`
		Reason *string `json:"finish_reason"`
	} `json:"choices"`
	Response   *string         `json:"response"`
	Done       bool            `json:"done"`
	DoneReason string          `json:"done_reason"`
	Error      json.RawMessage `json:"error"`
	Object     string          `json:"object"`
	Message    json.RawMessage `json:"message"`
	Code       any             `json:"code"`
	Detail     json.RawMessage `json:"detail"`
	Location   string          `json:"-"`
}

func (m *mini) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		err := sampling.ErrUnsupported
		if len(req.Params.Extra) == 0 {
			err = m.exchange(ctx, req, yield)
		}
		switch {
		case err == nil || errors.Is(err, errLeft):
		case ctx.Err() != nil:
			yield(sampling.Chunk{}, ctx.Err())
		default:
			yield(sampling.Chunk{}, err)
		}
	}
}

var errLeft = errors.New("the loop was left")

func (m *mini) exchange(ctx context.Context, req *sampling.Request, yield func(sampling.Chunk, error) bool) error {
	body, err := json.Marshal(map[string]any{"model": "base", "prompt": req.Prompt, "stream": m.stream})
	if err != nil {
		return err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+string(m.api), bytes.NewReader(body))
	if err != nil {
		return err
	}
	post.Header.Set("Authorization", "Bearer "+faultwire.FaultKey)
	resp, err := m.client.Do(post)
	if err != nil {
		return transportError(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	if !m.stream || resp.Header.Get("Content-Type") == "text/html" {
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			return transportError(err)
		}
		_, err = m.take(raw, yield)
		return err
	}
	return m.read(ctx, bufio.NewReader(resp.Body), yield)
}

// read reads a stream line by line.
func (m *mini) read(ctx context.Context, r *bufio.Reader, yield func(sampling.Chunk, error) bool) error {
	var data, bare []byte
	var kind string
	for ctx.Err() == nil { // much may be here already when the caller gives up
		line, err := r.ReadBytes('\n')
		last := err == io.EOF
		if err != nil && !last {
			return transportError(err)
		}
		line = bytes.TrimPrefix(bytes.TrimRight(line, "\r\n"), []byte("\uFEFF"))
		field, value, isField := strings.Cut(string(line), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case m.api == faultwire.Generate:
			data = line
		case isField && field == "data":
			data = append(append(data, '\n'), value...)
		case isField && field == "error":
			return m.fault([]byte(value))
		case isField && field == "event":
			kind = value
		case isField && (field == "" || field == "id" || field == "retry"):
		case len(line) > 0:
			bare = append(append(bare, line...), '\n')
		}
		if m.api == faultwire.Generate || len(line) == 0 || last {
			one := bytes.TrimSpace(data)
			data = nil
			switch {
			case string(one) == "[DONE]":
				return sampling.ErrTruncated
			case kind == "error":
				return m.fault(one)
			case len(one) > 0:
				if done, err := m.take(one, yield); done || err != nil {
					return err
				}
			}
		}
		if last {
			if len(bare) > 0 {
				_, err := m.take(bare, yield)
				return err
			}
			return sampling.ErrTruncated
		}
	}
	return ctx.Err()
}

// take takes one JSON object in, and reports whether it was the last.
func (m *mini) take(raw []byte, yield func(sampling.Chunk, error) bool) (done bool, err error) {
	var a answer
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	if err := json.Unmarshal(raw, &a); err != nil {
		return false, &sampling.Error{Backend: "mini", Status: 200, Err: fmt.Errorf("reading the answer: %w", err)}
	}
	if len(a.Error) > 0 || a.Object == "error" {
		return false, m.fault(raw)
	}
	var chunk sampling.Chunk
	switch {
	case m.api == faultwire.Generate && a.Response != nil:
		chunk.Text = *a.Response
		if a.Done {
			chunk.Reason = reason(cmp.Or(a.DoneReason, "stop"))
		}
		if a.DoneReason == "load" {
			return false, &sampling.Error{Backend: "mini", Status: 200, Err: errors.New("the server loaded the model and sampled nothing")}
		}
	case len(a.Choices) > 0 && a.Choices[0].Index == 0:
		chunk.Text = a.Choices[0].Text
		if r := a.Choices[0].Reason; r != nil {
			chunk.Reason = reason(*r)
		}
	case a.Choices != nil && m.stream:
		return false, nil
	default:
		return false, &sampling.Error{Backend: "mini", Status: 200, Err: errors.New("the answer has no text")}
	}
	if !yield(chunk, nil) {
		return false, errLeft
	}
	return chunk.Reason != sampling.Unfinished, nil
}

func reason(name string) sampling.Reason {
	if name == "length" {
		return sampling.TokenLimit
	}
	return sampling.EndOfText
}

// fault reads an error object in any of its shapes.
func (m *mini) fault(raw []byte) error {
	var a answer
	_ = json.Unmarshal(raw, &a) // what cannot be read is quoted below
	e := &sampling.Error{Backend: "mini", Status: 200, Err: errors.New(words(raw))}
	code, isNumber := a.Code.(float64)
	var inner struct{ Code any }
	if json.Unmarshal(a.Error, &inner) == nil && a.Error != nil {
		code, isNumber = inner.Code.(float64)
	}
	if isNumber {
		e.Status = int(code)
		e.Temporary = temporary(e.Status)
	}
	return e
}

func statusError(resp *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // the status says enough
	e := &sampling.Error{Backend: "mini", Status: resp.StatusCode, Temporary: temporary(resp.StatusCode)}
	e.Err = errors.New(cmp.Or(words(raw), http.StatusText(resp.StatusCode), "no words"))
	after := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(after, 10, 32); err == nil {
		e.RetryAfter = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		e.RetryAfter = max(0, time.Until(at))
	}
	return e
}

// words returns the server's words without the key.
func words(raw []byte) string {
	return strings.ReplaceAll(strings.TrimSpace(string(raw)), faultwire.FaultKey, "[key]")
}

func temporary(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

func transportError(err error) error {
	var certificate *tls.CertificateVerificationError
	return &sampling.Error{Backend: "mini", Temporary: !errors.As(err, &certificate), Err: err}
}
