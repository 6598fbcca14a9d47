package assistant_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func openFile(t *testing.T, path string) *assistant.File {
	t.Helper()
	file, _, err := assistant.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	c, _ := talk(" <one> & \"two\"\nthree", " four", " five", " six")
	c.File = file
	c.Reply(t.Context(), "a\u2028b", assistant.ReplyOptions{})
	c.Reply(t.Context(), "b", assistant.ReplyOptions{})
	c.Transcript[1].Time = time.Time{} // an edit of a turn is saved with what comes next
	for _, err := range c.Regenerate(t.Context(), assistant.ReplyOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Transcript = c.Transcript[:1]
	if err := file.Save(c.Transcript); err != nil {
		t.Fatal(err)
	}
	c.Reply(t.Context(), "c", assistant.ReplyOptions{})
	for i := range c.Transcript {
		c.Transcript[i].Time = time.Date(2025, 3, 4, 12, i, 0, 123456789, time.UTC)
		c.Transcript[i].Seed = uint64(i)
	}
	c.Transcript[1].Cut = true
	if err := file.Save(c.Transcript); err != nil {
		t.Fatal(err)
	}
	before := content(t, path)
	if err := file.Save(c.Transcript); err != nil || content(t, path) != before {
		t.Errorf("saving what is there wrote something, %v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if err := file.Save(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("saved after closing: %v", err)
	}

	again := openFile(t, path)
	if diff := cmp.Diff(c.Transcript, assistant.Saved(again)); diff != "" {
		t.Error(diff)
	}
	read, err := assistant.ReadTranscript(strings.NewReader(before))
	if diff := cmp.Diff(c.Transcript, read); err != nil || diff != "" {
		t.Error(err, diff)
	}
	lines := strings.SplitAfter(before, "\n")
	golden.Check(t, "testdata/transcript.jsonl", lines[0]+lines[len(lines)-2])
	if n := len(lines) - 1; n != 7 {
		t.Errorf("%d lines for a header, 3 replies, a second try, an undo and an edit of two turns:\n%s", n, before)
	}
}

// A file that was cut at any byte gives the turns after the last change that was
// whole: one more turn, an edit of the first two, a turn removed.
func TestFileCutAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	a, b, edited := assistant.Turn{User: "a", Reply: "b\nc"}, assistant.Turn{User: "하늘", Reply: "\\\"{\"}", Seed: 7, Cut: true}, assistant.Turn{User: "a", Reply: "edited"}
	states := []assistant.Transcript{nil, {a}, {a, b}, {edited, a}, {edited}}
	for _, state := range states[1:] {
		if err := file.Save(state); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	whole := content(t, path)
	for n := range len(whole) + 1 {
		for _, zeros := range []int{0, 5} {
			part := whole[:n]
			if n < len(whole) && (n == 0 || whole[n-1] != '\n') {
				part += strings.Repeat("\x00", zeros)
			}
			if err := os.WriteFile(path, []byte(part), 0o600); err != nil {
				t.Fatal(err)
			}
			want := max(0, strings.Count(whole[:n], "\n")-1)
			if zeros == 0 && n < len(whole) && whole[n] == '\n' && strings.Contains(whole[:n], "\n") {
				want++ // whole but for the line break
			}
			if read, err := assistant.ReadTranscript(strings.NewReader(part)); err != nil || cmp.Diff(states[want], read, cmpopts.EquateEmpty()) != "" {
				t.Fatalf("cut to %q: read %v, %v", part, read, err)
			}
			if n%8 > 0 && (n == len(whole) || whole[n] != '\n') { // opening and saving wait for the disk
				continue
			}
			file, turns, err := assistant.OpenFile(path)
			if err != nil {
				t.Fatalf("cut to %q: %v", part, err)
			}
			if diff := cmp.Diff(states[want], turns, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("cut to %q: %s", part, diff)
			}
			more := append(turns, a, b)
			if err := file.Save(more); err != nil {
				t.Fatal(err)
			}
			file.Close()
			if read, err := assistant.ReadTranscript(strings.NewReader(content(t, path))); err != nil || cmp.Diff(more, read) != "" {
				t.Fatalf("cut to %q and saved again: %v, %v", part, read, err)
			}
		}
	}
}

// A damaged line ends what can be read. The turns before it are returned, and the
// file is not touched.
func TestDamagedFiles(t *testing.T) {
	const header = `{"foreword":"transcript","version":2}` + "\n"
	turn := func(n int) string { return fmt.Sprintf(`{"keep":%d,"turns":[{"user":"a","reply":"b"}]}`+"\n", n-1) }
	for _, test := range []struct {
		name, content string
		line, turns   int
	}{
		{"a line missing", header + turn(1) + turn(3), 3, 1},
		{"not from the start", header + turn(2), 2, 0},
		{"a damaged line", header + turn(1) + turn(2) + "{\"keep\":2,\"tur\n" + turn(3), 4, 2},
		{"a damaged last line", header + turn(1) + "{\"keep\":1,\"tur\n", 3, 1},
		{"a flipped bit", header + turn(1) + strings.Replace(turn(2), `"user"`, `"uses"`, 1) + turn(3), 3, 1},
		{"zeros in a line", header + "\x00\x00\x00\n" + turn(1), 2, 0},
		{"an empty line", header + turn(1) + "\n" + turn(2), 3, 1},
		{"two changes in a line", header + strings.TrimSpace(turn(1)) + turn(2), 2, 0},
		{"an unknown field", header + `{"keep":0,"mood":"good"}` + "\n", 2, 0},
		{"an unknown field of a turn", header + `{"keep":0,"turns":[{"user":"a","answer":"b"}]}` + "\n", 2, 0},
		{"nothing in it", header + turn(1) + `{}` + "\n", 3, 1},
		{"a turn without text", header + turn(1) + `{"keep":1,"turns":[{"seed":7}]}` + "\n", 3, 1},
		{"a NUL in a text", header + turn(1) + `{"keep":1,"turns":[{"user":"a\u0000","reply":"b"}]}` + "\n", 3, 1},
		{"a field of another kind", header + `{"keep":"0"}` + "\n", 2, 0},
		{"less than nothing kept", header + turn(1) + `{"keep":-1}` + "\n", 3, 1},
		{"another version", `{"foreword":"transcript","version":1}` + "\n" + turn(1), 1, 0},
		{"another version without a line break", `{"foreword":"transcript","version":10}`, 1, 0},
		{"no header", turn(1), 1, 0},
		{"something else", "Dear diary,\n", 1, 0},
		{"something else on one line", "Dear diary", 1, 0},
		{"JSON of another program", `{"name":"x`, 1, 0},
		{"text after the last line", header + turn(1) + "by hand", 3, 1},
	} {
		path := filepath.Join(t.TempDir(), "talk.jsonl")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, turns, err := assistant.OpenFile(path)
		var bad *assistant.ValueError
		if !errors.As(err, &bad) || bad.Line != test.line || bad.Where != path || !errors.Is(err, sampling.ErrInvalid) || len(turns) != test.turns {
			t.Errorf("%s: %d turns, %v", test.name, len(turns), err)
		}
		if got := content(t, path); got != test.content {
			t.Errorf("%s: the file was changed to %q", test.name, got)
		}
		if file, _, err := assistant.OpenFile(path); err == nil || errors.Is(err, assistant.ErrInUse) {
			t.Errorf("%s: opened again: %v, %v", test.name, file, err)
		}
		// The way out that the error names: another file, or the lines before this one.
		if test.line == 1 {
			if !strings.Contains(err.Error(), "another file") {
				t.Errorf("%s: no way out in %v", test.name, err)
			}
			continue
		}
		before := strings.Join(strings.SplitAfter(test.content, "\n")[:test.line-1], "")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		file, kept, failed := assistant.OpenFile(path)
		if failed != nil || cmp.Diff(turns, kept) != "" || !strings.Contains(err.Error(), "delete it and the lines after it") {
			t.Fatalf("%s: %v; without the line %v, %v", test.name, err, kept, failed)
		}
		file.Close()
	}
	_, err := assistant.ReadTranscript(iotest.ErrReader(os.ErrDeadlineExceeded))
	if bad := (*assistant.ValueError)(nil); errors.As(err, &bad) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a reader that fails: %v", err)
	}
}

func TestFileRefusesWhatItCannotKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	good := assistant.Transcript{{User: "a", Reply: "b"}}
	if err := file.Save(good); err != nil {
		t.Fatal(err)
	}
	var bad *assistant.ValueError
	for _, turn := range []assistant.Turn{{User: "\xff"}, {Reply: "a\x00"}, {}, {Seed: 1}} {
		if err := file.Save(append(good, turn)); !errors.As(err, &bad) {
			t.Errorf("%+v: %v", turn, err)
		}
	}
	if diff := cmp.Diff(good, assistant.Saved(file)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := assistant.OpenFile(filepath.Join(path, "below")); err == nil {
		t.Error("opened a file below a file")
	}

	// A reply that cannot be saved is handed over and not added.
	c, _ := talk(" said", " said again")
	c.File, c.Transcript = file, assistant.Saved(file)
	file.Close()
	got, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{})
	if got != "said" || err == nil || len(c.Transcript) != 1 {
		t.Errorf("%q, %v, %v", got, err, c.Transcript)
	}
	for leave := range 3 {
		reply := samplingtest.Reply{Chunks: []sampling.Chunk{{Text: " le"}, {Text: "ft", Reason: sampling.EndOfText}}}
		c.Model.Backend = &samplingtest.Script{Answer: samplingtest.InTurn(reply)}
		n := 0
		for range c.Stream(t.Context(), "b", assistant.ReplyOptions{}) {
			if n++; n > leave {
				break // also at the last chunk, before the error
			}
		}
		if n != leave+1 || len(c.Transcript) != 1 {
			t.Errorf("left after %d: %d chunks, %v", leave, n, c.Transcript)
		}
	}
}

// When a disk fails in the middle, Save says so for good, and what was saved
// before is there when the file is opened again.
func TestFileOnADiskThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	good := assistant.Transcript{{User: "a", Reply: "b"}}
	if err := file.Save(good); err != nil {
		t.Fatal(err)
	}
	if err := assistant.ReadOnly(file); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := file.Save(append(good, good...)); err == nil || !strings.Contains(err.Error(), path) {
			t.Error(err)
		}
		if diff := cmp.Diff(good, assistant.Saved(file)); diff != "" {
			t.Error(diff)
		}
	}
	file.Close()
	if diff := cmp.Diff(good, assistant.Saved(openFile(t, path))); diff != "" {
		t.Error(diff)
	}
}

// Who forgets to take the turns out of the file does not lose them.
func TestFileThatWasNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	if err := file.Save(assistant.Transcript{{User: "a", Reply: "b"}}); err != nil {
		t.Fatal(err)
	}
	c, script := talk(" c")
	c.File = file
	if _, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{}); err == nil || !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), path) || len(script.Calls()) != 0 {
		t.Error(err)
	}
	if err := file.Save(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{}); err != nil || len(assistant.Saved(file)) != 1 {
		t.Errorf("%v, %v", err, assistant.Saved(file))
	}
}

func TestLongLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	file := openFile(t, path)
	turns := assistant.Transcript{{User: strings.Repeat("long \"words\" ", 1<<16), Reply: "b"}}
	if err := file.Save(turns); err != nil {
		t.Fatal(err)
	}
	read, err := assistant.ReadTranscript(bytes.NewReader([]byte(content(t, path))))
	if err != nil || read[0].User != turns[0].User {
		t.Errorf("%d turns, %v", len(read), err)
	}
}
