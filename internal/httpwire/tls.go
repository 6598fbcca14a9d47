package httpwire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"github.com/foreword-go/foreword/sampling"
)

// wantsTLS matches errors about a plain HTTP request to a TLS port: net/http's about a
// TLS alert, and the answers of Go's, nginx's and Apache's servers.
var wantsTLS = regexp.MustCompile(`(?i)malformed HTTP response "\\x15\\x03|HTTP request (was sent )?to (an )?HTTPS|plain HTTP to an SSL`)

// wayToTLS returns a hint for an error that a wrong scheme or an unknown certificate may
// have caused, or "".
func wayToTLS(scheme string, e *sampling.Error) string {
	_, noTLS := errors.AsType[tls.RecordHeaderError](e)
	_, stranger := errors.AsType[*tls.CertificateVerificationError](e)
	at, ok := errors.AsType[*net.OpError](e)
	switch {
	case ok && at.Op == "proxyconnect": // a proxy of the client, and not the server
		return ""
	case stranger:
		return "if you trust the server, set Config.HTTPClient to a client that knows its certificate"
	case errors.Is(e, http.ErrSchemeMismatch) || noTLS:
		return "the server does not speak TLS; begin its address with http://"
	case scheme == "https" && strings.Contains(e.Err.Error(), "TLS handshake timeout"): // llama.cpp waits for the rest of a line
		return "if the server does not speak TLS, begin its address with http://"
	case scheme == "http" && wantsTLS.MatchString(e.Err.Error()):
		return "the server speaks TLS; begin its address with https://"
	case scheme == "http" && e.Status == 0 && (errors.Is(e, io.EOF) || errors.Is(e, syscall.ECONNRESET)): // OpenSSL hangs up
		return "is the server still running? if it speaks TLS, begin its address with https://"
	}
	return ""
}
