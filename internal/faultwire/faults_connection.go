package faultwire

import (
	"net/http"
	"strings"
	"time"
)

// connectionFaults are faults of the connection, before or below HTTP.
func connectionFaults() []Fault {
	lossy := broken() // what was under way when the network broke may be lost
	lossy.TextMayStop = true
	lossy.Temporary = Temporary
	return []Fault{
		{Name: "connection refused", Does: "nobody listens at the port",
			outcome: failed(Temporary, 0),
			url:     func(s *FaultServer) string { return "http://" + s.closed }},
		{Name: "unknown host", Does: "the name does not resolve (RFC 6761 keeps .invalid free)",
			outcome: failed(Unsure), // a proxy may answer in its place
			url:     func(*FaultServer) string { return "http://foreword.invalid" }},
		{Name: "untrusted certificate", Does: "TLS with a certificate that nobody signed",
			outcome: failed(Permanent, 0),
			url:     func(s *FaultServer) string { return s.tls.URL }},
		{Name: "no TLS", Does: "the URL says https and the server speaks http",
			outcome: failed(Unsure, 0),
			url:     func(s *FaultServer) string { return strings.Replace(s.plain.URL, "http://", "https://", 1) }},
		{Name: "TLS only", Does: "the URL says http and the server speaks https",
			outcome: failed(Permanent, http.StatusBadRequest),
			url:     func(s *FaultServer) string { return strings.Replace(s.tls.URL, "https://", "http://", 1) }},
		{Name: "reset before the answer", Does: "a TCP reset in place of an answer",
			outcome: failed(Temporary, 0),
			serve:   func(x *exchange) { reset(x.connection()) }},
		{Name: "closed before the answer", Does: "the connection closes in place of an answer",
			outcome: failed(Temporary, 0),
			serve:   func(x *exchange) { x.connection().Close() }},
		{Name: "half a header", Does: "the connection closes within the header",
			outcome: failed(Temporary, 0),
			serve:   raw("HTTP/1.1 200 OK\r\nContent-Ty")},
		{Name: "not HTTP", Does: "another protocol answers",
			outcome: failed(Unsure, 0),
			serve:   raw("SSH-2.0-OpenSSH_9.6\r\n")},
		{Name: "bad status line", Does: "a status that is not a number",
			outcome: failed(Unsure, 0),
			serve:   raw("HTTP/1.1 fine\r\n\r\n")},
		{Name: "silence before the answer", Does: "the connection stays open and nothing comes",
			outcome: Outcome{Class: Endless},
			serve:   (*exchange).wait},
		{Name: "silence in the middle", Does: "the header and the first words come, and then nothing",
			outcome: Outcome{Class: Endless},
			serve: func(x *exchange) {
				x.begin()
				x.startWhole()
				x.wait()
			}},
		{Name: "reset in the middle", Does: "a TCP reset after the first words",
			outcome: lossy, midway: true,
			serve: func(x *exchange) {
				x.begin()
				x.startWhole()
				reset(x.connection())
			}},
		{Name: "closed in the middle", Does: "the connection closes within the body",
			outcome: lossy, midway: true,
			serve: func(x *exchange) {
				x.begin()
				x.startWhole()
				x.connection().Close()
			}},
		{Name: "bad chunk length", Does: "the transfer encoding breaks after the first words",
			outcome: broken(), midway: true,
			serve: func(x *exchange) {
				x.begin()
				x.startWhole()
				conn := x.connection()
				conn.Write([]byte("zz\r\nnonsense\r\n")) // the client may have gone
				conn.Close()
			}},
		{Name: "no length", Does: "an HTTP/1.0 answer that ends with the connection",
			outcome: right(),
			serve: func(x *exchange) {
				body, kind := string(x.whole(quote(x.text), `"stop"`)), "application/json"
				if x.stream {
					body, kind = x.script(), "text/event-stream"
				}
				raw("HTTP/1.0 200 OK\r\nContent-Type: " + kind + "\r\n\r\n" + body)(x)
			}},
		{Name: "early hints first", Does: "an answer with status 103 comes before the right one",
			outcome: right(),
			serve: func(x *exchange) {
				x.w.WriteHeader(http.StatusEarlyHints)
				x.answer()
			}},
		{Name: "slow body", Does: "the right answer with pauses between its parts",
			outcome: right(),
			serve: func(x *exchange) {
				if x.stream {
					x.rewrite = func(b []byte) []byte {
						time.Sleep(2 * time.Millisecond)
						return b
					}
					x.answer()
					return
				}
				x.head()
				body := x.whole(quote(x.text), `"stop"`)
				for i := 0; i < len(body); i += 16 {
					time.Sleep(time.Millisecond)
					x.raw(body[i:min(i+16, len(body))])
				}
			}},
	}
}

// raw answers with the given bytes and closes the connection.
func raw(answer string) func(*exchange) {
	return func(x *exchange) {
		conn := x.connection()
		defer conn.Close()
		conn.Write([]byte(answer)) // the client may have gone
	}
}

// startWhole sends the first half of an answer in one piece.
func (x *exchange) startWhole() {
	if x.stream {
		return
	}
	x.head()
	body := x.whole(quote(x.text), `"stop"`)
	x.raw(body[:len(body)/2])
}

// script is the right stream as one text.
func (x *exchange) script() string {
	var b strings.Builder
	for _, p := range x.pieces() {
		b.Write(x.piece(quote(p)))
	}
	b.Write(x.final(`"stop"`))
	b.Write(x.done())
	return b.String()
}
