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

// idleConnections is how many open connections of net/http may be kept for the next
// request. Samples one after another need one.
const idleConnections = 2

// watchLabel is a profiler label, which goroutines inherit. It tells those of one
// check from those of others.
const watchLabel = "samplingtest"

var watches atomic.Int64

// leftovers calls f and waits until the goroutines that it started have ended, for at
// most the given time. It returns the stacks of those that have not.
func leftovers(most time.Duration, f func()) (left string) {
	id := fmt.Sprintf("watch-%d", watches.Add(1))
	pprof.Do(context.Background(), pprof.Labels(watchLabel, id), func(context.Context) { f() })
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if left = running(id); left == "" || most <= 0 {
			return left
		}
		time.Sleep(pause)
		most -= pause
	}
}

// running returns the stacks of the goroutines with a label.
func running(id string) string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return err.Error()
	}
	var stacks []string
	connections := 0
	_, blocks, _ := strings.Cut(all.String(), "\n") // after the title
	for block := range strings.SplitSeq(blocks, "\n\n") {
		if !strings.Contains(block, fmt.Sprintf("%q:%q", watchLabel, id)) || strings.Contains(block, "net/http.(*persistConn).writeLoop") {
			continue // each writeLoop has a readLoop too
		}
		if strings.Contains(block, ").readLoop") && strings.Contains(block, "http") {
			var n int
			fmt.Sscanf(block, "%d @", &n)
			if connections += n; connections <= idleConnections {
				continue
			}
		}
		stacks = append(stacks, block)
	}
	return strings.Join(stacks, "\n\n")
}
