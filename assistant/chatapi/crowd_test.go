package chatapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
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
	crowdClients = flag.Int("clients", 30, "how many clients TestCrowd has")
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

	const seeds = 4
	alone := map[[2]int]string{}
	for q, question := range crowdQuestions {
		for seed := range seeds {
			c := assistant.Conversation{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful(), Params: params}
			c.Params.Seed = uint64(seed + 1)
			reply, err := c.Reply(t.Context(), question, assistant.ReplyOptions{})
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
		if most := uint64(*crowdClients)<<20 + 64<<20; peak.Load() > most {
			t.Errorf("%d bytes of heap and stacks; at most %d were expected, a megabyte a client", peak.Load(), most)
		}
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
