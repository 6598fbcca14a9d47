package chatapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func hostileServer(t *testing.T, backend sampling.Backend, limits chatapi.Limits) *server {
	return serve(t, chatapi.Config{Model: sampling.Model{Backend: backend}, Keys: []sampling.Secret{sampling.NewSecret(hostileKey)}, Limits: limits})
}

// TestHostile sends what must be refused: with the right status, in OpenAI's
// form, with the field named, without a word to the backend, and without
// anything of it in the log.
func TestHostile(t *testing.T) {
	t.Parallel()
	script := &samplingtest.Script{}
	s := hostileServer(t, script, chatapi.Limits{})
	all := hostileRequests()
	if len(all) < 60 {
		t.Errorf("%d requests", len(all))
	}
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) {
			method, path := h.method, h.path
			if method == "" {
				method = "POST"
			}
			if path == "" {
				path = "/v1/chat/completions"
			}
			req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(h.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+hostileKey)
			for name, value := range h.head {
				switch {
				case name == "Host":
					req.Host = value
				case value == "":
					req.Header.Del(name)
				default:
					req.Header.Set(name, value)
				}
			}
			resp, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != h.status {
				t.Fatalf("status %d: %s", resp.StatusCode, text)
			}
			if strings.Contains(string(text), secretText) || strings.Contains(string(text), hostileKey) {
				t.Errorf("the answer says what was sent: %s", text)
			}
			if h.status == 431 {
				return // net/http's own answer
			}
			var a answer
			if err := json.Unmarshal(text, &a); err != nil || a.Error == nil || a.Error.Message == "" || a.Error.Code == nil || a.Error.Type == "" || len(text) > 1000 {
				t.Fatalf("not an error in OpenAI's form: %.1000s", text)
			}
			param := ""
			if a.Error.Param != nil {
				param = *a.Error.Param
			}
			if param != h.param {
				t.Errorf("param %q, want %q: %s", param, h.param, text)
			}
			if header := resp.Header.Get("Access-Control-Allow-Origin"); header != "" {
				t.Errorf("a page may read it: %q", header)
			}
		})
	}
	if n := len(script.Calls()); n > 0 {
		t.Errorf("the backend was called %d times", n)
	}
	if log := s.logged(); strings.Contains(log, secretText) || strings.Contains(log, hostileKey[3:]) || strings.Contains(log, "evil") {
		t.Errorf("the log says what was sent: %s", log)
	}
}

// TestHostileOnTheWire sends what no client library would. Whoever answers it,
// net/http or the handler, the backend never hears of it.
func TestHostileOnTheWire(t *testing.T) {
	t.Parallel()
	script := &samplingtest.Script{}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}})
	body := `{` + hi + `}`
	post := "POST /v1/chat/completions HTTP/1.1\r\n"
	kind := fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	for name, tt := range map[string]struct {
		request string
		status  string
	}{
		"an absolute address":            {"POST http://evil.example/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + kind + "\r\n" + body, "403"},
		"two hosts":                      {post + "Host: localhost\r\nHost: evil.example\r\n" + kind + "\r\n" + body, "400"},
		"no host":                        {"POST /v1/chat/completions HTTP/1.0\r\n" + kind + "\r\n" + body, "403"},
		"a host with a name in it":       {post + "Host: localhost@evil.example\r\n" + kind + "\r\n" + body, "400"},
		"a length and chunks":            {post + "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		"two lengths":                    {post + "Host: localhost\r\nContent-Length: 3\r\n" + kind + "\r\n" + body, "400"},
		"a length below 0":               {post + "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n", "400"},
		"a length of 1e20":               {post + "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000000000000000\r\n\r\n", "400"},
		"a chunk of no number":           {post + "Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "400"},
		"an encoding that is none":       {post + "Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
		"a line break in a header":       {post + "Host: localhost\r\nX: a\x00b\r\n" + kind + "\r\n" + body, "400"},
		"50000 headers":                  {post + "Host: localhost\r\n" + strings.Repeat("X-Flood: a very small header\r\n", 50000) + kind + "\r\n" + body, "431"},
		"an address of two million":      {"GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "431"},
		"HTTP/2 without its opening":     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "403"},
		"a proxy's request":              {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "403"},
		"a body that waits to be 100 MB": {post + "Host: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n", "413"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go io.WriteString(conn, tt.request) // which may not be taken to its end
			line, err := bufio.NewReader(conn).ReadString('\n')
			if fields := strings.Fields(line); err != nil || len(fields) < 2 || fields[1] != tt.status {
				t.Errorf("%q, %v; want status %s", line, err, tt.status)
			}
		})
	}
	if n := len(script.Calls()); n > 0 {
		t.Errorf("the backend was called %d times", n)
	}
}

// TestHugeBody sends 100 MB, once with its length and once without. The server
// reads no more than its limit and holds no more.
func TestHugeBody(t *testing.T) {
	const size, piece = 100 << 20, 64 << 10
	overPipe(t, chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}}}, func(t *testing.T, dial func() net.Conn) {
		body := []byte(strings.Repeat(" ", piece))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for header, body := range map[string][]byte{
			fmt.Sprintf("Content-Length: %d", size): body,
			"Transfer-Encoding: chunked":            fmt.Appendf(nil, "%x\r\n%s\r\n", piece, body),
		} {
			conn, sent := dial(), make(chan int)
			defer conn.Close()
			go func() {
				n := 0
				defer func() { sent <- n }()
				fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n", header)
				for ; n < size; n += piece {
					if _, err := conn.Write(body); err != nil {
						return
					}
				}
			}()
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %+v %v", header, resp, err)
			}
			if n := <-sent; n == size {
				t.Errorf("%s: all of it was taken", header)
			}
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
			t.Errorf("%d bytes were allocated", grown)
		}
	})
}

// TestSlowBody sends half a body and waits.
func TestSlowBody(t *testing.T) {
	overPipe(t, chatapi.Config{Model: sampling.Model{Backend: &samplingtest.Script{}}}, func(t *testing.T, dial func() net.Conn) {
		conn, begun := dial(), time.Now()
		defer conn.Close()
		fmt.Fprint(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"messages\"")
		answer, err := io.ReadAll(conn) // to its end: the server hangs up
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), `"code":"timeout"`) {
			t.Errorf("%v %s", err, answer)
		}
		if took := time.Since(begun); took != stall {
			t.Errorf("it took %v", took)
		}
	})
}

// TestBodyCutOff hangs up in the middle of a body.
func TestBodyCutOff(t *testing.T) {
	s := hostileServer(t, &samplingtest.Script{}, chatapi.Limits{})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", hostileKey)
	conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	conn.Close()
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("%v %s", err, answer)
	}
}

// TestTooMany asks for more at once than is allowed.
func TestTooMany(t *testing.T) {
	waiting, release := make(chan struct{}, 2), make(chan struct{})
	script := &samplingtest.Script{Answer: samplingtest.Always(" ok"), Wait: func(ctx context.Context, call, _ int) error {
		waiting <- struct{}{}
		<-release
		return nil
	}}
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: script}, Limits: chatapi.Limits{Requests: 2}})
	answers := make(chan int, 2)
	for range 2 {
		go func() {
			status, _ := s.post(t, `{`+hi+`}`)
			answers <- status
		}()
	}
	<-waiting
	<-waiting
	resp, err := s.Client().Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(`{`+hi+`}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("status %d, %v", resp.StatusCode, resp.Header)
	}
	close(release)
	for range 2 {
		if status := <-answers; status != 200 {
			t.Errorf("status %d", status)
		}
	}
	s.ask(t, `{`+hi+`}`) // there is room again
}
