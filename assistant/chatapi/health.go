package chatapi

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// downTime is how long a failure of the backend counts. After it the server is healthy
// again until the next failure: a load balancer that sends no requests to an unhealthy
// server could not notice otherwise that the backend is back.
const downTime = 15 * time.Second

// A health is what the last request saw of the backend. It costs the backend nothing.
type health struct {
	failed atomic.Pointer[time.Time] // when the backend failed; nil after a reply
}

// note records the outcome of a request that reached the backend. Mistakes of the
// client and a backend that is merely busy or slow say nothing about its health.
func (x *exchange) note(f *fault) {
	answered := slices.ContainsFunc(x.replies, func(a *reply) bool { return a.answered })
	switch {
	case f == nil:
		x.h.health.failed.Store(nil)
	case f.code == "unavailable", f.code == "bad_gateway", f.code == "timeout" && !answered:
		now := time.Now()
		x.h.health.failed.Store(&now)
	}
}

func (x *exchange) health() *fault {
	status, text := http.StatusOK, "ok"
	if at := x.h.health.failed.Load(); at != nil && time.Since(*at) < downTime {
		status, text = http.StatusServiceUnavailable, "unavailable"
	}
	x.json(status, object{"status": text})
	return nil
}
