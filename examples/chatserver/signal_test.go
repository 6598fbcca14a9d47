package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// TestSignals ends the program as an operator does, in the middle of an answer:
// after one signal the answer comes whole, and a second one cuts it off.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals to send to another process")
	}
	for name, signals := range map[string][]os.Signal{
		"terminate": {syscall.SIGTERM}, "interrupt": {os.Interrupt}, "twice": {syscall.SIGTERM, syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			left := make(chan struct{})
			upstream := upstream(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, `data: {"choices":[{"index":0,"text":" One","finish_reason":null}]}`+"\n\n")
				w.(http.Flusher).Flush()
				select {
				case <-release:
				case <-r.Context().Done():
					close(left)
					return
				}
				io.WriteString(w, `data: {"choices":[{"index":0,"text":" two.","finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
			})
			defer upstream.Close()
			cmd := clitest.Command(t, "-addr", "127.0.0.1:0", "-backend", "openai", "-url", upstream.URL+"/v1", "-model", "base")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			line, err := bufio.NewReader(out).ReadString('\n')
			address := regexp.MustCompile(`http://[^/]+`).FindString(line)
			if err != nil || address == "" {
				t.Fatalf("%q, %v", line, err)
			}
			resp, err := http.Post(address+"/v1/chat/completions", "application/json", strings.NewReader(sky+`,"stream":true}`))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			events := bufio.NewReader(resp.Body)
			if _, err := events.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			for _, s := range signals {
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				refused(address)
			}
			if len(signals) == 1 {
				close(release)
			}
			rest, err := io.ReadAll(events)
			whole := err == nil && strings.HasSuffix(string(rest), "data: [DONE]\n\n")
			if whole != (len(signals) == 1) {
				t.Errorf("%v: the answer is whole: %v, %v", signals, whole, err)
			}
			if err := cmd.Wait(); (err == nil) != whole {
				t.Errorf("%v: ended with %v", signals, err)
			}
			if !whole {
				<-left
			}
		})
	}
}
