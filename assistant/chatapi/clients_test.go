package chatapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/assistant/chatapi"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// npm returns the path of node and the node_modules with all the packages, or
// skips the test.
func npm(t *testing.T, packages ...string) (node, modules string) {
	t.Helper()
	modules = os.Getenv("FOREWORD_NPM")
	if modules == "" {
		t.Skip("set FOREWORD_NPM to the node_modules in which npm has installed " + strings.Join(packages, ", "))
	}
	for _, p := range packages {
		if _, err := os.Stat(filepath.Join(modules, p, "package.json")); err != nil {
			t.Skipf("npm has not installed %s in %s", p, modules)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("FOREWORD_NPM is set, but node is not installed")
	}
	return node, modules
}

// TestClients runs programs of several clients at their defaults, on all
// endpoints, against pocket. Each prints a table of what was answered.
func TestClients(t *testing.T) {
	t.Parallel()
	s := serve(t, chatapi.Config{Model: sampling.Model{Backend: pocket.Default()}, Persona: assistant.Helpful(), AnyModel: true})
	t.Run("npm", func(t *testing.T) {
		node, modules := npm(t, "openai", "ai", "@ai-sdk/openai", "@langchain/openai")
		cmd := exec.CommandContext(t.Context(), node, "testdata/clients.mjs", s.URL)
		cmd.Env = append(os.Environ(), "FOREWORD_NPM="+modules)
		answered(t, cmd)
	})
	t.Run("openai-go", func(t *testing.T) {
		if os.Getenv("FOREWORD_LONG") == "" {
			t.Skip("a new machine compiles the client for a minute; set FOREWORD_LONG=1")
		}
		cmd := exec.CommandContext(t.Context(), "go", "run", ".", s.URL)
		cmd.Dir = "testdata/openaigo"
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=readonly")
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
		list.Dir, list.Env = cmd.Dir, cmd.Env
		if out, err := list.CombinedOutput(); err != nil {
			t.Skipf("run go mod download in %s first: %s", cmd.Dir, out)
		}
		answered(t, cmd)
	})
}

// answered runs a program that ends with "ok".
func answered(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	table, ok := strings.CutSuffix(string(out), "ok\n")
	if err != nil || !ok {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d rows\n%s", strings.Count(table, "\n"), table)
}
