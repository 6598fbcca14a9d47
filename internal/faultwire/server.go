package faultwire

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
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
// It is safe for concurrent use, and closes with the test.
type FaultServer struct {
	// Reply gives the right answer to a prompt. nil is [FaultText]. It must be
	// set before the first request.
	Reply func(prompt string) string

	t          testing.TB
	plain, tls *httptest.Server
	addresses  *strings.Replacer // of the URLs in the table
	killed     atomic.Bool
	mux        *http.ServeMux
	places     atomic.Int64
	flaky      atomic.Int64 // requests at flaky places
}

// asked is the key for how many requests came on a connection.
type asked struct{}

// NewFaultServer starts a FaultServer. It closes at the end of the test, which
// fails if the API key was ever sent to another host.
func NewFaultServer(t testing.TB) *FaultServer {
	t.Helper()
	s := &FaultServer{t: t, mux: http.NewServeMux()}
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
	address := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	s.addresses = strings.NewReplacer("{plain}", address(s.plain), "{tls}", address(s.tls))
	return s
}

// at returns the base URL of a new place.
func (s *FaultServer) at(base string, next func() Fault) string {
	place := fmt.Sprintf("/%d", s.places.Add(1))
	for _, api := range []API{Completions, Generate} {
		s.mux.HandleFunc("POST "+place+string(api), func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, api, next()) })
	}
	return base + place
}

// URL returns a base URL at which the server commits the fault. The paths of the
// APIs follow.
func (s *FaultServer) URL(f Fault) string {
	return s.at(s.addresses.Replace(cmp.Or(f.url, "http://{plain}")), func() Fault { return f })
}

// RightURL returns a base URL at which the server does everything right.
func (s *FaultServer) RightURL() string { return s.URL(right) }

var (
	right = Fault{answer: parseTemplate("{{.Answer}}")}
	kept  = Fault{answer: parseTemplate("{{if .Again}}{{.Close}}{{end}}{{.Answer}}")}
)

// KeptURL returns a base URL at which the server does everything right, but that
// it closes each connection that it promised to keep as soon as it is used again.
// llama.cpp's server does so after each stream.
func (s *FaultServer) KeptURL() string { return s.URL(kept) }

// FlakyURL returns a base URL at which the given share of the requests, from
// 0 to 1, meets one of the faults at random. The same seed makes the same
// choices in the order in which requests arrive. Faults that have a URL of their
// own or never end are left out.
func (s *FaultServer) FlakyURL(seed uint64, share float64, faults ...Fault) string {
	faults = slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return f.url != "" || f.outcome.Class == Endless })
	random := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	return s.at(s.plain.URL, func() Fault {
		mu.Lock()
		defer mu.Unlock()
		s.flaky.Add(1)
		if random.Float64() >= share {
			return right
		}
		return faults[random.IntN(len(faults))]
	})
}

// Kill ends all connections at once, as the end of the server's process does. New
// connections end too. They are not refused, so that the port stays taken and no
// other server can answer there.
func (s *FaultServer) Kill() {
	s.killed.Store(true)
	s.plain.CloseClientConnections()
}

// Hits returns how many requests arrived at flaky URLs.
func (s *FaultServer) Hits() int { return int(s.flaky.Load()) }

// Elsewhere is the plain server under another name for the same machine, which to a
// client is another host.
func (s *FaultServer) Elsewhere() string {
	return strings.Replace(s.plain.URL, "127.0.0.1", "localhost", 1) + "/elsewhere"
}

// ServeHTTP commits the fault of the place that the path names.
func (s *FaultServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.killed.Load() {
		panic(http.ErrAbortHandler)
	}
	if strings.HasPrefix(r.Host, "localhost") && r.Header.Get("Authorization") != "" {
		s.t.Error("the API key was sent to another host")
	}
	s.mux.ServeHTTP(w, r)
}

func (s *FaultServer) serve(w http.ResponseWriter, r *http.Request, api API, fault Fault) {
	x := &exchange{Server: s, w: w, r: r, API: api, Text: FaultText}
	x.Stream = api == Generate // which is what Ollama does unless told
	if err := json.NewDecoder(r.Body).Decode(&x.request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.Reply != nil {
		x.Text = s.Reply(x.Prompt)
	}
	x.Text = cmp.Or(fault.reply, x.Text)
	if !fault.applies(x.API, x.Stream) {
		fault = right
	}
	if err := x.answer(fault); err != nil && !errors.Is(err, errEnded) {
		s.t.Errorf("fault %q: %v", fault.Name, err)
	}
}
