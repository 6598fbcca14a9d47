package assistant_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// killStep returns the transcript after one more step of the child, the k-th in
// all: a turn more, of very different lengths; now and then another reply to the
// last one; and now and then an edit of one in the middle, which takes several
// lines. The turn that a step touches has its number as its seed.
func killStep(turns assistant.Transcript, k int) assistant.Transcript {
	long := k * k * 37 % 4000
	if k%12 == 11 {
		long = 60_000 // nearly half a megabyte, which a system may write in several goes
	}
	turn := assistant.Turn{User: fmt.Sprint("question ", k), Reply: strings.Repeat("하늘 ", long) + fmt.Sprint(k), Seed: uint64(k)}
	turns = slices.Clone(turns)
	switch n := len(turns); {
	case k%5 == 4 && n >= 1:
		turns[n-1] = turn
	case k%7 == 6 && n >= 3:
		turns[n-3] = turn
	default:
		turns = append(turns, turn)
	}
	return turns
}

// killSteps is how many steps lead to a transcript.
func killSteps(turns assistant.Transcript) (k int) {
	for i := range turns {
		k = max(k, int(turns[i].Seed))
	}
	return k
}

// writeForever goes on step by step, and says after each that it has been saved.
func writeForever(path string) {
	file, turns, err := assistant.OpenFile(path)
	if errors.Is(err, assistant.ErrInUse) {
		fmt.Println("error: in use", path)
		os.Exit(1)
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	k := killSteps(turns)
	fmt.Println("open", k)
	for {
		k++
		turns = killStep(turns, k)
		if err := file.Save(turns); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("saved", k)
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

var killsFlag = flag.Int("kills", 10, "how many programs TestKills kills")

// TestKills kills a program while it saves turns, at any moment. Each time the
// transcript reads back as it was after the last step that was reported as saved, or
// after the one in flight. To kill more of them:
//
//	go test ./assistant -run TestKills -v -kills 500
func TestKills(t *testing.T) {
	kills := *killsFlag
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	var (
		turns                   assistant.Transcript // what the file should say
		k                       int                  // the steps that led to it
		early, inFlight, midway int
		steps                   int
	)
	for i := range kills {
		if i%10 == 0 {
			os.Remove(path) // so that the header is cut off too, and files stay short
			turns, k = nil, 0
		}
		child, said := start(t, path)
		moment := time.Duration(rand.Int64N(int64(8 * time.Millisecond)))
		kill := func() *time.Timer { return time.AfterFunc(moment, func() { child.Process.Kill() }) }
		var timer *time.Timer
		if i%10 == 0 {
			timer = kill() // perhaps before it has opened the file
		}
		opened := false
		for said.Scan() {
			what, n, _ := strings.Cut(said.Text(), " ")
			reported, err := strconv.Atoi(n)
			if what == "error" || err != nil {
				t.Fatalf("kill %d: %s", i, said.Text())
			}
			if what == "open" && reported != k {
				t.Fatalf("kill %d: opened after %d steps; there were %d", i, reported, k)
			}
			for ; k < reported; k++ {
				turns = killStep(turns, k+1)
				steps++
			}
			if opened = true; timer == nil {
				timer = kill()
			}
		}
		timer.Stop()
		child.Process.Kill()
		child.Wait()

		if !opened {
			early++
		}
		if bytes, err := os.ReadFile(path); err == nil && len(bytes) > 0 && bytes[len(bytes)-1] != '\n' {
			midway++
		}
		file, got, err := assistant.OpenFile(path)
		if err != nil {
			t.Fatalf("kill %d after %v: %v", i, moment, err)
		}
		file.Close()
		if next := killStep(turns, k+1); opened && slices.Equal(got, next) {
			turns = next
			k++
			inFlight++
		} else if !slices.Equal(got, turns) {
			t.Fatalf("kill %d after %v: after %d steps there should be %d turns; there are %d, of %d steps", i, moment, k, len(turns), len(got), killSteps(got))
		}
	}
	t.Logf("%d kills, %d of them before the file was open, in %d steps that were saved: the step in flight was whole in the file %d times, and %d times in the middle of a line", kills, early, steps, inFlight, midway)
	if early > kills/5 {
		t.Errorf("%d of %d kills came before anything was saved", early, kills)
	}
}

// A second process is refused, and the first is not disturbed.
func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	if _, _, err := assistant.OpenFile(path); !errors.Is(err, assistant.ErrInUse) {
		t.Errorf("a second File in one process: %v", err)
	}
	child, said := start(t, path)
	said.Scan()
	if said.Text() != "error: in use "+path {
		t.Errorf("the second process says %q", said.Text())
	}
	child.Process.Kill()
	child.Wait()
	if err := file.Save(killStep(nil, 1)); err != nil {
		t.Error(err)
	}
	file.Close()

	child, said = start(t, path)
	if said.Scan(); said.Text() != "open 1" {
		t.Errorf("the file was given free, and a process says %q", said.Text())
	}
	if _, _, err := assistant.OpenFile(path); !errors.Is(err, assistant.ErrInUse) {
		t.Errorf("a file that another process writes: %v", err)
	}
	child.Process.Kill()
	io.Copy(io.Discard, strings.NewReader(said.Text()))
	child.Wait()
	openFile(t, path).Close()
}
