package ollama_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/ollama"
)

// A handingOver server hands its lines from a drawer to a writer, as Ollama
// does: a drawer that has a line when the writer has left waits for ever, and
// the model is deaf from then on.
type handingOver struct {
	wait  func(ctx context.Context, line int) // how the model takes its time
	lines int
	model sync.Mutex // one continuation at a time
	deaf  atomic.Bool
}

func (s *handingOver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // from here on the server notices when the client leaves
	s.model.Lock()
	defer s.model.Unlock()
	ctx := r.Context()
	lines := make(chan string)
	stuck := make(chan bool)
	go func() {
		defer close(lines)
		for i := range s.lines {
			if s.wait(ctx, i); ctx.Err() != nil {
				return // while the model worked: this drawer ends well
			}
			line := fmt.Sprintf("{\"response\":\" %d\",\"done\":false}\n", i)
			if i == s.lines-1 {
				line = "{\"response\":\"\",\"done\":true,\"done_reason\":\"length\"}\n"
			}
			select {
			case lines <- line:
			case <-stuck: // nobody is left to take it
				s.deaf.Store(true)
				return
			}
		}
	}()
	defer close(stuck)
	for {
		if ctx.Err() != nil {
			// A drawer that waits for the model sees that too.
			return
		}
		line, more := <-lines
		if !more {
			return
		}
		io.WriteString(w, line)
		w.(http.Flusher).Flush()
	}
}

// overPipe runs test with a backend that asks the server. The backend's limits of time
// pass as if the machine had nothing else to do.
func overPipe(t *testing.T, server http.Handler, test func(t *testing.T, b *ollama.Backend, connections *atomic.Int32)) {
	synctest.Test(t, func(t *testing.T) {
		pipe, connections := faultwire.NewPipe(), new(atomic.Int32)
		s := httptest.NewUnstartedServer(server)
		s.Listener.Close()
		s.Listener = pipe
		s.Start()
		defer s.Close()
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			connections.Add(1)
			return pipe.Dial(ctx, network, address)
		}}
		defer transport.CloseIdleConnections()
		test(t, newBackend(t, ollama.Config{URL: s.URL, Model: "m", Version: "0.17.4", HTTPClient: &http.Client{Transport: transport}}), connections)
	})
}

// A fast model's answer is read to its end when its consumer leaves early, and
// the connection is used again.
func TestLeaveFastModel(t *testing.T) {
	server := &handingOver{lines: 40, wait: func(context.Context, int) {}}
	overPipe(t, server, func(t *testing.T, b *ollama.Backend, connections *atomic.Int32) {
		req := &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 64}}
		for place := range 20 {
			n := 0
			for _, err := range b.Sample(t.Context(), req) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > place {
					break
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			n = 0
			for _, err := range b.Sample(ctx, req) {
				if n++; n > place {
					cancel()
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			cancel()
		}
		if server.deaf.Load() {
			t.Error("the model is deaf: a connection was closed while a line was being handed over")
		}
		if n := connections.Load(); n != 1 {
			t.Errorf("there were %d connections, want 1 that is used again and again", n)
		}
	})
}

// A slow model is left right after a line, or when no line comes.
func TestLeaveSlowModel(t *testing.T) {
	var left chan int
	server := &handingOver{lines: 100, wait: func(ctx context.Context, line int) {
		if line < 3 {
			return
		}
		<-ctx.Done() // the fourth token takes until the client has gone
		left <- line
	}}
	overPipe(t, server, func(t *testing.T, b *ollama.Backend, _ *atomic.Int32) {
		left = make(chan int, 1)
		for _, cancelled := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			n, begun := 0, time.Now()
			for _, err := range b.Sample(ctx, &sampling.Request{Prompt: "a", Params: sampling.Params{MaxTokens: 1000}}) {
				n++
				if n == 3 && cancelled {
					cancel()
				} else if n == 3 {
					break
				}
				if n > 3 && !errors.Is(err, context.Canceled) {
					t.Errorf("after the cancellation: %v", err)
				}
			}
			cancel()
			if line := <-left; line != 3 || time.Since(begun) > 200*time.Millisecond {
				t.Errorf("the server noticed at line %d, after %v", line, time.Since(begun))
			}
		}
		if server.deaf.Load() {
			t.Error("the model is deaf")
		}
	})
}

// A whole answer, and one that has not begun, is left at once: nothing is handed
// over.
func TestLeaveBeforeTheFirstLine(t *testing.T) {
	arrived, left := make(chan bool), make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		arrived <- true
		<-r.Context().Done()
		left <- true
	}))
	defer s.Close()
	for _, whole := range []bool{false, true} {
		b := newBackend(t, ollama.Config{URL: s.URL, Model: "m", Version: "0.17.4", NoStreaming: whole})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		_, err := sampling.Model{Backend: b}.Complete(ctx, short("a"))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		<-left
	}
}
