package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A cost is the cost of some calls. The server counts the tokens.
type cost struct {
	Attempt  int // part of the cache's namespace, so that a new attempt asks the server again
	Done     bool
	Requests int64
	Read     int64 // prompt tokens outside the prefix cache
	Cached   int64 // prompt tokens in the prefix cache
	Drawn    int64
	Seconds  float64
}

// share is the part of the prompt tokens that was in the prefix cache.
func (c *cost) share() float64 { return float64(c.Cached) / float64(max(1, c.Read+c.Cached)) }

// measured runs f and returns its cost. The exchanges of other parts do not answer
// the calls. In a replay it returns the recorded cost.
func (r *run) measured(ctx context.Context, name string, f func(sampling.Model) error) (*cost, error) {
	c := r.Costs[name]
	if c == nil {
		c = &cost{}
		r.Costs[name] = c
	}
	replayed := c.Done
	if !replayed {
		if r.backend == nil {
			return nil, fmt.Errorf("the cost of %s was not recorded", name)
		}
		c.Attempt++
		if err := r.save(r.path); err != nil {
			return nil, err
		}
	}
	model := r.cached(fmt.Sprintf("%s, %s, attempt %d", r.namespace(), name, c.Attempt))
	if replayed {
		return c, f(model)
	}
	before, err := r.traffic.counters(ctx)
	if err != nil {
		return nil, err
	}
	requests, began := r.traffic.requests.Load(), time.Now()
	if err := f(model); err != nil {
		return nil, err
	}
	c.Seconds, c.Requests = time.Since(began).Seconds(), r.traffic.requests.Load()-requests
	after, err := r.traffic.counters(ctx)
	if err != nil {
		return nil, err
	}
	c.Read, c.Cached, c.Drawn, c.Done = after.read-before.read, after.cached-before.cached, after.drawn-before.drawn, true
	return c, r.save(r.path)
}

// traffic counts the requests to a server.
type traffic struct {
	base     string
	requests atomic.Int64
}

func (t *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	t.requests.Add(1)
	return http.DefaultTransport.RoundTrip(req)
}

type counters struct{ read, cached, drawn int64 }

// counters reads the server's metrics. llama.cpp has them with --metrics.
func (t *traffic) counters(ctx context.Context) (c counters, err error) {
	address := strings.TrimSuffix(strings.TrimSuffix(t.base, "/"), "/v1") + "/metrics"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return c, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c, fmt.Errorf("%s: %s; start llama.cpp's server with --metrics", address, resp.Status)
	}
	all := int64(0)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		name, _, _ = strings.Cut(name, "{")
		number, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "llamacpp:prompt_tokens_total":
			c.read += int64(number)
		case "llamacpp:prompt_tokens_cached_total", "vllm:prefix_cache_hits_total":
			c.cached += int64(number)
		case "llamacpp:tokens_predicted_total", "vllm:generation_tokens_total":
			c.drawn += int64(number)
		case "vllm:prompt_tokens_total":
			all += int64(number)
		}
	}
	if all > 0 {
		c.read = all - c.cached
	}
	return c, lines.Err()
}
