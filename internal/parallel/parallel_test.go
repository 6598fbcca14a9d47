package parallel_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
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

func TestDo(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 100} {
		for _, ordered := range []bool{true, false} {
			var running, most atomic.Int64
			var got []int
			for r := range parallel.Do(t.Context(), upTo(50), limit, ordered, func(_ context.Context, i int) int {
				now := running.Add(1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				time.Sleep(rand.N(200 * time.Microsecond))
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
			if most.Load() > int64(limit) {
				t.Errorf("limit %d: %d ran at once", limit, most.Load())
			}
		}
	}
}

// TestLeaving leaves the loop while calls wait for their context, and sees that
// none is left.
func TestLeaving(t *testing.T) {
	before := runtime.NumGoroutine()
	for range parallel.Do(t.Context(), upTo(1000), 8, false, func(ctx context.Context, i int) int {
		if i > 0 {
			<-ctx.Done()
		}
		return i
	}) {
		break
	}
	noneLeft(t, before)
}

func TestPanic(t *testing.T) {
	boom := errors.New("boom")
	before := runtime.NumGoroutine()
	func() {
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
	}()
	noneLeft(t, before)
}

// noneLeft gives goroutines that have sent their result a moment to end.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}
