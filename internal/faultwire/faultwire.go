package faultwire

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// An API is one of the two protocols that a [FaultServer] speaks.
type API string

const (
	Completions API = "/v1/completions" // OpenAI's: JSON, or server-sent events
	Generate    API = "/api/generate"   // Ollama's: JSON, or a JSON object a line
)

// An exchange is one request to a FaultServer with the means to answer it.
type exchange struct {
	server *FaultServer
	w      http.ResponseWriter
	r      *http.Request
	api    API
	stream bool
	text   string // of the right answer
	prompt string
	model  string // the name that was asked for
	n      int    // how many choices were asked for

	// rewrite, when set, changes each piece of a stream before it is sent.
	rewrite func([]byte) []byte
}

// read takes the request apart.
func (x *exchange) read() error {
	var body struct {
		Prompt, Model string
		Stream        *bool
		N             int
	}
	raw, err := io.ReadAll(x.r.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	x.prompt, x.model, x.n = body.Prompt, body.Model, max(body.N, 1)
	x.stream = x.api == Generate // which is what Ollama does unless told
	if body.Stream != nil {
		x.stream = *body.Stream
	}
	return nil
}

// key returns the API key as the server got it.
func (x *exchange) key() string {
	if key := strings.TrimPrefix(x.r.Header.Get("Authorization"), "Bearer "); key != "" {
		return key
	}
	return FaultKey
}

// quote writes a text as JSON.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the tables hold nothing that cannot be written
	}
	return string(b)
}

// piece is a part of a stream with text. The text is raw JSON, quotes included.
func (x *exchange) piece(text string) []byte {
	if x.api == Generate {
		return []byte(`{"model":` + quote(x.model) + `,"created_at":"2026-01-02T03:04:05Z","response":` + text + `,"done":false}` + "\n")
	}
	var all []byte
	for i := range x.n {
		all = append(all, event(fmt.Sprintf(`{"id":"cmpl-1","object":"text_completion","created":1767323045,"model":%s,"choices":[{"text":%s,"index":%d,"logprobs":null,"finish_reason":null}]}`, quote(x.model), text, i))...)
	}
	return all
}

func event(data string) []byte { return []byte("data: " + data + "\n\n") }

// final is the part of a stream that gives the reason.
func (x *exchange) final(reason string) []byte {
	if x.api == Generate {
		return []byte(fmt.Sprintf(`{"model":%s,"created_at":"2026-01-02T03:04:06Z","response":"","done":true,"done_reason":%s,"prompt_eval_count":%d,"eval_count":%d}`+"\n", quote(x.model), reason, x.promptTokens(), x.tokens()))
	}
	var all []byte
	for i := range x.n {
		all = append(all, event(fmt.Sprintf(`{"id":"cmpl-1","object":"text_completion","created":1767323045,"model":%s,"choices":[{"text":"","index":%d,"logprobs":null,"finish_reason":%s}],"usage":%s}`, quote(x.model), i, reason, x.usage()))...)
	}
	return all
}

// done is what follows the last event, if the protocol has it.
func (x *exchange) done() []byte {
	if x.api == Generate {
		return nil
	}
	return event("[DONE]")
}

// whole is an answer in one piece. text and reason are raw JSON.
func (x *exchange) whole(text, reason string) []byte {
	if x.api == Generate {
		return []byte(fmt.Sprintf(`{"model":%s,"created_at":"2026-01-02T03:04:06Z","response":%s,"done":%v,"done_reason":%s,"prompt_eval_count":%d,"eval_count":%d}`, quote(x.model), text, reason != "null", reason, x.promptTokens(), x.tokens()))
	}
	var choices []string
	for i := range x.n {
		choices = append(choices, fmt.Sprintf(`{"text":%s,"index":%d,"logprobs":null,"finish_reason":%s}`, text, i, reason))
	}
	return []byte(fmt.Sprintf(`{"id":"cmpl-1","object":"text_completion","created":1767323045,"model":%s,"choices":[%s],"usage":%s}`, quote(x.model), strings.Join(choices, ","), x.usage()))
}

// promptTokens and tokens count a token for a word, and one for the beginning.
func (x *exchange) promptTokens() int { return 1 + len(strings.Fields(x.prompt)) }
func (x *exchange) tokens() int       { return x.n * len(x.pieces()) }

func (x *exchange) usage() string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, x.promptTokens(), x.tokens(), x.promptTokens()+x.tokens())
}

// pieces are the words of the right answer, each with the space before it.
func (x *exchange) pieces() (all []string) {
	for word := range strings.SplitAfterSeq(x.text, " ") {
		all = append(all, word)
	}
	return all
}

// errorBody is an error in the words of the protocol.
func (x *exchange) errorBody(status int, words string) string {
	if x.api == Generate {
		return `{"error":` + quote(words) + `}`
	}
	return fmt.Sprintf(`{"error":{"message":%s,"type":%s,"code":%d}}`, quote(words), quote(errorType(status)), status)
}

func errorType(status int) string {
	if status >= 500 {
		return "server_error"
	}
	return "invalid_request_error"
}

// head begins an answer with status 200.
func (x *exchange) head() {
	kind := "application/json"
	switch {
	case x.stream && x.api == Completions:
		kind = "text/event-stream"
	case x.stream:
		kind = "application/x-ndjson"
	}
	x.w.Header().Set("Content-Type", kind)
	x.w.WriteHeader(http.StatusOK)
}

// send writes a part of the answer and pushes it out.
func (x *exchange) send(b []byte) {
	if x.rewrite != nil {
		b = x.rewrite(b)
	}
	x.raw(b)
}

func (x *exchange) raw(b []byte) {
	x.w.Write(b) // the client may have gone, which is its right
	if f, ok := x.w.(http.Flusher); ok {
		f.Flush()
	}
}

// body answers with a status and a body of some type.
func (x *exchange) body(status int, kind, body string) {
	x.w.Header().Set("Content-Type", kind)
	x.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	x.w.WriteHeader(status)
	io.WriteString(x.w, body) // as above
}

// answer is the right answer.
func (x *exchange) answer() {
	if !x.stream {
		x.body(http.StatusOK, "application/json", string(x.whole(quote(x.text), `"stop"`)))
		return
	}
	x.head()
	for _, p := range x.pieces() {
		x.send(x.piece(quote(p)))
	}
	x.send(x.final(`"stop"`))
	x.send(x.done())
}

// begin sends the first words of a stream, and nothing when the answer is to
// come in one piece.
func (x *exchange) begin() {
	if !x.stream {
		return
	}
	x.head()
	for _, p := range x.pieces()[:startWords] {
		x.send(x.piece(quote(p)))
	}
}

// wait waits until the client has gone or the server closes.
func (x *exchange) wait() {
	select {
	case <-x.r.Context().Done():
	case <-x.server.closing:
	}
}

// forever sends b again and again until the client has gone.
func (x *exchange) forever(b []byte) {
	for {
		x.raw(b)
		select {
		case <-x.r.Context().Done():
			return
		case <-x.server.closing:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// connection takes the connection away from the server, to do with as no
// handler could.
func (x *exchange) connection() net.Conn {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, which the server does not offer
	}
	return conn
}

// reset ends the connection with a reset instead of an end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // then it is an ordinary end
	}
	conn.Close()
}
