package wrap

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/foreword-go/foreword/internal/store"
	"github.com/foreword-go/foreword/sampling"
)

// A Cache answers a call that was answered before, without the backend: the same
// chunks, in the same order, with the usage that they had. It is the one memory of
// what a model said:
//
//   - With a [Store] it resumes work: run an interrupted Map, Sweep or Search
//     again, and only what is missing is asked.
//   - With a Store and Strict it replays, for tests: what is not in the file is an
//     error, and the backend may be nil.
//
// The key is the exact request. The seed of a greedy one does not count, since it
// decides nothing. A sampled request is found again by its seed, so set
// Params.Seed. Draws, scores, token counts and descriptions are kept too.
//
// What is kept is what a [sampling.Model] made of the answer: the text up to the
// first stop sequence. An answer that failed, broke off, was filtered, was left
// for another reason than a stop, or does not keep to its constraint is not kept.
// Two calls that ask the same at the same time both go to the backend.
//
// The zero Cache keeps up to 10,000 answers and 64 MiB in memory. A Cache must not
// be copied. It is safe for concurrent use.
type Cache struct {
	// Store keeps the answers in a file. nil keeps them in memory.
	Store *Store

	// Namespace names the model, as in "llama-3.1-405b": another model answers
	// otherwise. "" takes the model and the version that the backend says of
	// itself, by [sampling.Describer], and never its address. With a Store, a
	// backend that says nothing is then [sampling.ErrInvalid].
	Namespace string

	// Strict answers from the Store alone. It needs a Namespace.
	Strict bool

	memory       memory
	wrapped      atomic.Int64
	hits, misses atomic.Int64
	mu           sync.Mutex
	fault        error
}

// Stats returns how many calls were found and not found so far, and the last error
// of the Store. A call that meets one is answered by the backend.
func (c *Cache) Stats() (hits, misses int64, storeErr error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hits.Load(), c.misses.Load(), c.fault
}

func (c *Cache) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

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

// identity returns what sets this model's answers apart.
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
		return "", fmt.Errorf("%w: wrap.Cache has a Store, and the backend does not say which model it serves; set Cache.Namespace, so that no other model's answers are taken for this one's", sampling.ErrInvalid)
	}
	c.space = fmt.Sprintf("model %q version %q", info.Model, info.Version)
	return c.space, nil
}

// An entry is a place that a call may find filled, or fill.
type entry struct {
	cache    *Cache
	key      store.Key
	question *question
}

// A record is what a Store has on a line: an exchange.
type record struct {
	Ask    *question `json:"ask"`
	Answer *answer   `json:"answer"`
}

func (c *cached) entry(ctx context.Context, q *question, err error) (*entry, error) {
	if err != nil {
		return nil, err
	}
	space, err := c.identity(ctx)
	if err != nil {
		return nil, err
	}
	line, err := q.key()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sampling.ErrInvalid, err)
	}
	return &entry{c.cache, sha256.Sum256(fmt.Appendf(nil, "%q %s", space, line)), q}, nil
}

// get returns the answer that is there, or nil; when the Cache is Strict, an error
// in place of nil.
func (e *entry) get(ctx context.Context) (*answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	value, err := e.store().Get(e.key)
	var r record
	if err == nil && value != nil {
		err = json.Unmarshal(value, &r)
	}
	if err != nil {
		e.cache.failed(fmt.Errorf("wrap: reading from the cache: %w", err))
		r.Answer = nil
	}
	if r.Answer != nil {
		e.cache.hits.Add(1)
		note(ctx, func(t *trace) { t.hit, t.place = true, r.Answer.Backend })
		return r.Answer, nil
	}
	e.cache.misses.Add(1)
	if e.cache.Strict {
		return nil, e.unknown()
	}
	return nil, nil
}

// put keeps an answer, or fails in silence but for the stats: the caller has it.
// Under a Namespace, which names one model, a Fallback's other backends count for
// nothing.
func (e *entry) put(a *answer, t *trace) {
	if t.partial || t.place > 1 && e.cache.Namespace != "" {
		return
	}
	a.Backend = t.place
	value, err := encode(record{e.question, a})
	if err == nil {
		err = e.store().Put(e.key, value)
	}
	if err != nil {
		e.cache.failed(fmt.Errorf("wrap: writing to the cache: %w", err))
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

// unknown says what is not in the store, and where it differs from what is.
func (e *entry) unknown() error {
	asked, _ := e.question.key() // it was made before
	line, at, nearest := 0, -1, ""
	err := e.cache.Store.file.Each(func(number int, value []byte) bool {
		var r record
		if json.Unmarshal(value, &r) != nil || r.Ask == nil {
			return true
		}
		known, _ := r.Ask.key()
		if n := common(asked, known); n > at {
			line, at, nearest = number, n, known
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
		line, at, excerpt(asked, at), excerpt(nearest, at))
}

// common returns how many bytes two texts begin with alike.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func excerpt(s string, at int) string { return s[min(at, len(s)):min(at+40, len(s))] }

func (c *cached) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		q, err := ask("sample", req, 0)
		e, err := c.entry(ctx, q, err)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		a, err := e.get(ctx)
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if a != nil {
			a.replay(ctx, yield)
			return
		}
		inner, t := withTrace(ctx)
		defer note(ctx, t.pass)
		var seen []sampling.Chunk
		for chunk, err := range c.Backend.Sample(inner, req) {
			if err != nil {
				yield(chunk, err)
				return
			}
			seen = append(seen, ownCopy(chunk))
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				break
			}
		}
		if pieces, ok := complete(seen, req); ok {
			e.put(&answer{Chunks: pieces}, t)
		}
	}
}

// ownCopy copies what the consumer of a chunk could change.
func ownCopy(c sampling.Chunk) sampling.Chunk {
	c.Tokens = slices.Clone(c.Tokens)
	for i := range c.Tokens {
		c.Tokens[i].Top = slices.Clone(c.Tokens[i].Top)
	}
	if c.Usage != nil {
		u := *c.Usage
		c.Usage = &u
	}
	return c
}

// complete returns the chunks up to the first stop sequence, and whether they are a
// whole answer that keeps to the constraint.
func complete(chunks []sampling.Chunk, req *sampling.Request) (pieces []piece, ok bool) {
	seen := func(yield func(sampling.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
	}
	text, reason := "", sampling.Unfinished
	for c := range sampling.Until(seen, req.Stop) {
		pieces = append(pieces, writeChunk(&c))
		text, reason = text+c.Text, c.Reason
	}
	return pieces, worthKeeping(text, reason, req.Constraint)
}

// worthKeeping reports whether an answer is whole and keeps to its constraint.
func worthKeeping(text string, reason sampling.Reason, constraint sampling.Constraint) bool {
	switch {
	case reason == sampling.Unfinished || reason == sampling.Filtered:
		return false
	case constraint.IsZero():
		return true
	}
	m := constraint.Start()
	return m.Add(text) && (m.Done() || reason == sampling.TokenLimit)
}

// replay yields the chunks of an answer as a backend does.
func (a *answer) replay(ctx context.Context, yield func(sampling.Chunk, error) bool) {
	for i := range a.Chunks {
		if err := ctx.Err(); err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if !yield(a.Chunks[i].chunk(), nil) {
			return
		}
	}
}

func (c *cached) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	q, err := ask("draw", req, n)
	return remembered(ctx, c, q, err, func(a *answer) []*sampling.Completion { return readCompletions(a.Completions, req) },
		func(ctx context.Context) (*answer, []*sampling.Completion, error) {
			all, err := c.Forward.Draw(ctx, req, n)
			if err != nil || len(all) != n || slices.ContainsFunc(all, func(c *sampling.Completion) bool {
				return c == nil || !worthKeeping(before(c.Text, req.Stop), c.Reason, req.Constraint)
			}) {
				return nil, all, err
			}
			return &answer{Completions: writeCompletions(all)}, all, nil
		})
}

func before(text string, stop []string) string {
	text, _ = sampling.Cut(text, stop)
	return text
}

func (c *cached) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	q, err := ask("score", req, 0)
	if q != nil {
		q.Continuations, q.Stop, q.Constraint = continuations, nil, ""
		q.Params = &params{Extra: q.Params.Extra} // nothing else matters to a score
		err = errors.Join(err, q.check())
	}
	return remembered(ctx, c, q, err, func(a *answer) []sampling.Score { return readScores(a.Scores) },
		func(ctx context.Context) (*answer, []sampling.Score, error) {
			scores, err := c.Forward.Score(ctx, req, continuations)
			if err != nil || len(scores) != len(continuations) {
				return nil, scores, err
			}
			return &answer{Scores: writeScores(scores)}, scores, nil
		})
}

// Count keeps counts in a Store only: memory would hardly be faster than a Counter
// in the process.
func (c *cached) Count(ctx context.Context, text string) (int, error) {
	if c.cache.Store == nil {
		return c.Forward.Count(ctx, text)
	}
	q := &question{Method: "count", Prompt: text}
	return remembered(ctx, c, q, q.check(), func(a *answer) int { return *a.Tokens }, func(ctx context.Context) (*answer, int, error) {
		n, err := c.Forward.Count(ctx, text)
		return &answer{Tokens: &n}, n, err
	})
}

// Describe is kept where a Namespace names the model, so that a strict Cache knows
// the window.
func (c *cached) Describe(ctx context.Context) (sampling.Info, error) {
	if c.cache.Store == nil || c.cache.Namespace == "" {
		return c.Forward.Describe(ctx)
	}
	q := &question{Method: "describe"}
	return remembered(ctx, c, q, nil, func(a *answer) sampling.Info { return *a.Info }, func(ctx context.Context) (*answer, sampling.Info, error) {
		info, err := c.Forward.Describe(ctx)
		return &answer{Info: &info}, info, err
	})
}

// Constrains lets a strict Cache take any constraint: what is in the store kept to
// it.
func (c *cached) Constrains(constraint sampling.Constraint) error {
	if c.cache.Strict {
		return nil
	}
	return c.Forward.Constrains(constraint)
}

// remembered answers a question that is not a stream. call returns nil for an
// answer that is not to be kept.
func remembered[T any](ctx context.Context, c *cached, q *question, err error, read func(*answer) T, call func(context.Context) (*answer, T, error)) (T, error) {
	var none T
	e, err := c.entry(ctx, q, err)
	if err != nil {
		return none, err
	}
	a, err := e.get(ctx)
	if err != nil {
		return none, err
	}
	if a != nil {
		return read(a), nil
	}
	inner, t := withTrace(ctx)
	defer note(ctx, t.pass)
	a, value, err := call(inner)
	if err == nil && a != nil {
		e.put(a, t)
	}
	return value, err
}
