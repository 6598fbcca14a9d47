package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// A terminal is what a person sees and types at.
type terminal struct {
	*testing.T
	keys   *os.File
	screen chan string // what the program writes, as it comes
	seen   string      // what has come since the last look
	cmd    *exec.Cmd
}

// inATerminal starts the program in a pseudoterminal, which turns Ctrl-C into an
// interrupt as any terminal does.
func inATerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this system has no pseudoterminals: ", err)
	}
	t.Cleanup(func() { keys.Close() })
	number, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	cmd := clitest.Command(t, args...)
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	screen := make(chan string)
	go func() {
		defer close(screen)
		piece := make([]byte, 4096)
		for {
			n, err := keys.Read(piece)
			if err != nil {
				return // the program has ended
			}
			screen <- string(piece[:n])
		}
	}()
	return &terminal{T: t, keys: keys, screen: screen, cmd: cmd}
}

// types types, waits until the screen says what it should, and returns all that
// has come until then.
func (t *terminal) types(keys, until string) string {
	t.Helper()
	if _, err := io.WriteString(t.keys, keys); err != nil {
		t.Fatal(err)
	}
	late := time.After(time.Minute)
	for !strings.Contains(t.seen, until) {
		select {
		case piece, ok := <-t.screen:
			if !ok {
				t.Fatalf("after %q the program has ended, without %q: %q", keys, until, t.seen)
			}
			t.seen += piece
		case <-late:
			t.Fatalf("after %q no %q on the screen: %q", keys, until, t.seen)
		}
	}
	before, after, _ := strings.Cut(t.seen, until)
	t.seen = after
	return before + until
}

// TestInATerminal is somebody at a keyboard: an answer that comes word by word,
// Ctrl-C in the middle of it and at the prompt, questions that the arrow keys
// bring back, commands and colours.
func TestInATerminal(t *testing.T) {
	const enter, up, ctrlC, green = "\r", "\x1b[A", "\x03", "\x1b[32m"
	question := regexp.MustCompile(`Human: (.*)\n\nAssistant:$`)
	stopped := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Prompt string
			Seed   uint64
		}
		if r.Method == http.MethodGet {
			http.NotFound(w, r) // it does not tell its models
			return
		}
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(text, reason string) {
			quoted, _ := json.Marshal(text)
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"text\":%s,\"finish_reason\":%s}]}\n\n", quoted, reason)
			w.(http.Flusher).Flush()
		}
		said := question.FindStringSubmatch(asked.Prompt)
		if said == nil {
			t.Errorf("the prompt ends %q", asked.Prompt[max(0, len(asked.Prompt)-100):])
			return
		}
		if said[1] == "Go on for ever!" {
			say(" On and", "null")
			<-r.Context().Done()
			stopped <- struct{}{}
			return
		}
		say(" You\x1b[2J said", "null") // and would clear the screen
		say(fmt.Sprintf(" %s, with seed %d.\n\nHuman:", said[1], asked.Seed), `"length"`)
		io.WriteString(w, "data: [DONE]\n\n")
	}))
	defer server.Close()
	term := inATerminal(t, "-backend", "openai", "-url", server.URL+"/v1", "-model", "base")

	term.types("", "> ")
	term.types("Go on for ever!"+enter, green+"On and")
	term.types(ctrlC, "(stopped)")
	<-stopped
	term.types("", "> ")
	term.types("/undo"+enter, `(took back "Go on for ever!")`)
	term.types("", "> ")
	got := term.types("Red"+enter, "with seed 1.")
	if !strings.Contains(got, green+"You\ufffd[2J said") {
		t.Errorf("after an answer that was stopped: %q", got)
	}
	term.types("", "> ")
	term.types(up+" wine"+enter, green+" Red wine, with seed 1.")
	term.types("", "> ")
	term.types(up+up+up+up+enter, green+"On and") // the first question again
	term.types(ctrlC, "(stopped)")
	<-stopped
	term.types("", "> ")
	term.types("/show"+enter, "Assistant: ")
	term.types("", green+"On and") // what there was of the answer is kept
	term.types("/undo"+enter, `(took back "Go on for ever!")`)
	term.types("", "> ")
	term.types("never said", "never said") // the editor has the keys now
	term.types(ctrlC, "> ")                // which clears the line
	term.types("/regenerate"+enter, green+" Red wine, with seed 2.")
	term.types("/undo"+enter, `(took back "Red wine")`)
	term.types("/branch"+enter, "(branch 2 of 2, after 1 turns)")
	term.types("/tokens"+enter, "1 turns shown")
	term.types("/show"+enter, "\x1b[33mBelow are conversations")
	term.types("", "\x1b[34mRed")
	term.types("", green+"You\ufffd[2J said Red, with seed 1.")
	term.types("/quit"+enter, "/quit")
	for range term.screen { // to its end
	}
	if err := term.cmd.Wait(); err != nil {
		t.Error(err)
	}
}
