package faultwire

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
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
	Stream bool
	Text   string // of the right answer

	w      http.ResponseWriter
	r      *http.Request
	prompt string
	model  string // the name that was asked for

	held  bytes.Buffer // what was not pushed out yet, the header first
	begun bool         // whether the header was sent
}

// errEnded ends a template after which nothing can be sent.
var errEnded = errors.New("the exchange is over")

// read takes the request apart.
func (x *exchange) read() error {
	var body struct {
		Prompt, Model string
		Stream        *bool
	}
	if err := json.NewDecoder(x.r.Body).Decode(&body); err != nil {
		return err
	}
	x.prompt, x.model = body.Prompt, body.Model
	x.Stream = x.API == Generate // which is what Ollama does unless told
	if body.Stream != nil {
		x.Stream = *body.Stream
	}
	return nil
}

// Write takes a part of the answer. Those of a stream are pushed out at once. An
// answer with a header of its own is held until it is whole.
func (x *exchange) Write(b []byte) (int, error) {
	x.held.Write(b)
	if x.Stream && !x.ownHeader() {
		x.push(false)
	}
	return len(b), nil
}

func (x *exchange) ownHeader() bool { return bytes.HasPrefix(x.held.Bytes(), []byte("HTTP/")) }

// push sends what is held, after the header. If that is the whole answer, it has a
// length.
func (x *exchange) push(whole bool) {
	if !x.begun {
		status := x.header()
		if whole && x.held.Len() > 0 {
			x.w.Header().Set("Content-Length", fmt.Sprint(x.held.Len()))
		}
		x.w.WriteHeader(status)
	}
	x.begun = true
	x.w.Write(x.held.Bytes()) // the client may have gone, which is its right
	x.held.Reset()
	if !whole {
		http.NewResponseController(x.w).Flush()
	}
}

// header sets the header: that at the start of what is held, or that of a right
// answer. It returns the status.
func (x *exchange) header() int {
	if x.ownHeader() {
		head, body, _ := strings.Cut(x.held.String(), "\n\n")
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+"\n\n")), nil)
		if err != nil {
			panic(err) // the table has no such header
		}
		maps.Copy(x.w.Header(), resp.Header)
		x.held.Reset()
		x.held.WriteString(body)
		return resp.StatusCode
	}
	x.w.Header().Set("Content-Type", x.Type())
	return http.StatusOK
}

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
	return x.send([]string{whole[:len(whole)/2]})
}

// Hints sends an answer that comes before the right one.
func (x *exchange) Hints() string {
	x.w.WriteHeader(http.StatusEarlyHints)
	return ""
}

// Pause pushes out what there is and waits a moment.
func (x *exchange) Pause() string {
	x.push(false)
	time.Sleep(time.Millisecond)
	return ""
}

// Hang waits until the client has gone or the test ends.
func (x *exchange) Hang() (string, error) {
	if x.held.Len() > 0 {
		x.push(false)
	}
	<-x.r.Context().Done()
	return "", errEnded
}

// Forever sends a text again and again until the client has gone or the test ends.
func (x *exchange) Forever(text string) (string, error) {
	for x.r.Context().Err() == nil {
		x.held.WriteString(text)
		x.Pause()
	}
	return "", errEnded
}

// Close takes the connection away from HTTP, sends the last bytes and closes it.
func (x *exchange) Close(last ...string) (string, error) {
	conn, err := x.connection()
	if err == nil {
		io.WriteString(conn, strings.Join(last, "")) // the client may have gone
		conn.Close()
	}
	return "", errors.Join(err, errEnded)
}

// Reset ends the connection with a TCP reset instead of an end.
func (x *exchange) Reset() (string, error) {
	conn, err := x.connection()
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // then it is an ordinary end
		tcp.Close()
	}
	return "", errors.Join(err, errEnded)
}

func (x *exchange) connection() (net.Conn, error) {
	if x.held.Len() > 0 {
		x.push(false)
	}
	conn, _, err := http.NewResponseController(x.w).Hijack()
	return conn, err
}
