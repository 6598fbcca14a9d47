package samplingtest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// A watch finds the goroutines that a function started and that still run. It uses
// profiler labels, which goroutines inherit, to ignore those of other tests.
type watch struct{ id string }

const watchLabel = "samplingtest"

var watches atomic.Int64

func newWatch() watch { return watch{fmt.Sprintf("watch-%d", watches.Add(1))} }

// do calls f under the watch.
func (w watch) do(f func()) {
	pprof.Do(context.Background(), pprof.Labels(watchLabel, w.id), func(context.Context) { f() })
}

// idleConnections is how many open connections of net/http may be kept for the next
// request. Samples one after another need one.
const idleConnections = 2

// wait waits until the goroutines have ended, for at most the given time, and returns
// the stacks of those that have not.
func (w watch) wait(most time.Duration) (left string) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if left = w.left(); left == "" || most <= 0 {
			return left
		}
		time.Sleep(pause)
		most -= pause
	}
}

// left returns the stacks of the goroutines that still run.
func (w watch) left() string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return err.Error()
	}
	var stacks []string
	connections := 0
	for block := range strings.SplitSeq(all.String(), "\n\n") {
		if !strings.Contains(block, fmt.Sprintf("%q:%q", watchLabel, w.id)) {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(strings.TrimLeft(block, "\n"), "%d @", &n); err != nil {
			continue
		}
		switch {
		case strings.Contains(block, "net/http.(*persistConn).writeLoop"):
			continue // each has a readLoop too
		case strings.Contains(block, "net/http.(*persistConn).readLoop"),
			strings.Contains(block, ").readLoop") && strings.Contains(block, "http2"):
			connections += n
			if connections <= idleConnections {
				continue
			}
		}
		stacks = append(stacks, block)
	}
	return strings.Join(stacks, "\n\n")
}
