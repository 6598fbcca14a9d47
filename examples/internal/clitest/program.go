package clitest

import (
	"os"
	"os/exec"
	"testing"
)

// asProgram makes a test binary the program that it tests.
const asProgram = "FOREWORD_TEST_AS_PROGRAM"

// Main is the TestMain of a program that tests run as a process of its own, to
// send signals to it or to put it in a terminal: main is the program's.
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// Command returns the program as a process that has not begun.
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
