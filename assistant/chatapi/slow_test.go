package chatapi_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/internal/faultwire"
	"github.com/foreword-go/foreword/sampling"
)

// stall is the default of Limits.Stall.
const stall = 30 * time.Second

// overPipe runs test in a synctest bubble with a server over connections in memory:
// its limits of time pass as if the machine had nothing else to do.
func overPipe(t *testing.T, c chatapi.Config, test func(t *testing.T, dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		h, err := chatapi.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		pipe := faultwire.NewPipe()
		s := httptest.NewUnstartedServer(h)
		s.Listener.Close()
		s.Listener = pipe
		s.Start()
		defer s.Close()
		test(t, func() net.Conn {
			conn, err := pipe.Dial(t.Context(), "", "")
			if err != nil {
				t.Error(err)
			}
			return conn
		})
	})
}

// TestSlowReaders has 30 clients that ask and do not read, of a backend that
// never ends. Once all of them are stuck, others are answered as ever. Then the
// slow ones leave, and every backend is stopped.
func TestSlowReaders(t *testing.T) {
	const slow = 30
	var endless, ended atomic.Int64
	backend := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		if !strings.Contains(req.Prompt, "endless") {
			return noncePocket(ctx, req)
		}
		return func(yield func(sampling.Chunk, error) bool) {
			random := rand.New(rand.NewPCG(uint64(endless.Add(1)), 1))
			defer ended.Add(1)
			// Nothing repeats itself, or the reply would be cut off.
			for yield(sampling.Chunk{Text: fmt.Sprintf(" %x %x", random.Uint64(), random.Uint64())}, nil) {
			}
		}
	})
	c := chatapi.Config{Model: sampling.Model{Backend: backend}, Persona: assistant.Helpful(), Limits: chatapi.Limits{Requests: slow + 10}}
	overPipe(t, c, func(t *testing.T, dial func() net.Conn) {
		var conns []net.Conn
		for range slow {
			conns = append(conns, dial())
			ask(conns[len(conns)-1], said(`{"role":"user","content":"endless"}`))
		}
		synctest.Wait()
		if n := endless.Load(); n != slow {
			t.Errorf("%d of %d backends have begun", n, slow)
		}
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dial(), nil }}
		defer transport.CloseIdleConnections()
		for i := range 20 {
			nonce := fmt.Sprintf("nonce-%d-", i)
			text, _, _, err := streamOnce(t.Context(), &http.Client{Transport: transport}, "http://localhost", nonce+"Hello!", 1)
			if err != nil || !strings.HasPrefix(text, nonce) {
				t.Errorf("%q %v", text, err)
			}
		}
		if n := ended.Load(); n > 0 {
			t.Errorf("%d of the slow ones have ended", n)
		}
		for _, conn := range conns {
			conn.Close()
		}
		if synctest.Wait(); ended.Load() != slow {
			t.Errorf("%d of %d backends were stopped", ended.Load(), slow)
		}
	})
}

// ask sends a request for a stream and reads nothing.
func ask(conn net.Conn, body string) {
	body = strings.TrimSuffix(body, "}") + `,"stream":true}`
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// TestStalled has a client that takes nothing for longer than is allowed: it is
// given up, though it never leaves.
func TestStalled(t *testing.T) {
	var ended atomic.Bool
	backend := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			random := rand.New(rand.NewPCG(1, 1))
			for yield(sampling.Chunk{Text: fmt.Sprintf(" %x %x", random.Uint64(), random.Uint64())}, nil) {
			}
			ended.Store(true)
		}
	})
	overPipe(t, chatapi.Config{Model: sampling.Model{Backend: backend}}, func(t *testing.T, dial func() net.Conn) {
		conn := dial()
		defer conn.Close()
		ask(conn, `{`+hi+`}`)
		time.Sleep(stall - time.Nanosecond)
		if synctest.Wait(); ended.Load() {
			t.Error("it was given up too early")
		}
		time.Sleep(time.Nanosecond)
		if synctest.Wait(); !ended.Load() {
			t.Error("it was not given up")
		}
	})
}
