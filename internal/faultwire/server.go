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
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/template"
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
// It is safe for concurrent use, and closes with the test.
type FaultServer struct {
	// Reply gives the right answer to a prompt. nil is [FaultText]. It must be
	// set before the first request.
	Reply func(prompt string) string

	t          testing.TB
	plain, tls *httptest.Server
	addresses  *strings.Replacer // of the URLs in the table
	open       atomic.Int64
	mux        *http.ServeMux

	mu     sync.Mutex
	places map[string]*place // by the first element of the path
}

// A place is a base URL with what happens there.
type place struct {
	next func() Fault // the zero Fault is a right answer
	hits int
}

// asked is the key for how many requests came on a connection.
type asked struct{}

// NewFaultServer starts a FaultServer. It closes at the end of the test, which
// fails if the API key was ever sent to another host.
func NewFaultServer(t testing.TB) *FaultServer {
	t.Helper()
	s := &FaultServer{t: t, mux: http.NewServeMux(), places: make(map[string]*place)}
	s.mux.HandleFunc("POST /{place}"+string(Completions), s.serve)
	s.mux.HandleFunc("POST /{place}"+string(Generate), s.serve)
	s.mux.HandleFunc("/{place}/api/version", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"version":"0.17.4"}`) // the client's loss
	})
	quiet := log.New(io.Discard, "", 0) // the faults make the server complain
	s.plain, s.tls = httptest.NewUnstartedServer(s), httptest.NewUnstartedServer(s)
	s.plain.Config.ErrorLog, s.tls.Config.ErrorLog = quiet, quiet
	s.plain.Config.BaseContext = func(net.Listener) context.Context { return t.Context() }
	s.plain.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, asked{}, new(atomic.Int64))
	}
	s.plain.Start()
	t.Cleanup(s.plain.Close)
	s.tls.StartTLS()
	t.Cleanup(s.tls.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	address := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	s.addresses = strings.NewReplacer("{plain}", address(s.plain), "{tls}", address(s.tls), "{closed}", address(closed))
	return s
}

// at returns the base URL of a new place. next is called under a lock.
func (s *FaultServer) at(base string, next func() Fault) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := fmt.Sprint(len(s.places))
	s.places[number] = &place{next: next}
	return base + "/" + number
}

// URL returns a base URL at which the server commits the fault. The paths of the
// APIs follow.
func (s *FaultServer) URL(f Fault) string {
	return s.at(s.addresses.Replace(cmp.Or(f.url, "http://{plain}")), func() Fault { return f })
}

// RightURL returns a base URL at which the server does everything right.
func (s *FaultServer) RightURL() string { return s.URL(Fault{}) }

var kept = Fault{answer: template.Must(parseTemplate("{{if .Again}}{{.Close}}{{end}}{{.Answer}}"))}

// KeptURL returns a base URL at which the server does everything right, but that
// it closes each connection that it promised to keep as soon as it is used again.
// llama.cpp's server does so after each stream.
func (s *FaultServer) KeptURL() string { return s.URL(kept) }

// FlakyURL returns a base URL at which the given share of the requests, from
// 0 to 1, meets one of the faults at random. The same seed makes the same
// choices in the order in which requests arrive. Without faults it is every one
// that a server can commit and that ends by itself.
func (s *FaultServer) FlakyURL(seed uint64, share float64, faults ...Fault) string {
	if len(faults) == 0 {
		faults = Faults()
	}
	faults = slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return f.url != "" || f.outcome.Class == Endless })
	random := rand.New(rand.NewPCG(seed, 0))
	return s.at(s.plain.URL, func() Fault {
		if random.Float64() >= share || len(faults) == 0 {
			return Fault{}
		}
		return faults[random.IntN(len(faults))]
	})
}

// Kill ends all connections at once, as the end of the server's process does.
func (s *FaultServer) Kill() {
	s.plain.Listener.Close()
	s.plain.CloseClientConnections()
}

// Hits returns how many requests arrived below a base URL.
func (s *FaultServer) Hits(base string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.places[path.Base(base)].hits
}

// Open returns how many requests are being answered right now. It falls to 0
// some time after the clients have left, and not before if they leave a
// connection open.
func (s *FaultServer) Open() int { return int(s.open.Load()) }

// Elsewhere is the plain server under another name for the same machine, which to a
// client is another host.
func (s *FaultServer) Elsewhere() string {
	return strings.Replace(s.plain.URL, "127.0.0.1", "localhost", 1) + "/elsewhere"
}

// ServeHTTP commits the fault of the place that the path names.
func (s *FaultServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.open.Add(1)
	defer s.open.Add(-1)
	if strings.HasPrefix(r.Host, "localhost") && r.Header.Get("Authorization") != "" {
		s.t.Error("the API key was sent to another host")
	}
	s.mux.ServeHTTP(w, r)
}

func (s *FaultServer) serve(w http.ResponseWriter, r *http.Request) {
	number := r.PathValue("place")
	x := &exchange{Server: s, w: w, r: r, API: API(strings.TrimPrefix(r.URL.Path, "/"+number)), Text: FaultText}
	s.mu.Lock()
	place := s.places[number]
	if place == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	place.hits++
	fault := place.next()
	s.mu.Unlock()
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
	x.push(true)
}
