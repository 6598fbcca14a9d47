package assistant_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/assistant"
)

// childVariable names the transcript file that this program, run by a test as a
// child of itself, is to write to.
const childVariable = "FOREWORD_TEST_TRANSCRIPT"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// killTurn is the i-th turn that the child writes, of very different lengths.
func killTurn(i int) assistant.Turn {
	return assistant.Turn{User: fmt.Sprint("question ", i), Reply: strings.Repeat("하늘 ", i*i*37%4000) + fmt.Sprint(i), Seed: uint64(i)}
}

// writeForever appends turns, and says after each that it has been saved.
func writeForever(path string) {
	log, err := assistant.OpenLog(path)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	turns := log.Transcript()
	fmt.Println("open", len(turns))
	for {
		turns = append(turns, killTurn(len(turns)))
		if err := log.Save(turns); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("saved", len(turns))
	}
}

// start runs this program as a child that writes to path.
func start(t *testing.T, path string) (child *exec.Cmd, said *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child = exec.Command(self)
	child.Env = append(os.Environ(), childVariable+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child, bufio.NewScanner(out)
}

// TestKills kills a program that appends turns, 500 times and at any moment:
// each time the transcript reads back, every turn that was reported as saved is
// in it, and at most the one in flight beside them.
func TestKills(t *testing.T) {
	kills := 500
	if testing.Short() {
		kills = 20
	}
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	inFlight, partial, total := 0, 0, 0
	for i := range kills {
		if i%25 == 0 {
			os.Remove(path) // so that the header is cut off too, and files stay short
		}
		child, said := start(t, path)
		// Some die before they have opened the file, most while they write.
		delay := time.Duration(rand.Int64N(int64(12 * time.Millisecond)))
		timer := time.AfterFunc(delay, func() { child.Process.Kill() })
		saved := 0
		for said.Scan() {
			what, n, _ := strings.Cut(said.Text(), " ")
			if what == "error" {
				t.Fatalf("kill %d: %s", i, said.Text())
			}
			saved, _ = strconv.Atoi(n)
		}
		timer.Stop()
		child.Process.Kill()
		child.Wait()

		if file, err := os.ReadFile(path); err == nil && len(file) > 0 && file[len(file)-1] != '\n' {
			partial++
		}
		log, err := assistant.OpenLog(path)
		if err != nil {
			t.Fatalf("kill %d after %v: %v", i, delay, err)
		}
		turns := log.Transcript()
		log.Close()
		if len(turns) < saved || saved > 0 && len(turns) > saved+1 {
			t.Fatalf("kill %d after %v: %d turns were saved and %d are there", i, delay, saved, len(turns))
		}
		if len(turns) > saved {
			inFlight++
		}
		for j, turn := range turns {
			if turn != killTurn(j) {
				t.Fatalf("kill %d: turn %d is %.60q", i, j, turn.Reply)
			}
		}
		total = max(total, len(turns))
	}
	t.Logf("%d kills: %d with a turn in the file that had not been reported yet, %d in the middle of a line; %d turns in the longest file", kills, inFlight, partial, total)
}

// A second process is refused, and the first is not disturbed.
func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	if _, err := assistant.OpenLog(path); !errors.Is(err, assistant.ErrInUse) {
		t.Errorf("a second Log in one process: %v", err)
	}
	child, said := start(t, path)
	said.Scan()
	if !strings.Contains(said.Text(), "error assistant: "+path+": the transcript is in use") {
		t.Errorf("the second process says %q", said.Text())
	}
	child.Process.Kill()
	child.Wait()
	if err := log.Save(assistant.Transcript{{User: "a", Reply: "b"}}); err != nil {
		t.Error(err)
	}
	log.Close()

	child, said = start(t, path)
	if said.Scan(); said.Text() != "open 1" {
		t.Errorf("the file was given free, and a process says %q", said.Text())
	}
	if _, err := assistant.OpenLog(path); !errors.Is(err, assistant.ErrInUse) {
		t.Errorf("a file that another process writes: %v", err)
	}
	child.Process.Kill()
	io.Copy(io.Discard, strings.NewReader(said.Text()))
	child.Wait()
	openLog(t, path).Close()
}
