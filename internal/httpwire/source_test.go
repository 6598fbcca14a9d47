package httpwire

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

func response(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func zipped(text string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func TestRefusal(t *testing.T) {
	source := Source{Backend: "test", Key: sampling.NewSecret("sk-secret+1")}
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   sampling.Error // Err is compared by its text
	}{
		{"the server's words", 400, nil, `{"error":"bad"}`, sampling.Error{Status: 400, Err: errors.New("bad")}},
		{"an unknown model", 404, nil, `{"error":{"message":"no such model","type":"invalid_request_error"}}`, sampling.Error{Status: 404, Err: errors.New("no such model")}},
		{"busy", 429, http.Header{"Retry-After": {"7"}}, `{}`, sampling.Error{Status: 429, RetryAfter: 7 * time.Second, Temporary: true, Err: errors.New("{}")}},
		{"out of money is a 429 that lasts", 429, nil, `{"error":{"message":"pay","code":"insufficient_quota"}}`, sampling.Error{Status: 429, Err: errors.New("pay")}},
		{"out of money is a 429 that lasts, by type too", 429, nil, `{"error":{"message":"pay","type":"insufficient_quota"}}`, sampling.Error{Status: 429, Err: errors.New("pay")}},
		{"a status outweighs a type", 429, nil, `{"error":{"message":"slow down","type":"invalid_request_error","code":429}}`, sampling.Error{Status: 429, Temporary: true, Err: errors.New("slow down")}},
		{"zipped", 503, http.Header{"Content-Encoding": {"gzip"}}, zipped(`{"error":"loading"}`), sampling.Error{Status: 503, Temporary: true, Err: errors.New("loading")}},
		{"said to be zipped", 503, http.Header{"Content-Encoding": {"gzip"}}, `{"error":"loading"}`, sampling.Error{Status: 503, Temporary: true, Err: errors.New("the server's words cannot be read: gzip: invalid header")}},
		{"said to be compressed", 400, http.Header{"Content-Encoding": {"utf-8"}}, `{"error":"the input length exceeds the context length"}`, sampling.Error{Status: 400, Err: fmt.Errorf("%w: the input length exceeds the context length", sampling.ErrBudget)}},
		{"compressed in another way", 503, http.Header{"Content-Encoding": {"br"}}, "\x1b\xff\xfe", sampling.Error{Status: 503, Temporary: true, Err: errors.New(`the server's words cannot be read: the response has the encoding "br", which was not requested`)}},
		{"no words", 503, nil, ``, sampling.Error{Status: 503, Temporary: true, Err: errors.New("Service Unavailable")}},
		{"no words and no name", 599, nil, ``, sampling.Error{Status: 599, Temporary: true, Err: errors.New("the server gave no reason")}},
		{"a proxy's page", 502, nil, "<html>\r\n<head><title>502 Bad Gateway</title></head><body>nginx</body></html>", sampling.Error{Status: 502, Temporary: true, Err: errors.New("an HTML page: 502 Bad Gateway")}},
		{"a redirect", 307, http.Header{"Location": {"http://else/\nwhere"}}, ``, sampling.Error{Status: 307, Err: errors.New("the server redirects to http://else/ where, which is not followed; set the backend's address to it")}},
		{"too long a prompt, by name", 400, nil, `{"error":{"message":"no","type":"exceed_context_size_error"}}`, sampling.Error{Status: 400, Err: fmt.Errorf("%w: no", sampling.ErrBudget)}},
		{"too long a prompt, in words", 500, nil, `{"error":"the input length exceeds the context length"}`, sampling.Error{Status: 500, Err: fmt.Errorf("%w: the input length exceeds the context length", sampling.ErrBudget)}},
		{"the key in the server's words", 401, nil, `{"error":"wrong key sk-secret+1 (sk-secret%2B1)"}`, sampling.Error{Status: 401, Err: errors.New("wrong key [key] ([key])")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := source.Refusal(response(c.status, c.header, c.body))
			if got.Backend != "test" || got.Status != c.want.Status || got.RetryAfter != c.want.RetryAfter || got.Temporary != c.want.Temporary || got.Err.Error() != c.want.Err.Error() ||
				errors.Is(got, sampling.ErrBudget) != errors.Is(c.want.Err, sampling.ErrBudget) {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
		})
	}
}

// stalled is a body that says something and then nothing, until it is closed.
type stalled struct {
	said   bool
	once   sync.Once
	closed chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if !s.said {
		s.said = true
		return copy(p, "wait for it"), nil
	}
	<-s.closed
	return 0, errors.New("closed")
}

func (s *stalled) Close() error { s.once.Do(func() { close(s.closed) }); return nil }

func TestRefusalDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := Source{}.Refusal(&http.Response{StatusCode: 500, Body: &stalled{closed: make(chan struct{})}})
		if got.Err.Error() != "wait for it" {
			t.Errorf("got %v, want the words that came", got)
		}
	})
}

// Words are shortened, and the place may be within the key.
func TestRefusalLeavesNoHalfKey(t *testing.T) {
	const key = "sk-0123456789abcdefghij"
	if got := (Source{Key: sampling.NewSecret(key)}).Refusal(response(401, http.Header{"Content-Encoding": {"gzip"}}, zipped("wrong key "+key))); got.Err.Error() != "wrong key [key]" {
		t.Errorf("zipped words: %v", got)
	}
	for pad := textLimit - 2*len(key); pad < textLimit+len(key); pad++ {
		for _, form := range []string{"%s %s", `{"error":"%s %s"}`, `{"error":{"message":"%s %s"}}`} {
			body := fmt.Sprintf(form, strings.Repeat("x", pad), key)
			got := Source{Key: sampling.NewSecret(key)}.Refusal(response(401, nil, body))
			if strings.Contains(got.Error(), "sk-0") {
				t.Fatalf("with %d bytes before the key: %s", pad, got)
			}
		}
	}
}

func TestTemporary(t *testing.T) {
	for status, want := range map[int]bool{
		400: false, 401: false, 403: false, 404: false, 405: false, 413: false, 422: false, 451: false,
		301: false, 408: true, 425: true, 429: true,
		500: true, 501: false, 502: true, 503: true, 504: true, 505: false, 507: true, 520: true, 521: true, 522: true, 523: true, 524: true, 529: true,
	} {
		if got := Temporary(status); got != want {
			t.Errorf("Temporary(%d) = %v, want %v", status, got, want)
		}
	}
}

func TestAnnounced(t *testing.T) {
	for _, c := range []struct {
		name, object string
		status       int
		temporary    bool
		text         string
	}{
		{"a runner that crashed", `{"error":"the runner stopped"}`, 200, true, "the runner stopped"},
		{"llama.cpp names the status", `{"error":{"code":500,"message":"slot lost","type":"server_error"}}`, 500, true, "slot lost"},
		{"a status that lasts", `{"error":{"code":400,"message":"no"}}`, 400, false, "no"},
		{"a type that lasts", `{"error":{"message":"no","type":"invalid_request_error"}}`, 200, false, "no"},
		{"nothing said", `{"error":{}}`, 200, true, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Source{}.Announced(200, []byte(c.object))
			if got.Status != c.status || got.Temporary != c.temporary || got.Err.Error() != c.text {
				t.Errorf("got %+v, want status %d, temporary %v, %q", *got, c.status, c.temporary, c.text)
			}
		})
	}
}

type slow struct{}

func (slow) Error() string   { return "slow" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestFailure(t *testing.T) {
	for _, c := range []struct {
		name      string
		err       error
		temporary bool
	}{
		{"refused", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		{"closed before an answer", io.EOF, true},
		{"closed within the header", io.ErrUnexpectedEOF, true},
		{"no answer in time", slow{}, true},
		{"no such host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, false},
		{"the name server is away", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, true},
		{"a certificate of nobody", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, false},
		{"no TLS there", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, false},
		{"TLS refused", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, false},
		{"an idle connection that had died", errors.New("http: server closed idle connection"), true},
		{"no TLS spoken", http.ErrSchemeMismatch, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrapped := &url.Error{Op: "Post", URL: "http://host/", Err: c.err}
			got := Source{Backend: "test"}.Fault(t.Context(), wrapped)
			if got.Temporary != c.temporary || got.Status != 0 || !errors.Is(got, c.err) {
				t.Errorf("got %+v, want temporary %v and the cause", *got, c.temporary)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	because := errors.New("the user left")
	cancel(because)
	for name, got := range map[string]*sampling.Error{
		"before an answer": Source{}.Fault(ctx, io.EOF),
		"within the body":  Source{}.Broken(ctx, 200, io.ErrUnexpectedEOF),
	} {
		if !errors.Is(got, context.Canceled) || !errors.Is(got, because) || got.Temporary || got.Status != 0 || errors.Is(got, sampling.ErrTruncated) {
			t.Errorf("%s: got %+v, want the cancellation and its cause, no status and nothing to retry", name, *got)
		}
	}
}

func TestBroken(t *testing.T) {
	got := Source{Backend: "test"}.Broken(t.Context(), 200, io.ErrUnexpectedEOF)
	if !errors.Is(got, sampling.ErrTruncated) || !errors.Is(got, io.ErrUnexpectedEOF) || !got.Temporary || got.Status != 200 {
		t.Errorf("got %+v", *got)
	}
}

func TestScrub(t *testing.T) {
	const key = "sk-very \"secret<1>"
	inner := &url.Error{Op: "Post", URL: "http://host/?key=" + url.QueryEscape(key) + "&again=" + key, Err: syscall.ECONNREFUSED}
	got := Source{Backend: "test", Key: sampling.NewSecret(key)}.Fault(t.Context(), inner)
	for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, got); strings.Contains(text, "secret") {
			t.Errorf("%s shows the key: %s", verb, text)
		}
	}
	if !errors.Is(got, syscall.ECONNREFUSED) || !got.Temporary {
		t.Errorf("scrubbing lost the cause: %v", got)
	}
	if as, ok := errors.AsType[*url.Error](got); ok {
		t.Errorf("errors.As hands out the text that was cut: %v", as)
	}
}
