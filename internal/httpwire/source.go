// Package httpwire sends the requests of all backends over HTTP. It turns what goes
// wrong into a [sampling.Error], so that they agree on what is temporary and on what a
// reader gets to see.
//
// Temporary means that the same request may succeed later: the server is busy
// or restarting, the network broke. A wrong key, an unknown model, a certificate
// that does not verify and a cancelled context are not.
//
// No header and no key enters an error, even if the server repeats it.
package httpwire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// A Source makes the errors of one backend. The zero Source works.
type Source struct {
	Backend string          // of the errors
	Key     sampling.Secret // which no text may repeat
}

// bodyLimit and patience are how much of a refusal's body is read, in bytes, and how
// long it is waited for. The status is known already.
const (
	bodyLimit = 64 << 10
	patience  = 3 * time.Second
)

// Refusal reads a response whose status says that the request failed. It reads
// the body within limits of size and time, and closes it.
func (s Source) Refusal(resp *http.Response) *sampling.Error {
	defer resp.Body.Close()
	enough := time.AfterFunc(patience, func() { resp.Body.Close() })
	defer enough.Stop()
	plainly, err := unzipped(resp)
	var body []byte
	if err == nil || errors.Is(err, errEncoding) { // "utf-8" is none
		body, _ = io.ReadAll(io.LimitReader(plainly, bodyLimit)) // half a refusal says something too
	}
	if err != nil && (len(body) == 0 || !utf8.Valid(body)) {
		body = []byte("the server's words cannot be read: " + err.Error())
	}
	words := s.read(body)
	to := resp.Header.Get("Location")
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400 && to != "":
		words.Text = "the server redirects to " + plain(s.scrubText(to)) + ", which is not followed; set the backend's address to it"
	case words.Text == "":
		words.Text = cmp.Or(http.StatusText(resp.StatusCode), "the server gave no reason")
	}
	said := s.words(words)
	if words.noModel(resp.StatusCode) {
		said = modelless{said}
	}
	return &sampling.Error{
		Backend:    s.Backend,
		Status:     resp.StatusCode,
		RetryAfter: RetryAfter(resp.Header, time.Now()),
		Temporary:  Temporary(resp.StatusCode) && !words.outweighs(),
		Err:        said,
	}
}

var errEncoding = errors.New("which was not requested")

// unzipped undoes a compression that was not requested. net/http undoes the ones that
// it requests. Beside errEncoding it returns the body as it is.
func unzipped(resp *http.Response) (io.Reader, error) {
	switch coding := strings.ToLower(resp.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return resp.Body, nil
	case "gzip", "x-gzip":
		resp.ContentLength = -1
		return gzip.NewReader(resp.Body)
	default:
		return resp.Body, fmt.Errorf("the response has the encoding %q, %w", coding, errEncoding)
	}
}

// read is Read without the key. The key is removed before the text is shortened, so
// that no half of it stays, and again after escapes are decoded.
func (s Source) read(body []byte) Words {
	words := Read([]byte(s.scrubText(string(body))))
	words.Text = s.scrubText(words.Text)
	return words
}

// words makes an error of what a server said.
func (s Source) words(w Words) error {
	if w.Param != "" && !strings.Contains(w.Text, w.Param) {
		w.Text += " (" + w.Param + ")"
	}
	err := errors.New(w.Text)
	if w.budget() {
		return fmt.Errorf("%w: %w", sampling.ErrBudget, err)
	}
	return err
}

// Announced is an error that a server sends as a JSON object inside a response that
// began well. The Status is the one in the object, or else the response's own. The
// error is temporary unless its status or type says otherwise, since the server had
// accepted the request.
func (s Source) Announced(status int, object []byte) *sampling.Error {
	words := s.read(object)
	e := &sampling.Error{Backend: s.Backend, Status: status, Temporary: !words.final()}
	if words.Status != 0 {
		e.Status = words.Status
		e.Temporary = e.Temporary && Temporary(words.Status)
	}
	if words.Text == "" {
		words.Text = "the server announced an error and gave no reason"
	}
	e.Err = s.words(words)
	return e
}

// mostQuoted is how much of an answer is looked at for an error text, in bytes. It is
// more than the text will have, so that the key is found wherever the text is cut.
const mostQuoted = 4 << 10

// Begin returns a copy of what an answer begins with, for Quote.
func Begin(answer []byte) []byte { return bytes.Clone(answer[:min(len(answer), mostQuoted)]) }

// Quote makes what a server sent fit for an error text: on one line, not too long, and
// without the key.
func (s Source) Quote(answer []byte) string {
	return s.Announced(http.StatusOK, answer[:min(len(answer), mostQuoted)]).Err.Error()
}

// Fault is an error of the client itself: no response came.
func (s Source) Fault(ctx context.Context, err error) *sampling.Error {
	if e := s.settled(ctx, err); e != nil {
		return e
	}
	return &sampling.Error{Backend: s.Backend, Temporary: passing(err), Err: s.scrub(err)}
}

// Truncated is the error for an answer that ended too early. It is temporary.
func (s Source) Truncated(format string, args ...any) *sampling.Error {
	return &sampling.Error{Backend: s.Backend, Status: http.StatusOK, Temporary: true, // the request was fine, or there would be no answer
		Err: fmt.Errorf("%w: %w", sampling.ErrTruncated, fmt.Errorf(format, args...))}
}

// Broken is an error while a response's body was read. It wraps
// [sampling.ErrTruncated] beside the cause, unless ctx was cancelled.
func (s Source) Broken(ctx context.Context, status int, err error) *sampling.Error {
	if e := s.settled(ctx, err); e != nil {
		return e
	}
	e := s.Truncated("%w", s.scrub(err))
	e.Status = status
	return e
}

// settled returns an error that is a [*sampling.Error] already, the error for a context
// that has ended, or nil. Which error the client made of the context does not matter,
// nor does the status of what was being read: "status 200: context canceled" would
// blame the server.
func (s Source) settled(ctx context.Context, err error) *sampling.Error {
	if e, ok := errors.AsType[*sampling.Error](err); ok {
		return e
	}
	if err = ctx.Err(); err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != err {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &sampling.Error{Backend: s.Backend, Err: s.scrub(err)}
}

// Temporary reports whether a request that was answered with this HTTP status
// may succeed later.
func Temporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// passing reports whether a retry may help. It lists the errors that it does not help,
// since net/http has no types for the others: unknown hosts and failures of TLS.
func passing(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound
	}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return !(certificate || record || alert || errors.Is(err, http.ErrSchemeMismatch) || wantsTLS.MatchString(err.Error()))
}
