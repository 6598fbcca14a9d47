package llamacpp_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

var (
	crowd   = flag.Duration("crowd", 2*time.Second, "how long TestCrowd runs")
	damaged = flag.Int("damaged", 10, "how many damaged files TestDamaged opens")
)

// TestCrowd has 24 goroutines that sample, score and draw, and leave at any time.
// With exact weights, greedy answers do not depend on who else is there.
func TestCrowd(t *testing.T) {
	m := open(t, llamacpp.Config{Window: 256, Parallel: 8, Cells: 1024})
	prompts := []string{"Once upon a time", "Once upon a time, there was a little girl", "The dog and the cat", "One day"}
	want := make([]string, len(prompts))
	text := func(ctx context.Context, prompt string) (string, error) {
		var b strings.Builder
		for chunk, err := range m.Sample(ctx, &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 20}}) {
			if err != nil {
				return "", err
			}
			b.WriteString(chunk.Text)
		}
		return b.String(), nil
	}
	for i, prompt := range prompts {
		var err error
		if want[i], err = text(t.Context(), prompt); err != nil {
			t.Fatal(err)
		}
	}
	var whole, left, different atomic.Int64
	end := time.Now().Add(*crowd)
	early := time.AfterFunc(*crowd/4, func() { t.Logf("%d MB after a quarter", resident()) })
	defer early.Stop()
	var all sync.WaitGroup
	for g := range 24 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for time.Now().Before(end) {
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					time.AfterFunc(time.Duration(random.IntN(30))*time.Millisecond, cancel)
				}
				i := random.IntN(len(prompts))
				var err error
				switch random.IntN(8) {
				case 0:
					_, err = m.Score(ctx, &sampling.Request{Prompt: prompts[i]}, []string{" a", " dog", " there was"})
				case 1:
					_, err = m.Draw(ctx, &sampling.Request{Prompt: prompts[i], Params: sampling.Params{Temperature: 1, Seed: 1, MaxTokens: 8}}, 3)
				case 2:
					for range m.Sample(ctx, &sampling.Request{Prompt: prompts[i]}) {
						if random.IntN(4) == 0 {
							break
						}
					}
				default:
					var got string
					if got, err = text(ctx, prompts[i]); err == nil && got != want[i] {
						different.Add(1)
						if exact() {
							t.Errorf("%q: %q, and alone %q", prompts[i], got, want[i])
						}
					}
				}
				cancel()
				if err == nil {
					whole.Add(1)
				} else if left.Add(1); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d calls whole, %d left, %d answers differ; %d MB at the end", whole.Load(), left.Load(), different.Load(), resident())
}

// resident returns how much memory the process has, in megabytes.
func resident() int {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages := 0
	for _, c := range strings.Fields(string(data))[1] {
		pages = 10*pages + int(c-'0')
	}
	return pages * os.Getpagesize() >> 20
}
