package internal_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/internal/parallel"
)

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestParallel has calls that take different times. As many run at once as may.
func TestParallel(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 100} {
		for _, ordered := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				var running, most atomic.Int64
				var got []int
				for r := range parallel.Do(t.Context(), upTo(50), limit, ordered, func(_ context.Context, i int) int {
					now := running.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					time.Sleep(rand.N(time.Second))
					running.Add(-1)
					return i * i
				}) {
					got = append(got, r)
				}
				want := make([]int, 50)
				for i := range want {
					want[i] = i * i
				}
				if !ordered {
					slices.Sort(got)
				}
				if !slices.Equal(got, want) {
					t.Errorf("limit %d, ordered %v: %v", limit, ordered, got)
				}
				if n := most.Load(); n != int64(min(limit, 50)) {
					t.Errorf("limit %d: %d ran at once", limit, n)
				}
			})
		}
	}
}

// TestParallelLeaving leaves the loop while calls wait for their context. synctest
// fails if a goroutine is left.
func TestParallelLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range parallel.Do(t.Context(), upTo(1000), 8, false, func(ctx context.Context, i int) int {
			if i > 0 {
				<-ctx.Done()
			}
			return i
		}) {
			break
		}
	})
}

func TestParallelPanic(t *testing.T) {
	boom := errors.New("boom")
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			p, ok := recover().(*parallel.Panic)
			if !ok || p.Value != boom || !errors.Is(p, boom) || !strings.Contains(p.Error(), "parallel_test.go") {
				t.Errorf("recovered %v", p)
			}
		}()
		for range parallel.Do(t.Context(), upTo(100), 4, true, func(ctx context.Context, i int) int {
			if i == 9 {
				panic(boom)
			}
			return i
		}) {
		}
		t.Error("the panic was lost")
	})
}
