package clitest

import (
	"os"
	"os/exec"
	"testing"
)

// asProgram is the variable that makes a test binary run its program.
const asProgram = "FOREWORD_TEST_AS_PROGRAM"

// Main is the TestMain of tests that run their program as a process, to send it
// signals or to put it in a terminal. main is the program's.
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// Command returns the program as a process that is not started.
func Command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
