package faultwire

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// An API is one of the two protocols that a [FaultServer] speaks.
type API string

const (
	Completions API = "/v1/completions" // OpenAI's: JSON, or server-sent events
	Generate    API = "/api/generate"   // Ollama's: JSON, or a JSON object a line
)

// An exchange is one request to a FaultServer with the means to answer it. The
// template of a fault writes to it and calls its exported methods.
type exchange struct {
	Server *FaultServer
	API    API
	Text   string // of the right answer
	request

	w      http.ResponseWriter
	r      *http.Request
	atOnce bool // whether each part is pushed out as it comes
}

// A request is what the server reads of a request in either protocol.
type request struct {
	Prompt, Model string
	Stream        bool
}

// errEnded ends a template after which nothing can be sent.
var errEnded = errors.New("the exchange is over")

// answer executes the templates of a fault.
func (x *exchange) answer(f Fault) error {
	x.atOnce = x.Stream && f.header == nil
	x.w.Header().Set("Content-Type", x.Type())
	if f.header != nil {
		var text bytes.Buffer
		if err := f.header.Execute(&text, x); err != nil {
			return err
		}
		resp, err := http.ReadResponse(bufio.NewReader(&text), nil)
		if err != nil {
			return err
		}
		x.w.Header().Del("Content-Type")
		maps.Copy(x.w.Header(), resp.Header)
		x.w.WriteHeader(resp.StatusCode)
	}
	return f.answer.Execute(x, x)
}

// Write sends a part of the answer.
func (x *exchange) Write(b []byte) (int, error) {
	x.w.Write(b) // the client may have gone, which is its right
	if x.atOnce {
		x.push()
	}
	return len(b), nil
}

// push sends what is buffered, and the header before it.
func (x *exchange) push() { http.NewResponseController(x.w).Flush() }

// Type is the content type of the right answer.
func (x *exchange) Type() string {
	switch {
	case x.Stream && x.API == Completions:
		return "text/event-stream"
	case x.Stream:
		return "application/x-ndjson"
	}
	return "application/json"
}

// Key is the API key as the server got it.
func (x *exchange) Key() string {
	return cmp.Or(strings.TrimPrefix(x.r.Header.Get("Authorization"), "Bearer "), FaultKey)
}

// Path is that of the request.
func (x *exchange) Path() string { return x.r.URL.Path }

// Again reports whether the connection had a request before.
func (x *exchange) Again() bool {
	n, plain := x.r.Context().Value(asked{}).(*atomic.Int64)
	return plain && n.Add(1) > 1
}

// In is the time in so many seconds, as a header has it.
func (x *exchange) In(seconds int) string {
	return time.Now().Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
}

// send writes parts one by one, which a stream pushes out so. The result is nothing
// more to write.
func (x *exchange) send(parts []string) string {
	for _, part := range parts {
		io.WriteString(x, part)
	}
	return ""
}

// Answer sends the right answer.
func (x *exchange) Answer() string { return x.send(x.Parts()) }

// Words sends a stream up to the reason.
func (x *exchange) Words() string { return x.send(x.Parts()[:len(x.words())]) }

// Begin sends the first words of a stream, or the first half of an answer in one piece.
func (x *exchange) Begin() string {
	if x.Stream {
		return x.send(x.Parts()[:startWords])
	}
	whole := x.Whole()
	io.WriteString(x, whole[:len(whole)/2])
	x.push()
	return ""
}

// Hints sends an answer that comes before the right one.
func (x *exchange) Hints() string {
	x.w.WriteHeader(http.StatusEarlyHints)
	return ""
}

// Pause pushes out what there is and waits a moment.
func (x *exchange) Pause() string {
	x.push()
	time.Sleep(time.Millisecond)
	return ""
}

// Hang waits until the client has gone or the test ends.
func (x *exchange) Hang() (string, error) {
	<-x.r.Context().Done()
	return "", errEnded
}

// Forever sends a text again and again until the client has gone or the test ends.
func (x *exchange) Forever(text string) (string, error) {
	for x.r.Context().Err() == nil {
		io.WriteString(x, text)
		x.Pause()
	}
	return "", errEnded
}

// Close takes the connection away from HTTP, sends the last bytes and closes it.
func (x *exchange) Close(last ...string) (string, error) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return "", err
	}
	io.WriteString(conn, strings.Join(last, "")) // the client may have gone
	conn.Close()
	return "", errEnded
}

// Reset ends the connection with a TCP reset instead of an end.
func (x *exchange) Reset() (string, error) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return "", err
	}
	conn.(*net.TCPConn).SetLinger(0) // if it fails, the end is an ordinary one
	conn.Close()
	return "", errEnded
}
