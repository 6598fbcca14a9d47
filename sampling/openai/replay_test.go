package openai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// A recording is one exchange with a real server, as it went over the wire.
type recording struct {
	name     string
	method   string
	path     string
	request  map[string]json.RawMessage
	response []byte // status line, headers, an empty line, the body; empty where the server never answered
}

func readRecording(t testing.TB, name string) recording {
	t.Helper()
	req, err := os.ReadFile(filepath.Join("testdata", "wire", name+".req"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := os.ReadFile(filepath.Join("testdata", "wire", name+".resp"))
	if err != nil {
		t.Fatal(err)
	}
	line, body, _ := strings.Cut(string(req), "\n")
	r := recording{name: name, response: resp}
	r.method, r.path, _ = strings.Cut(line, " ")
	json.Unmarshal([]byte(body), &r.request) // one was recorded cut in the middle
	return r
}

// A replayer is a server that answers every request with one recorded response,
// byte by byte as it was. It keeps the bodies it was sent.
type replayer struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	asked  chan struct{} // closed by the first request
}

func replay(t testing.TB, response []byte) *replayer {
	s := &replayer{asked: make(chan struct{})}
	var once sync.Once
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.mu.Unlock()
		once.Do(func() { close(s.asked) })
		if len(response) == 0 {
			<-r.Context().Done()
			return
		}
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		writeRecorded(buf, response)
		buf.Flush()
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *replayer) sent() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bodies
}

// writeRecorded writes the response. A chunked body was recorded without its
// chunk sizes; it gets new ones, of any size, as a proxy might have cut it.
func writeRecorded(w io.Writer, response []byte) {
	head, body, _ := bytes.Cut(response, []byte("\r\n\r\n"))
	// The connection serves one request, whatever the recorded one did.
	head = bytes.Replace(head, []byte("\r\n"), []byte("\r\nConnection: close\r\n"), 1)
	w.Write(head)
	io.WriteString(w, "\r\n\r\n")
	if !bytes.Contains(head, []byte("Transfer-Encoding: chunked")) {
		w.Write(body)
		return
	}
	cut := rand.New(rand.NewPCG(uint64(len(body)), 1))
	for len(body) > 0 {
		n := min(len(body), 1+cut.IntN(300))
		fmt.Fprintf(w, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	io.WriteString(w, "0\r\n\r\n")
}

// recorded makes the request that a program would make to have sent the
// recorded one, and how many continuations it would have drawn.
func (r *recording) recorded(t testing.TB) (req *sampling.Request, n int, whole bool) {
	t.Helper()
	req, n, whole = &sampling.Request{Params: sampling.Params{Extra: map[string]any{}}}, 1, true
	p := &req.Params
	for name, raw := range r.request {
		var into any
		switch name {
		case "model", "stream_options":
			continue
		case "stream":
			whole = false
			continue
		case "prompt":
			into = &req.Prompt
		case "max_tokens":
			into = &p.MaxTokens
		case "temperature":
			into = &p.Temperature
		case "top_p":
			into = &p.TopP
		case "top_k":
			into = &p.TopK
		case "min_p":
			into = &p.MinP
		case "repeat_penalty":
			into = &p.RepetitionPenalty
		case "seed":
			into = &p.Seed
		case "logprobs":
			var top int
			if json.Unmarshal(raw, &top) == nil {
				p.Logprobs, p.TopLogprobs = top > 0, top
				continue
			}
		case "n":
			into = &n
		case "stop":
			if into = &req.Stop; raw[0] == '"' {
				raw = append(append([]byte("["), raw...), ']')
			}
		}
		if into == nil || json.Unmarshal(raw, into) != nil {
			p.Extra[name] = raw
		}
	}
	return req, n, whole
}
