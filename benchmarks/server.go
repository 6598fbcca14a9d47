package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// serverVariable makes this program the server of the point wire instead. The
// server is a process of its own so that neither its time nor its memory is
// taken for the client's.
const serverVariable = "FOREWORD_BENCHMARKS_SERVER"

const (
	// wireTokens is how many tokens a completion has.
	wireTokens = 1000

	wireToken = " there"

	// held as a prompt makes a stream stop half-way until it is released.
	held = "Once upon a time, "
)

// event is one part of a stream, as long as those of real servers.
func event(text, finish string) string {
	return fmt.Sprintf(`{"id":"cmpl-4bVxT1eGZ0aQd7nUWcYkPm3R","object":"text_completion","created":1795446566,"model":"meta-llama/Meta-Llama-3.1-405B","choices":[{"index":0,"text":%q,"logprobs":null,"finish_reason":%s}],"usage":null}`, text, finish)
}

const wireUsage = `"usage":{"prompt_tokens":5,"completion_tokens":1000,"total_tokens":1005}`

// A completionServer streams completions, a write to the network for each token
// as real servers do, or sends them whole.
type completionServer struct {
	token, last, usage, whole string

	mu      sync.Mutex
	release chan struct{}
}

func newCompletionServer() *completionServer {
	whole := event(strings.Repeat(wireToken, wireTokens), `"length"`)
	return &completionServer{
		token:   "data: " + event(wireToken, "null") + "\n\n",
		last:    "data: " + event("", `"length"`) + "\n\n",
		usage:   `data: {"id":"cmpl-4bVxT1eGZ0aQd7nUWcYkPm3R","object":"text_completion","choices":[],` + wireUsage + "}\n\n",
		whole:   strings.Replace(whole, `"usage":null`, wireUsage, 1),
		release: make(chan struct{}),
	}
}

func (s *completionServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/release" {
		s.mu.Lock()
		close(s.release)
		s.release = make(chan struct{})
		s.mu.Unlock()
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the client has left
	}
	asked := string(body)
	if !strings.Contains(asked, `"stream":true`) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, s.whole)
		return
	}
	s.mu.Lock()
	release := s.release
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	flush := w.(http.Flusher).Flush
	for i := range wireTokens {
		if i == wireTokens/2 && strings.Contains(asked, held) {
			select {
			case <-release:
			case <-req.Context().Done():
				return
			}
		}
		io.WriteString(w, s.token)
		flush()
	}
	io.WriteString(w, s.last)
	if strings.Contains(asked, `"include_usage":true`) {
		io.WriteString(w, s.usage)
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

// serve tells out the server's address and serves until in ends.
func serve(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newCompletionServer()}
	go func() {
		io.Copy(io.Discard, in)
		server.Close()
	}()
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// startServer starts this program as the server. Its address is without a path.
func startServer() (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serverVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		in.Close()
		cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the server did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// newClient is an HTTP client with room for all the connections that are needed
// at a time. Each side has one of its own.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}}
}
