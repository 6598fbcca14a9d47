package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// A runner runs benchmarks by turns.
type runner struct {
	repetitions int
	quick       bool // small and once: the figures mean nothing
	log         io.Writer
	begun       time.Time
}

func newRunner(repetitions int, benchTime time.Duration, quick bool, log io.Writer) *runner {
	if quick {
		repetitions, benchTime = 1, time.Microsecond
	}
	if err := flag.Set("test.benchtime", benchTime.String()); err != nil {
		panic(err) // testing.Init registers it
	}
	return &runner{repetitions, quick, log, time.Now()}
}

// say tells whoever waits how far it is.
func (r *runner) say(format string, args ...any) {
	fmt.Fprintf(r.log, "%4.0f s  %s\n", time.Since(r.begun).Seconds(), fmt.Sprintf(format, args...))
}

// A benchmark is one side of a comparison.
type benchmark struct {
	name string

	// run does the work b.Loop says. What it returns fails the whole run, since
	// a comparison without one side is none.
	run func(b *testing.B) error
}

// A result is what the repetitions of one benchmark gave, in their order.
type result struct {
	name   string
	time   []float64 // ns for an operation
	bytes  []float64 // allocated by an operation
	allocs []float64
	extra  map[string][]float64 // what was reported by b.ReportMetric
}

// measure runs each benchmark once, then each once more, and so on: whatever
// else the machine does, and however warm it is, befalls all of them alike.
func (r *runner) measure(what string, benchmarks ...benchmark) ([]*result, error) {
	results := make([]*result, len(benchmarks))
	for i, bm := range benchmarks {
		results[i] = &result{name: bm.name, extra: map[string][]float64{}}
	}
	r.say("%s", what)
	for range r.repetitions {
		for i, bm := range benchmarks {
			var failed error
			got := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				failed = bm.run(b)
			})
			if failed == nil && got.N == 0 {
				failed = fmt.Errorf("the benchmark stopped early")
			}
			if failed != nil {
				return nil, fmt.Errorf("%s, %s: %w", what, bm.name, failed)
			}
			results[i].time = append(results[i].time, float64(got.T)/float64(got.N))
			// Whole numbers, as go test gives them: the rest is the runtime's own.
			results[i].bytes = append(results[i].bytes, float64(got.AllocedBytesPerOp()))
			results[i].allocs = append(results[i].allocs, float64(got.AllocsPerOp()))
			for unit, value := range got.Extra {
				results[i].extra[unit] = append(results[i].extra[unit], value)
			}
		}
	}
	return results, nil
}

// loop is a benchmark of one operation.
func loop(name string, operation func() error) benchmark {
	return benchmark{name, func(b *testing.B) error {
		for b.Loop() {
			if err := operation(); err != nil {
				return err
			}
		}
		return nil
	}}
}

// A builder makes something that is kept, such as an index.
type builder struct {
	name string
	make func() (any, error)
}

// build makes the things by turns, and measures the time that it takes and what
// is on the heap because of them. It returns the last of each kind.
func (r *runner) build(what string, repetitions int, builders ...builder) ([]*built, []any, error) {
	results, values := make([]*built, len(builders)), make([]any, len(builders))
	for i := range builders {
		results[i] = &built{}
	}
	r.say("%s", what)
	for range repetitions {
		for i, b := range builders {
			if old, ok := values[i].(io.Closer); ok {
				old.Close()
			}
			values[i] = nil
			before := heap()
			start := time.Now()
			value, err := b.make()
			if err != nil {
				return nil, nil, fmt.Errorf("%s, %s: %w", what, b.name, err)
			}
			results[i].time = append(results[i].time, float64(time.Since(start)))
			results[i].kept = append(results[i].kept, float64(heap()-before))
			values[i] = value
		}
	}
	return results, values, nil
}

// A built is the time and the bytes of each repetition of a builder.
type built struct{ time, kept []float64 }

// heap returns how many bytes are in use. Two collections are needed for what
// has finalizers or lies in a sync.Pool.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
