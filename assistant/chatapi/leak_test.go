package chatapi_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a goroutine of the package is left at the end, after all
// the clients that went away and the backends that panicked.
func TestMain(m *testing.M) {
	status := m.Run()
	for deadline := time.Now().Add(20 * time.Second); status == 0; time.Sleep(10 * time.Millisecond) {
		left := leftovers()
		if left == "" {
			break
		}
		if time.Now().After(deadline) {
			fmt.Printf("goroutines are left:\n%s\n", left)
			status = 1
		}
	}
	os.Exit(status)
}

// leftovers returns the stacks of the goroutines that are in the package, its
// tests aside.
func leftovers() string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "assistant/chatapi.") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}
