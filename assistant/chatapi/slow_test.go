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
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
)

// A narrowListener's connections hold little on the way, so that a client which
// does not read is soon noticed.
type narrowListener struct{ net.Listener }

func (l narrowListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	return conn, err
}

func serveNarrow(t *testing.T, c chatapi.Config) *server {
	t.Helper()
	h, err := chatapi.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: httptest.NewUnstartedServer(h), log: &buffer{}}
	s.Listener = narrowListener{s.Listener}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestSlowReaders has 30 clients that ask and do not read, of a backend that
// never ends. Once all of them are stuck, others are answered as ever. Then the
// slow ones leave, and every backend is stopped.
func TestSlowReaders(t *testing.T) {
	const slow = 30
	var written [slow]atomic.Int64
	var endless, ended atomic.Int64
	backend := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		if !strings.Contains(req.Prompt, "endless") {
			return noncePocket(ctx, req)
		}
		return func(yield func(sampling.Chunk, error) bool) {
			number := int(endless.Add(1)) - 1
			defer ended.Add(1)
			random := rand.New(rand.NewPCG(uint64(number), 1))
			for {
				var text strings.Builder
				for range 64 { // nothing repeats itself, or the reply would be cut off
					fmt.Fprintf(&text, " %x", random.Uint64())
				}
				written[number].Add(1)
				if !yield(sampling.Chunk{Text: text.String()}, nil) {
					return
				}
			}
		}
	})
	s := serveNarrow(t, chatapi.Config{Model: sampling.Model{Backend: backend}, Persona: assistant.Helpful(), Limits: chatapi.Limits{Requests: slow + 10, Stall: time.Hour}})
	var conns []net.Conn
	for range slow {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		body := said(`{"role":"user","content":"endless"}`)
		body = body[:len(body)-1] + `,"stream":true}`
		fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		conns = append(conns, conn)
	}
	// They are stuck when none has gone on since we last looked, three times.
	progress := func() (sum int64) {
		for i := range written {
			sum += written[i].Load()
		}
		return sum
	}
	for still, last := 0, int64(-1); still < 3 || endless.Load() < slow; {
		time.Sleep(50 * time.Millisecond)
		if now := progress(); now == last {
			still++
		} else {
			still, last = 0, now
		}
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range 20 {
		nonce := fmt.Sprintf("nonce-%d-", i)
		text, _, _, err := streamOnce(t.Context(), client, s.URL, nonce+"Hello!", 1)
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
	s.Close() // waits for the handlers
	for deadline := time.Now().Add(30 * time.Second); ended.Load() < slow; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d backends were stopped", ended.Load(), slow)
		}
	}
}

// TestStalled has a client that takes nothing for longer than is allowed: it is
// given up, though it never leaves.
func TestStalled(t *testing.T) {
	ended := make(chan struct{})
	backend := sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			defer close(ended)
			random := rand.New(rand.NewPCG(1, 1))
			for yield(sampling.Chunk{Text: fmt.Sprintf(" %x %x", random.Uint64(), random.Uint64())}, nil) {
			}
		}
	})
	s := serveNarrow(t, chatapi.Config{Model: sampling.Model{Backend: backend}, Limits: chatapi.Limits{Stall: 100 * time.Millisecond}})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	body := with(`"stream":true`)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	<-ended
}
