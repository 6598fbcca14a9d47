package httpwire

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// An address with the wrong scheme is named, whatever the server makes of it.
func TestWayToTLS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	refusing := func(status int, words string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, words)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	const http2s, https2http = "address with https://", "address with http://"
	for _, c := range []struct {
		name, url string
		temporary bool
		hint      string
	}{
		{"https, no TLS", swap(plain.URL), false, https2http},
		{"https, another protocol", "https://" + says(t, "-ERR\r\n"), false, https2http},
		{"https, no answer", "https://" + says(t, "?"), true, https2http},
		{"http, Go's TLS", swap(secure.URL), false, http2s},
		{"http, an alert", "http://" + says(t, "\x15\x03\x01\x00\x02\x02\x46"), false, http2s},
		{"http, hung up", "http://" + says(t, ""), true, http2s},
		{"http, nginx", refusing(400, "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"), false, http2s},
		{"http, Apache", refusing(400, "<html>Reason: You're speaking plain HTTP to an SSL-enabled server port.</html>"), false, http2s},
		{"https, a certificate of nobody", secure.URL, false, "Config.HTTPClient"},
		{"http, no such path", plain.URL, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := &http.Client{Transport: &http.Transport{TLSHandshakeTimeout: time.Minute}}
			if strings.HasSuffix(c.name, "no answer") {
				given.Transport.(*http.Transport).TLSHandshakeTimeout = time.Millisecond
			}
			defer given.CloseIdleConnections()
			client, err := NewClient("test", sampling.Secret{}, given, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			client.Hint = func(*sampling.Error) string { return "" }
			_, err = client.Fetch(t.Context(), c.url, nil)
			e, ok := errors.AsType[*sampling.Error](err)
			if !ok || e.Temporary != c.temporary || !strings.Contains(err.Error(), c.hint) || c.hint == "" && strings.Contains(err.Error(), "begin its") {
				t.Errorf("got %v, want temporary %v, %q", err, c.temporary, c.hint)
			}
		})
	}
}

// A proxy that does not speak TLS is not the server.
func TestProxyWithoutTLS(t *testing.T) {
	proxy, _ := url.Parse("https://" + says(t, "HTTP/1.1 400 Bad Request\r\n\r\n"))
	given := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	client, err := NewClient("test", sampling.Secret{}, given, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	client.Hint = func(*sampling.Error) string { return "" }
	for _, address := range []string{"http://model.test", "https://model.test"} {
		if _, err := client.Fetch(t.Context(), address, nil); err == nil || strings.Contains(err.Error(), "begin its") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// swap returns the address with the other scheme.
func swap(url string) string {
	if rest, ok := strings.CutPrefix(url, "https"); ok {
		return "http" + rest
	}
	return "https" + strings.TrimPrefix(url, "http")
}

// says returns the address of a server that answers with the words and closes the
// connection. "?" keeps it open without a word.
func says(t *testing.T, words string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			if words == "?" {
				io.Copy(io.Discard, c)
			} else {
				io.WriteString(c, words)
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}
