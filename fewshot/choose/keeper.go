package choose

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// A keeper holds what has been worked out about each pool, made on first use.
// A pool is known by where it stands in memory and how long it is, which a Task
// keeps as they are until it changes. The pointer is weak: what was worked out
// goes when the pool goes, and a new pool that happens to get the same address
// is not taken for the old one.
type keeper[T any] struct {
	mu   sync.Mutex
	kept map[poolID]*keeping[T]
}

type poolID struct {
	first weak.Pointer[example]
	n     int
}

// A keeping is a value that one goroutine makes while the others wait.
type keeping[T any] struct {
	turn  chan struct{} // of one: held by whoever makes the value
	ready atomic.Bool
	value T
}

// of returns the value of a pool, which must not be empty. On the first call
// make fills it in; where make fails, the value stays as make left it, so that
// the next call can go on from there. Waiting for another's make ends with ctx.
func (k *keeper[T]) of(ctx context.Context, pool []example, make func(context.Context, *T) error) (*T, error) {
	e := k.find(pool)
	if e.ready.Load() {
		return &e.value, nil
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if e.ready.Load() {
		return &e.value, nil
	}
	if err := make(ctx, &e.value); err != nil {
		return nil, err
	}
	e.ready.Store(true)
	return &e.value, nil
}

func (k *keeper[T]) find(pool []example) *keeping[T] {
	first := &pool[0]
	id := poolID{weak.Make(first), len(pool)}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.kept[id]; e != nil {
		return e
	}
	if k.kept == nil {
		k.kept = map[poolID]*keeping[T]{}
	}
	e := &keeping[T]{turn: make(chan struct{}, 1)}
	k.kept[id] = e
	// Neither must the pool keep the keeper, which may be dropped before it.
	keeper := weak.Make(k)
	runtime.AddCleanup(first, func(id poolID) {
		if k := keeper.Value(); k != nil {
			k.drop(id)
		}
	}, id)
	return e
}

func (k *keeper[T]) drop(id poolID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, id)
}
