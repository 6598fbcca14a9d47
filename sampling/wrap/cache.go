package wrap

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/foreword-go/foreword/internal/store"
	"github.com/foreword-go/foreword/sampling"
)

// A Cache answers repeated calls without the backend: with the same chunks, in the
// same order, and the usage of the first call.
//
//   - With a [Store] it resumes work: run an interrupted Map, Sweep or Search
//     again, and only missing answers are requested.
//   - With a Store and Strict it replays exchanges in tests: a request that is not in
//     the file is an error, and the backend may be nil.
//
// The key is the exact request. A greedy request is found with any seed. A sampled
// request is found by its seed, so set Params.Seed. Draws, scores, token counts,
// embeddings and descriptions are kept too, descriptions only with a Store and a
// Namespace.
//
// Answers are kept up to the first stop sequence. An answer is not kept if it failed,
// broke off, was filtered, violates its constraint, or was left before a stop
// sequence. Two identical calls at the same time both go to the backend.
//
// The zero Cache keeps up to 10,000 answers and 64 MiB in memory. A Cache must not
// be copied. It is safe for concurrent use.
type Cache struct {
	// Store keeps the answers in a file. nil keeps them in memory.
	Store *Store

	// Namespace names the model, such as "llama-3.1-405b", so that no other model's
	// answers are returned. "" uses the model and version that the backend reports
	// by [sampling.Describer], never its address. With a Store, each program then asks
	// the backend for them once, and a backend that does not report them is
	// [sampling.ErrInvalid].
	Namespace string

	// Strict answers from the Store only. It needs a Namespace.
	Strict bool

	memory       memory
	wrapped      atomic.Int64
	hits, misses atomic.Int64
	fault        atomic.Pointer[error]
}

// Stats returns the numbers of hits and misses, and the last error of the Store, or
// its damaged lines. A call that meets such an error goes to the backend.
func (c *Cache) Stats() (hits, misses int64, storeErr error) {
	if fault := c.fault.Load(); fault != nil {
		storeErr = *fault
	} else if c.Store != nil && len(c.Store.file.Damaged()) > 0 {
		storeErr = fmt.Errorf("wrap: the cache skips damaged lines of its file: %v", c.Store.file.Damaged())
	}
	return c.hits.Load(), c.misses.Load(), storeErr
}

func (c *Cache) failed(err error) { c.fault.Store(&err) }

// Wrap returns a backend that remembers its answers.
func (c *Cache) Wrap(backend sampling.Backend) sampling.Backend {
	return &cached{Forward: inside(backend), cache: c, number: c.wrapped.Add(1)}
}

// cached is a backend with a Cache around it.
type cached struct {
	sampling.Forward
	cache  *Cache
	number int64 // of the backend, among those of this Cache

	mu    sync.Mutex
	space string // which model's answers these are; "" is not known yet
}

// identity returns what distinguishes this model's answers.
func (c *cached) identity(ctx context.Context) (string, error) {
	k := c.cache
	switch {
	case k.Strict && (k.Namespace == "" || k.Store == nil):
		return "", fmt.Errorf("%w: wrap.Cache is Strict without a Store and a Namespace; set both", sampling.ErrInvalid)
	case k.Store == nil:
		return fmt.Sprintf("%d %s", c.number, k.Namespace), nil
	case k.Namespace != "":
		return k.Namespace, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.space != "" {
		return c.space, nil
	}
	info, err := c.Forward.Describe(ctx)
	if err != nil && !errors.Is(err, sampling.ErrUnsupported) {
		return "", fmt.Errorf("wrap: asking which model answers, for the cache: %w", err)
	}
	if info.Model == "" {
		return "", fmt.Errorf("%w: wrap.Cache has a Store, and the backend does not say which model it serves; set Cache.Namespace, so that the answers of models are not mixed up", sampling.ErrInvalid)
	}
	c.space = fmt.Sprintf("model %q server %q", info.Model, info.Server)
	return c.space, nil
}

// An entry is the place of one call's answer.
type entry struct {
	cache    *Cache
	key      store.Key
	question string // as one line
	refused  bool   // the store has it as unsupported
}

// A record is the exchange on one line of a Store.
type record struct {
	Ask    json.RawMessage `json:"ask"` // the question
	Answer *answer         `json:"answer"`
}

// find returns the entry of a question, and its cached answer or nil. If the Cache is
// strict, a missing answer is an error.
func (c *cached) find(ctx context.Context, q *question, err error) (*entry, *answer, error) {
	if err != nil {
		return nil, nil, err
	}
	space, err := c.identity(ctx)
	if err != nil {
		return nil, nil, err
	}
	line, err := encode(q) // equal questions have equal lines
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", sampling.ErrInvalid, err)
	}
	e := &entry{cache: c.cache, key: sha256.Sum256(fmt.Appendf(nil, "%q %s", space, line)), question: string(line)}
	a, err := e.get(ctx)
	return e, a, err
}

func (e *entry) get(ctx context.Context) (*answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	value, err := e.store().Get(e.key)
	var r record
	if err == nil && value != nil {
		err = json.Unmarshal(value, &r)
	}
	switch a := r.Answer; {
	case err != nil:
		e.cache.failed(fmt.Errorf("wrap: reading from the cache: %w", err))
	case a == nil:
	case a.Unsupported == "":
		e.cache.hits.Add(1)
		note(ctx, func(t *trace) { t.hit, t.place = true, a.Backend })
		return a, nil
	case e.cache.Strict:
		return nil, fmt.Errorf("%w: recorded as: %s", sampling.ErrUnsupported, a.Unsupported)
	default:
		e.refused = true // it may support it by now
	}
	e.cache.misses.Add(1)
	if e.cache.Strict {
		return nil, e.unknown()
	}
	return nil, nil
}

// put keeps an answer. An error only appears in Stats, since the caller has the
// answer. A Namespace names one model, so what another backend of a Fallback answered
// is not kept.
func (e *entry) put(a *answer, t *trace) {
	if t.partial || t.place > 1 && e.cache.Namespace != "" {
		return
	}
	a.Backend = t.place
	value, err := encode(record{json.RawMessage(e.question), a})
	if err == nil {
		err = e.store().Put(e.key, value)
	}
	if err != nil {
		e.cache.failed(fmt.Errorf("wrap: writing to the cache: %w", err))
	}
}

// refuse keeps what the backend does not support, so that a caller of a strict Cache
// falls back in the same way.
func (e *entry) refuse(err error, t *trace) {
	if e.cache.Store != nil && !e.refused && errors.Is(err, sampling.ErrUnsupported) {
		e.put(&answer{Unsupported: err.Error()}, t)
	}
}

func (e *entry) store() interface {
	Get(store.Key) ([]byte, error)
	Put(store.Key, []byte) error
} {
	if e.cache.Store != nil {
		return e.cache.Store.file
	}
	return &e.cache.memory
}

// unknown returns the error of a request that is not in the store. It shows the
// nearest recorded one.
func (e *entry) unknown() error {
	line, at, nearest := 0, -1, ""
	err := e.cache.Store.file.Each(func(number int, value []byte) bool {
		var r record
		if json.Unmarshal(value, &r) != nil || r.Ask == nil {
			return true
		}
		if n := common(e.question, string(r.Ask)); n > at {
			line, at, nearest = number, n, string(r.Ask)
		}
		return true
	})
	if err != nil {
		return err
	}
	if line == 0 {
		return errors.New("wrap: the cache is strict, and its store is empty; record the exchanges first, without Strict")
	}
	return fmt.Errorf("wrap: the cache is strict, and this request is not in its store; the nearest, on line %d, differs from byte %d on: asked %q, recorded %q; record it without Strict",
		line, at, excerpt(e.question, at), excerpt(nearest, at))
}

// common returns the length of the common prefix.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func excerpt(s string, at int) string { return s[min(at, len(s)):min(at+40, len(s))] }
