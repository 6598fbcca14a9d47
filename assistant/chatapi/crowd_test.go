package chatapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

var (
	crowdFor     = flag.Duration("crowd", 0, "how long TestCrowd goes on; 0 is one request for each client")
	crowdClients = flag.Int("clients", 100, "how many clients TestCrowd has")
)

var nonceForm = regexp.MustCompile(`nonce-[0-9]+-`)

// noncePocket is the pocket model, which cannot copy a word out of its prompt,
// with a thin layer that can: it draws the model's own continuation and puts the
// nonce that it finds in the prompt before every fourth word. So the prompt has
// really reached the backend whose text comes back.
func noncePocket(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		found := nonceForm.FindAllString(req.Prompt, -1)
		if len(found) != 1 {
			yield(sampling.Chunk{}, fmt.Errorf("%d nonces in the prompt", len(found)))
			return
		}
		plain := *req
		plain.Prompt = strings.Replace(req.Prompt, found[0], "", 1)
		i := 0
		for chunk, err := range pocket.Default().Sample(ctx, &plain) {
			if strings.HasPrefix(chunk.Text, " ") { // so that no label is broken
				if i%4 == 0 {
					chunk.Text = found[0] + chunk.Text
				}
				i++
			}
			if !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}

var crowdQuestions = []string{"Why is the sky blue?", "What causes the tides?", "Hello!", "What is the capital of France?"}

// TestCrowd has many streaming clients at once. Each question has a nonce and a
// seed of its own; what comes back must have that nonce and no other, and be
// what the model says to that question with that seed when nobody else is there.
//
// With -crowd it goes on for that long and tells what it has seen:
//
//	go test -run TestCrowd -v -crowd 30s -clients 500
func TestCrowd(t *testing.T) {
	params := sampling.Params{Temperature: 1, MaxTokens: 60}
	s := serve(t, chatapi.Config{
		Model: sampling.Model{Backend: sampling.BackendFunc(noncePocket)}, Persona: assistant.Helpful(), Params: params,
		Limits: chatapi.Limits{Requests: *crowdClients},
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *crowdClients}}
	defer client.CloseIdleConnections()

	const seeds = 8
	alone := map[[2]int]string{}
	for q, question := range crowdQuestions {
		for seed := range seeds {
			c := assistant.Conversation{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful(), Params: params}
			c.Params.Seed = uint64(seed + 1)
			reply, err := c.Reply(t.Context(), question)
			if err != nil {
				t.Fatal(err)
			}
			alone[[2]int{q, seed}] = reply
		}
	}

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var answers, events, bytes atomic.Int64
	var peak atomic.Uint64
	stop := make(chan struct{})
	var watch sync.WaitGroup
	if *crowdFor > 0 {
		time.AfterFunc(*crowdFor, func() { close(stop) })
		watch.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
				}
			}
		})
	} else {
		close(stop)
	}
	begun := time.Now()
	var wg sync.WaitGroup
	var number atomic.Int64
	for range *crowdClients {
		wg.Go(func() {
			for {
				n := int(number.Add(1))
				q, seed := n%len(crowdQuestions), n/len(crowdQuestions)%seeds
				nonce := fmt.Sprintf("nonce-%d-", n)
				text, e, b, err := streamOnce(t.Context(), client, s.URL, nonce+crowdQuestions[q], seed+1)
				if err != nil {
					t.Errorf("%s: %v", nonce, err)
					return
				}
				events.Add(int64(e))
				bytes.Add(int64(b))
				answers.Add(1)
				for _, got := range nonceForm.FindAllString(text, -1) {
					if got != nonce {
						t.Errorf("%s got the text of %s", nonce, got)
					}
				}
				if !strings.HasPrefix(text, nonce) {
					t.Errorf("%s did not come back: %q", nonce, text)
				}
				// Where the nonce stood before white space, that is no longer at the
				// reply's beginning or a paragraph's end.
				if got, want := squeeze(strings.ReplaceAll(text, nonce, "")), squeeze(alone[[2]int{q, seed}]); got != want {
					t.Errorf("%s: %q, alone %q", nonce, got, want)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begun)
	watch.Wait()
	if *crowdFor > 0 {
		t.Logf("%d clients, %.1f s: %d answers (%.0f/s), %d events (%.0f/s), %.1f MB; heap and stacks at most %.0f MB, before %.0f MB, clients included",
			*crowdClients, took.Seconds(), answers.Load(), float64(answers.Load())/took.Seconds(), events.Load(), float64(events.Load())/took.Seconds(),
			float64(bytes.Load())/1e6, float64(peak.Load())/1e6, float64(before.HeapInuse+before.StackInuse)/1e6)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// streamOnce asks a question and reads the stream to its end.
func streamOnce(ctx context.Context, client *http.Client, url, question string, seed int) (text string, events, bytes int, err error) {
	body := fmt.Sprintf(`{"messages":[{"role":"user","content":%s}],"stream":true,"seed":%d}`, quote(question), seed)
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return "", 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return "", 0, 0, fmt.Errorf("status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		bytes += len(lines.Bytes()) + 1
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		events++
		if data == "[DONE]" {
			_, err := io.Copy(io.Discard, resp.Body)
			return text, events, bytes, err
		}
		var a answer
		if err := json.Unmarshal([]byte(data), &a); err != nil {
			return text, events, bytes, err
		}
		if a.Error != nil {
			return text, events, bytes, fmt.Errorf("%+v", a.Error)
		}
		text += a.Choices[0].Delta.Content
	}
	return text, events, bytes, fmt.Errorf("no [DONE]: %w", lines.Err())
}

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
	h, err := chatapi.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Server: httptest.NewUnstartedServer(h), log: &buffer{}}
	s.Listener = narrowListener{s.Listener}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestSlowReaders has 50 clients that ask and do not read, of a backend that
// never ends. Once all of them are stuck, others are answered as ever. Then the
// slow ones leave, and every backend is stopped.
func TestSlowReaders(t *testing.T) {
	const slow = 50
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
