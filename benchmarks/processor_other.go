//go:build !unix

package main

import "time"

// processorTime is unknown here, and the page then shows no sensible figure for it.
func processorTime() time.Duration { return 0 }
