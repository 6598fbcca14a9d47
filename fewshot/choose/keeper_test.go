package choose

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/fewshot"
)

// TestPoolsAreNotMixedUp uses one Selector for many pools, some of which are
// parts of others, and compares with a Selector of its own for each.
func TestPoolsAreNotMixedUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	whole := densePool(rng, 60)
	pools := [][]example{whole, whole[:30], whole[30:], whole[1:], densePool(rng, 60), slices.Clone(whole)}
	shared := BM25(4)
	for range 3 {
		for at, pool := range pools {
			query := densePool(rng, 1)[0].In
			got, err := shared(t.Context(), query, pool)
			if err != nil {
				t.Fatal(err)
			}
			want, err := BM25(4)(t.Context(), query, pool)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("pool %d: %v, want %v, %v", at, got, want, err)
			}
		}
	}
}

var packagePool = []example{{In: "a cat"}, {In: "a dog"}}

// TestPoolsAnywhere: a pool may be a variable of a package or one array with
// others, which weak pointers treat differently.
func TestPoolsAnywhere(t *testing.T) {
	array := new([4]example)
	array[2].In = "the dog"
	for _, pool := range [][]example{packagePool, array[:], array[2:], {{In: "a"}, {In: "dog"}}} {
		choose := BM25(1)
		for range 2 {
			order, err := choose(t.Context(), "some dog", pool)
			if err != nil || len(order) != 1 {
				t.Fatalf("%v, %v", order, err)
			}
			runtime.GC()
		}
	}
}

// TestIndexesGoWithTheirPools is what keeps a Selector that outlives many Tasks
// from filling the memory.
func TestIndexesGoWithTheirPools(t *testing.T) {
	var k keeper[[]byte]
	kept := func() int {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.kept)
	}
	use := func(pool []example) {
		if _, err := k.of(t.Context(), pool, func(_ context.Context, b *[]byte) error {
			*b = make([]byte, 1000)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	stays := densePool(rand.New(rand.NewPCG(1, 1)), 10)
	use(stays)
	for i := range 50 {
		use(densePool(rand.New(rand.NewPCG(uint64(i), 1)), 10))
	}
	// A cleanup runs some time after a collection; 1,000 of them are many.
	for range 1000 {
		runtime.GC()
		if kept() == 1 {
			break
		}
		runtime.Gosched()
	}
	if n := kept(); n != 1 {
		t.Errorf("%d of 51 indexes are kept, where one pool is left", n)
	}
	k.mu.Lock()
	for id := range k.kept {
		if id.first.Value() != &stays[0] {
			t.Error("the one that is kept is another's")
		}
	}
	k.mu.Unlock()
	runtime.KeepAlive(stays)
}

// TestOneBuilds lets many ask at once while the first is slow, fails, or leaves.
func TestOneBuilds(t *testing.T) {
	pool := []example{{In: "a"}}
	t.Run("all get what one makes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var k keeper[int]
			made := 0
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					v, err := k.of(t.Context(), pool, func(context.Context, *int) error {
						time.Sleep(time.Second)
						made++
						return nil
					})
					if err != nil || v == nil {
						t.Errorf("%v, %v", v, err)
					}
				})
			}
			wg.Wait()
			if made != 1 {
				t.Errorf("made %d times", made)
			}
		})
	})
	t.Run("waiting ends with the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var k keeper[int]
			go k.of(t.Context(), pool, func(context.Context, *int) error {
				time.Sleep(time.Hour)
				return nil
			})
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			if _, err := k.of(ctx, pool, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			time.Sleep(2 * time.Hour)
		})
	})
	t.Run("the next goes on where one failed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var k keeper[int]
			var failed atomic.Int32
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					v, err := k.of(t.Context(), pool, func(_ context.Context, v *int) error {
						time.Sleep(time.Second)
						if *v++; *v < 4 {
							return errors.ErrUnsupported
						}
						return nil
					})
					switch {
					case err != nil:
						failed.Add(1)
					case *v != 4:
						t.Errorf("got %d", *v)
					}
				})
			}
			wg.Wait()
			if n := failed.Load(); n != 3 {
				t.Errorf("%d failed, want 3", n)
			}
		})
	})
}

// TestConcurrentUse has every Selector asked by many goroutines from its first
// query on; the race detector watches, and the answers are those of one.
func TestConcurrentUse(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	e, pool := compass(200)
	for i := range pool {
		pool[i].Out = string("xyz"[i%3])
	}
	var queries []string
	for range 20 {
		queries = append(queries, pool[rng.IntN(len(pool))].In)
	}
	makers := map[string]func() fewshot.Selector{
		"BM25":     func() fewshot.Selector { return BM25(5) },
		"Nearest":  func() fewshot.Selector { return Nearest(5, e) },
		"Diverse":  func() fewshot.Selector { return Diverse(5, 0.5, &Vectors{Embedder: e, Batch: 7}) },
		"Words":    func() fewshot.Selector { return Diverse(5, 0.5, &Words{}) },
		"Balanced": func() fewshot.Selector { return Balanced(Nearest(2, e)) },
		"Fixed":    func() fewshot.Selector { return fewshot.Fixed(2, Balanced(BM25(2))) },
	}
	for name, make := range makers {
		alone, shared := make(), make()
		want := map[string][]int{}
		for _, q := range queries {
			order, err := alone(t.Context(), q, pool)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want[q] = order
		}
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range queries {
					q := queries[(i+g)%len(queries)]
					got, err := shared(t.Context(), q, pool)
					if err != nil || !slices.Equal(got, want[q]) {
						t.Errorf("%s: %q: %v, want %v, %v", name, q, got, want[q], err)
					}
				}
			})
		}
		wg.Wait()
	}
}
