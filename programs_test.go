package foreword_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A result is what a program printed and how it ended.
type result struct {
	stdout, stderr string
	status         int
}

// programs builds the examples and returns their folder. go build links only programs
// that have changed, so the folder is kept, where this module may be written.
var programs = sync.OnceValues(func() (dir string, err error) {
	dir, err = filepath.Abs(".cache/examples")
	if err == nil && os.MkdirAll(dir, 0o777) != nil {
		dir, err = os.MkdirTemp("", "examples")
	}
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./examples/...").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return dir, nil
})

// results keeps how each command ended. Documents and the tour show the same commands.
var results = map[string]result{}

// run runs a command line that begins with the name of an example. The environment
// is empty, so no key of the user is sent anywhere.
func run(t *testing.T, command string) result {
	t.Helper()
	if r, ok := results[command]; ok {
		return r
	}
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	words := splitWords(command)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, words[0]), words[1:]...)
	cmd.Env = []string{}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", command, err)
	}
	results[command] = result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	return results[command]
}

// runWell runs a command that must print nothing on standard error.
func runWell(t *testing.T, command string) (stdout string) {
	t.Helper()
	r := run(t, command)
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("%s: %+v", command, r)
	}
	return r.stdout
}

// printed returns the lines that a go run command prints.
func printed(t *testing.T, command string) []string {
	t.Helper()
	program, ok := strings.CutPrefix(command, "go run ./examples/")
	if !ok {
		t.Fatalf("%q does not run an example", command)
	}
	return strings.Split(strings.TrimRight(runWell(t, program), "\n"), "\n")
}

// splitWords splits a command as a shell does, with double quotes.
func splitWords(command string) (words []string) {
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
