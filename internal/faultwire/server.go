package faultwire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// FaultText is the continuation that a [FaultServer] gives when it is allowed
// to, unless its Reply says otherwise.
const FaultText = " there was a little girl named Lily. She loved to play."

// startWords is how many words of a stream come before the fault, and faultStart
// are those of FaultText.
const startWords = 3

var faultStart = strings.Join(strings.SplitAfter(FaultText, " ")[:startWords], "")

// A FaultServer is an HTTP server on the loopback interface that misbehaves on
// demand. It speaks [Completions] and [Generate], streamed and whole. Each
// [Fault] has a base URL of its own, so that tests can run side by side; the
// paths of the APIs follow.
//
// [TestFaults] is what the test of a backend needs. A FaultServer of one's own is
// for the tests of what is put around a backend:
//
//	server := faultwire.NewFaultServer(t)
//	url := server.FlakyURL(1, 0.3) // three of ten requests fail
//
// It is safe for concurrent use, and closes with the test.
type FaultServer struct {
	// Reply gives the right answer to a prompt. nil is [FaultText]. It must be
	// set before the first request.
	Reply func(prompt string) string

	t          testing.TB
	plain, tls *httptest.Server
	closed     string // the address of a port that nobody listens at
	closing    chan struct{}
	open       atomic.Int64
	leaks      atomic.Int64

	mu    sync.Mutex
	hits  map[string]int
	flaky []*flaky
}

// A flaky is one seeded source of faults.
type flaky struct {
	random *rand.Rand
	share  float64
	faults []Fault
}

// NewFaultServer starts a FaultServer. It closes at the end of the test, which
// fails if the API key was ever sent to another host.
func NewFaultServer(t testing.TB) *FaultServer {
	t.Helper()
	s := &FaultServer{t: t, closing: make(chan struct{}), hits: make(map[string]int)}
	quiet := log.New(io.Discard, "", 0) // the faults make the server complain
	s.plain = httptest.NewUnstartedServer(s)
	s.plain.Config.ErrorLog = quiet
	s.plain.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, asked{}, new(atomic.Int64))
	}
	s.plain.Start()
	s.tls = httptest.NewUnstartedServer(s)
	s.tls.Config.ErrorLog = quiet
	s.tls.StartTLS()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.closed = gone.Addr().String()
	gone.Close()
	t.Cleanup(func() {
		close(s.closing)
		s.plain.Close()
		s.tls.Close()
		if n := s.leaks.Load(); n > 0 {
			t.Errorf("the API key was sent to another host in %d requests", n)
		}
	})
	return s
}

// URL returns the base URL at which the server commits the fault. The paths of
// the APIs follow.
func (s *FaultServer) URL(f Fault) string {
	var base strings.Builder
	base.WriteString(s.plain.URL)
	if f.url != nil {
		base.Reset()
		if err := f.url.Execute(&base, s); err != nil {
			panic(err) // the table holds no such URL
		}
	}
	return base.String() + "/fault/" + url.PathEscape(f.Name)
}

// RightURL returns the base URL at which the server does everything right.
func (s *FaultServer) RightURL() string { return s.plain.URL + "/right" }

// KeptURL returns the base URL at which the server does everything right, but that
// it closes each connection that it promised to keep as soon as it is used again.
// llama.cpp's server does so after each stream.
func (s *FaultServer) KeptURL() string { return s.plain.URL + "/kept" }

// asked is how many requests came on a connection.
type asked struct{}

// FlakyURL returns the base URL at which the given share of the requests, from
// 0 to 1, meets one of the faults at random. The same seed makes the same
// choices in the order in which requests arrive. Without faults it is every one
// that a server can commit and that ends by itself.
func (s *FaultServer) FlakyURL(seed uint64, share float64, faults ...Fault) string {
	if len(faults) == 0 {
		faults = Faults()
	}
	f := &flaky{random: rand.New(rand.NewPCG(seed, 0)), share: share}
	for _, one := range faults {
		if one.url == nil && one.outcome.Class != Endless {
			f.faults = append(f.faults, one)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flaky = append(s.flaky, f)
	return fmt.Sprintf("%s/flaky/%d", s.plain.URL, len(s.flaky)-1)
}

// Kill ends all connections at once, as the end of the server's process does.
func (s *FaultServer) Kill() {
	s.plain.Listener.Close()
	s.plain.CloseClientConnections()
}

// Hits returns how many requests arrived below a base URL.
func (s *FaultServer) Hits(base string) int {
	u, err := url.Parse(base)
	if err != nil {
		panic(err) // it is one of the server's own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[strings.TrimPrefix(u.Path, "/")]
}

// Open returns how many requests are being answered right now. It falls to 0
// some time after the clients have left, and not before if they leave a
// connection open.
func (s *FaultServer) Open() int { return int(s.open.Load()) }

// Plain, TLS and Closed are the servers that the URLs of faults may name. Nobody
// listens at the last.
func (s *FaultServer) Plain() string  { return s.plain.URL }
func (s *FaultServer) TLS() string    { return s.tls.URL }
func (s *FaultServer) Closed() string { return "http://" + s.closed }

// Elsewhere is the plain server under another name for the same machine, which to a
// client is another host.
func (s *FaultServer) Elsewhere() string {
	return strings.Replace(s.plain.URL, "127.0.0.1", "localhost", 1) + "/elsewhere/host"
}

// ServeHTTP commits the fault that the path names.
func (s *FaultServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.open.Add(1)
	defer s.open.Add(-1)
	kind, name, rest := splitPath(r.URL.Path)
	x := &exchange{Server: s, w: w, r: r, API: API(rest), Text: FaultText}
	n, plain := r.Context().Value(asked{}).(*atomic.Int64)
	switch {
	case plain && n.Add(1) > 1 && kind == "kept":
		x.Close()
		return
	case kind == "elsewhere": // it wants no key
		if r.Header.Get("Authorization") != "" {
			s.leaks.Add(1)
		}
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	case rest == "/api/version":
		io.WriteString(w, `{"version":"0.17.4"}`) // the client's loss
		return
	case x.API != Completions && x.API != Generate:
		http.Error(w, "no such path: "+rest, http.StatusNotFound)
		return
	}
	s.mu.Lock()
	s.hits[strings.TrimSuffix(kind+"/"+name, "/")]++
	fault, known := s.pick(kind, name)
	s.mu.Unlock()
	switch {
	case !known:
		http.Error(w, "no such fault: "+name, http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if err := x.read(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.Reply != nil {
		x.Text = s.Reply(x.prompt)
	}
	x.Text = cmp.Or(fault.reply, x.Text)
	if fault.answer == nil || !fault.applies(x.API, x.Stream) {
		x.Answer()
	} else if err := fault.answer.Execute(x, x); errors.Is(err, errEnded) {
		return
	} else if err != nil {
		s.t.Errorf("fault %q: %v", fault.Name, err)
	}
	x.finish()
}

// splitPath takes "/fault/some-name/v1/completions" apart, "/right/v1/completions"
// and "/kept/v1/completions".
func splitPath(path string) (kind, name, rest string) {
	kind, rest, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if kind != "right" && kind != "kept" {
		name, rest, _ = strings.Cut(rest, "/")
	}
	return kind, name, "/" + rest
}

// pick returns the fault for a path. The zero Fault answers right. The caller holds
// the lock.
func (s *FaultServer) pick(kind, name string) (Fault, bool) {
	switch kind {
	case "right", "kept":
		return Fault{}, true
	case "fault":
		for _, f := range Faults() {
			if f.Name == name {
				return f, true
			}
		}
	case "flaky":
		var n int
		if _, err := fmt.Sscan(name, &n); err != nil || n < 0 || n >= len(s.flaky) {
			return Fault{}, false
		}
		f := s.flaky[n]
		if f.random.Float64() >= f.share || len(f.faults) == 0 {
			return Fault{}, true
		}
		return f.faults[f.random.IntN(len(f.faults))], true
	}
	return Fault{}, false
}
