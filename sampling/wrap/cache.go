package wrap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/foreword-go/foreword/sampling"
)

// A Cache answers a call that was answered before, without the backend: the same
// chunks, in the same order, with the usage that they had. A hit costs nothing
// all the same: what was spent is told by a [Meter] inside the Cache, not by the
// sum of the usages.
//
// The key is the exact request, and for a greedy one all of it but the seed,
// which decides nothing. Draws and scores are kept as well.
//
// What is stored is what a [sampling.Model] made of the answer: the text up to
// the first of the request's stop sequences. So a stream that Model left at a
// stop is whole. One that was left for another reason is not stored, nor one that
// failed, broke off or was ended by a filter. Two calls that ask the same at the
// same time both go to the backend.
//
// The zero Cache keeps greedy completions in memory. A Cache must not be copied.
// It is safe for concurrent use.
type Cache struct {
	// Store keeps the entries: a [FileStore], or any other. nil is a
	// [MemoryStore] of this Cache's own.
	Store Store

	// Namespace names the backend and its model, as in "vllm llama-3.1-405b":
	// the Cache cannot know them, and another model answers otherwise. Give
	// another name too when the server's settings change. It is required with a
	// Store, which may outlive the program. Without one, each backend that the
	// Cache is wrapped around has a space of its own.
	Namespace string

	// Sampled also stores what was drawn at a temperature above 0, by its seed.
	// Set it when the requests name their seeds. Model gives a request without
	// one a fresh seed, which nothing here can tell from one that was chosen,
	// and which is hardly ever asked for again: such answers would only crowd
	// out the others.
	Sampled bool

	once         sync.Once
	store        Store
	wrapped      atomic.Int64
	hits, misses atomic.Int64
	faults       atomic.Int64
	mu           sync.Mutex
	fault        error
}

// A Store keeps the entries of a [Cache]. Keys are short printable strings.
// Implementations are safe for concurrent use.
//
// A Store that fails never fails a call: [CacheStats] tell of it.
type Store interface {
	// Get returns the value put under the key, or nil. The caller does not
	// change it.
	Get(key string) (value []byte, err error)

	// Put keeps the value, in place of an earlier one. The caller does not
	// change the value afterwards. A Store may forget it at any time.
	Put(key string, value []byte) error
}

// CacheStats tell what a [Cache] did.
type CacheStats struct {
	Hits   int64
	Misses int64 // calls that could have been hits

	// Faults is the number of times that the Store failed or gave back what
	// nobody put there, and Fault is the last of them. The calls were then
	// answered by the backend.
	Faults int64
	Fault  error
}

// Stats returns what happened by now.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Hits: c.hits.Load(), Misses: c.misses.Load(), Faults: c.faults.Load(), Fault: c.fault}
}

func (c *Cache) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults.Add(1)
	c.fault = err
}

// Wrap returns a backend that remembers its answers.
func (c *Cache) Wrap(backend sampling.Backend) sampling.Backend {
	c.once.Do(func() {
		c.store = c.Store
		if c.store == nil {
			c.store = new(MemoryStore)
		}
	})
	in := look(backend)
	space := c.Namespace
	if c.Store == nil {
		space = fmt.Sprintf("%d %s", c.wrapped.Add(1), space)
	}
	return in.expose(&cached{c, in, space})
}

// cached is a backend with a Cache around it.
type cached struct {
	cache *Cache
	inner
	space string
}

// An entry is a place in the store, which a call may find filled, or fill.
type entry struct {
	cache *Cache
	key   string
}

// entry returns nil for a call that must not be cached.
func (c *cached) entry(q *question, err error) (*entry, error) {
	if c.cache.Store != nil && c.cache.Namespace == "" {
		return nil, fmt.Errorf("%w: wrap.Cache has a Store and no Namespace, so that the answers of other models would be taken for this one's; set Cache.Namespace", sampling.ErrInvalid)
	}
	if err != nil || q.Params != nil && q.Params.Temperature != 0 && !c.cache.Sampled {
		return nil, nil
	}
	line, err := q.key()
	if err != nil {
		return nil, nil
	}
	// The 1 is the version of what an answer looks like.
	sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %s", c.space, line))
	return &entry{c.cache, hex.EncodeToString(sum[:])}, nil
}

// get returns the answer that is there, or nil.
func (e *entry) get(ctx context.Context) *answer {
	if e == nil {
		return nil
	}
	value, err := e.cache.store.Get(e.key)
	var a *answer
	if err == nil && value != nil {
		err = json.Unmarshal(value, &a)
	}
	if err != nil {
		e.cache.failed(fmt.Errorf("reading from the cache: %w", err))
		a = nil
	}
	if a == nil {
		e.cache.misses.Add(1)
		return nil
	}
	e.cache.hits.Add(1)
	traced(ctx).found()
	return a
}

func (e *entry) put(a *answer) {
	value, err := encode(a)
	if err == nil {
		err = e.cache.store.Put(e.key, value)
	}
	if err != nil {
		e.cache.failed(fmt.Errorf("writing to the cache: %w", err))
	}
}

func (c *cached) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		e, err := c.entry(ask("sample", req, 0))
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		if a := e.get(ctx); a != nil {
			a.replay(ctx, yield)
			return
		}
		if e == nil {
			c.backend.Sample(ctx, req)(yield)
			return
		}
		var seen []sampling.Chunk
		for chunk, err := range c.backend.Sample(ctx, req) {
			if err != nil {
				yield(chunk, err)
				return
			}
			seen = append(seen, ownCopy(chunk))
			if !yield(chunk, nil) || chunk.Reason != sampling.Unfinished {
				break
			}
		}
		if pieces, ok := whole(seen, req.Stop); ok {
			e.put(&answer{Chunks: pieces})
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

// whole returns the chunks up to the first stop sequence, and whether they are a
// whole answer.
func whole(chunks []sampling.Chunk, stop []string) (pieces []piece, ok bool) {
	seen := func(yield func(sampling.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
	}
	for c := range sampling.Until(seen, stop) {
		pieces = append(pieces, writeChunk(&c))
		ok = c.Reason != sampling.Unfinished && c.Reason != sampling.Filtered
	}
	return pieces, ok
}

// replay yields the chunks of an answer as a backend does.
func (a *answer) replay(ctx context.Context, yield func(sampling.Chunk, error) bool) (left bool) {
	for i := range a.Chunks {
		if err := ctx.Err(); err != nil {
			yield(sampling.Chunk{}, err)
			return true
		}
		if !yield(a.Chunks[i].chunk(), nil) {
			return true
		}
	}
	return false
}

func (c *cached) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	e, err := c.entry(ask("draw", req, n))
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a := e.get(ctx); a != nil {
		return readCompletions(a.Completions, req), nil
	}
	all, err := c.draws.Draw(ctx, req, n)
	unfinished := func(c *sampling.Completion) bool {
		return c == nil || c.Reason == sampling.Unfinished || c.Reason == sampling.Filtered
	}
	if e != nil && err == nil && len(all) == n && !slices.ContainsFunc(all, unfinished) {
		e.put(&answer{Completions: writeCompletions(all)})
	}
	return all, err
}

func (c *cached) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	q := &question{Method: "score", Prompt: req.Prompt, Continuations: continuations}
	e, err := c.entry(q, q.check())
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a := e.get(ctx); a != nil {
		return readScores(a.Scores), nil
	}
	scores, err := c.scores.Score(ctx, req, continuations)
	if e != nil && err == nil && len(scores) == len(continuations) {
		e.put(&answer{Scores: writeScores(scores)})
	}
	return scores, err
}
