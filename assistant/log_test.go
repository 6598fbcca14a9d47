package assistant_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func openLog(t *testing.T, path string) *assistant.Log {
	t.Helper()
	log, err := assistant.OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	c, _ := talk(" <one> & \"two\"\nthree", " four", " five", " six")
	c.Log = log
	c.Reply(t.Context(), "a\u2028b", assistant.ReplyOptions{})
	c.Reply(t.Context(), "b", assistant.ReplyOptions{})
	c.Transcript[1].Time = time.Time{} // an edit of a turn is saved with what comes next
	for _, err := range c.Regenerate(t.Context(), assistant.ReplyOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Undo()
	c.Reply(t.Context(), "c", assistant.ReplyOptions{})
	for i := range c.Transcript {
		c.Transcript[i].Time = time.Date(2025, 3, 4, 12, i, 0, 123456789, time.UTC)
		c.Transcript[i].Seed = uint64(i)
	}
	c.Transcript[1].Cut = true
	if err := log.Save(c.Transcript); err != nil {
		t.Fatal(err)
	}
	before := content(t, path)
	if err := log.Save(c.Transcript); err != nil || content(t, path) != before {
		t.Errorf("saving what is there wrote something, %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if err := log.Save(nil); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("saved after closing: %v", err)
	}

	again := openLog(t, path)
	if diff := cmp.Diff(c.Transcript, again.Transcript()); diff != "" {
		t.Error(diff)
	}
	read, err := assistant.ReadTranscript(strings.NewReader(before))
	if diff := cmp.Diff(c.Transcript, read); err != nil || diff != "" {
		t.Error(err, diff)
	}
	lines := strings.SplitAfter(before, "\n")
	golden(t, "transcript.jsonl", lines[0]+lines[len(lines)-3]+lines[len(lines)-2])
	if n := len(lines) - 1; n != 8 {
		t.Errorf("%d lines for a header, 3 replies, a second try, an undo and an edit of two turns:\n%s", n, before)
	}
}

// A file that was cut at any byte gives the turns whose lines were whole.
func TestLogCutAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	turns := assistant.Transcript{{User: "a", Reply: "b\nc"}, {User: "하늘", Reply: "\\\"{\"}"}, {User: "c", Reply: "d", Seed: 7, Cut: true}}
	if err := log.Save(turns); err != nil {
		t.Fatal(err)
	}
	log.Close()
	whole := content(t, path)
	for n := range len(whole) + 1 {
		for _, zeros := range []int{0, 5} {
			part := whole[:n]
			if n < len(whole) && (n == 0 || whole[n-1] != '\n') {
				part += strings.Repeat("\x00", zeros)
			}
			if err := os.WriteFile(path, []byte(part), 0o666); err != nil {
				t.Fatal(err)
			}
			log, err := assistant.OpenLog(path)
			if err != nil {
				t.Fatalf("cut to %q: %v", part, err)
			}
			want := max(0, strings.Count(whole[:n], "\n")-1)
			if zeros == 0 && n < len(whole) && whole[n] == '\n' && strings.Count(whole[:n], "\n") > 0 {
				want++ // whole but for the line break
			}
			if got := log.Transcript(); len(got) != want || cmp.Diff(turns[:want], got[:len(got):len(got)]) != "" && want > 0 {
				t.Fatalf("cut to %q: %v", part, got)
			}
			if err := log.Save(turns); err != nil {
				t.Fatal(err)
			}
			log.Close()
			if got := content(t, path); got != whole {
				t.Fatalf("cut to %q and saved again: %q", part, got)
			}
		}
	}
}

// Turns in the middle were changed, and the file was cut while that was saved:
// they are as they were.
func TestLogCutInAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	turns := assistant.Transcript{{User: "a", Reply: "b"}, {User: "c", Reply: "d"}, {User: "e", Reply: "f"}}
	if err := log.Save(turns); err != nil {
		t.Fatal(err)
	}
	before := content(t, path)
	edited := append(assistant.Transcript{{User: "a", Reply: "edited"}}, turns[1:]...)
	if err := log.Save(edited); err != nil {
		t.Fatal(err)
	}
	log.Close()
	after := content(t, path)
	for n := len(before); n <= len(after); n++ {
		if err := os.WriteFile(path, []byte(after[:n]), 0o666); err != nil {
			t.Fatal(err)
		}
		log := openLog(t, path)
		want := turns
		if n >= len(after)-1 {
			want = edited
		}
		if diff := cmp.Diff(want, log.Transcript()); diff != "" {
			t.Fatalf("cut to %q:\n%s", after[:n], diff)
		}
		if err := log.Save(edited); err != nil {
			t.Fatal(err)
		}
		log.Close()
		if got := content(t, path); got != after {
			t.Fatalf("cut to %q and saved again: %q", after[:n], got)
		}
	}
}

func TestDamagedLogs(t *testing.T) {
	const header = `{"foreword":"transcript","version":1}` + "\n"
	turn := func(n int) string { return fmt.Sprintf(`{"turn":%d,"user":"a","reply":"b"}`+"\n", n) }
	for _, test := range []struct {
		name, content string
		line          int
		says          string
	}{
		{"a turn twice", header + turn(1) + turn(2) + turn(2), 4, "turn 2 is there a second time, where turn 3 should be"},
		{"a turn missing", header + turn(1) + turn(3), 3, "turn 3 is there, where turn 2 should be"},
		{"not from the start", header + turn(2), 2, "turn 2 is there, where turn 1"},
		{"a damaged line", header + turn(1) + "{\"turn\":2,\"us\n" + turn(2), 3, "damaged"},
		{"a damaged last line", header + turn(1) + "{\"turn\":2,\"us\n", 3, "damaged"},
		{"zeros in a line", header + "\x00\x00\x00\n" + turn(1), 2, "damaged"},
		{"an empty line", header + "\n" + turn(1), 2, "damaged"},
		{"two records in a line", header + strings.TrimSpace(turn(1)) + turn(2), 2, "text follows"},
		{"an unknown field", header + `{"turn":1,"user":"a","reply":"b","mood":"good"}` + "\n", 2, "mood"},
		{"a field missing", header + `{"turn":1,"user":"a"}` + "\n", 2, `"reply"`},
		{"nothing in it", header + `{}` + "\n", 2, `"user"`},
		{"a field of another kind", header + `{"turn":"1","user":"a","reply":"b"}` + "\n", 2, "damaged"},
		{"too much taken back", header + turn(1) + `{"drop":2}` + "\n", 3, "2 turns are taken back where there are 1"},
		{"less than nothing taken back", header + turn(1) + `{"drop":-1}` + "\n", 3, "-1 turns"},
		{"a change that another one breaks off", header + turn(1) + `{"drop":1,"turn":1,"user":"a","reply":"c","more":2}` + "\n" + turn(2) + turn(3), 4, "another change begins, where 2 lines of the one before are missing"},
		{"a change within a change", header + turn(1) + `{"drop":1,"turn":1,"user":"a","reply":"c","more":1}` + "\n" + `{"drop":1}` + "\n", 4, "another change begins"},
		{"a turn without its texts", header + turn(1) + `{"drop":1,"turn":1}` + "\n", 3, `"user"`},
		{"more to come of no turn", header + turn(1) + `{"drop":1,"more":1}` + "\n", 3, `"user"`},
		{"less than no lines to come", header + `{"turn":1,"user":"a","reply":"c","more":-1}` + "\n", 2, "-1 more lines"},
		{"a newer version", `{"foreword":"transcript","version":2,"new":true}` + "\n", 1, "is of version 2, and this program reads version 1"},
		{"a newer version without a line break", `{"foreword":"transcript","version":10}`, 1, "version 10"},
		{"no version", `{"foreword":"transcript"}` + "\n", 1, "no version 0"},
		{"no header", turn(1), 1, "no transcript file"},
		{"something else", "Dear diary,\n", 1, "no transcript file"},
		{"something else on one line", "Dear diary", 1, "no transcript file"},
		{"JSON of somebody else's", `{"name":"x`, 1, "no transcript file"},
		{"text behind the last line", header + turn(1) + "by hand", 3, "damaged"},
	} {
		path := filepath.Join(t.TempDir(), "talk.jsonl")
		if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := assistant.OpenLog(path)
		var bad *assistant.LogError
		if !errors.As(err, &bad) || bad.Line != test.line || bad.Path != path || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := content(t, path); got != test.content {
			t.Errorf("%s: the file was changed to %q", test.name, got)
		}
		_, err = assistant.ReadTranscript(strings.NewReader(test.content))
		if !errors.As(err, &bad) || bad.Line != test.line || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: reading: %v", test.name, err)
		}
		if log, err := assistant.OpenLog(path); err == nil || errors.Is(err, assistant.ErrInUse) {
			t.Errorf("%s: opened again: %v, %v", test.name, log, err)
		}
	}
}

func TestLogRefusesWhatItCannotKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	good := assistant.Transcript{{User: "a", Reply: "b"}}
	if err := log.Save(good); err != nil {
		t.Fatal(err)
	}
	var bad *assistant.ValueError
	if err := log.Save(append(good, assistant.Turn{User: "\xff"})); !errors.As(err, &bad) {
		t.Errorf("text that is not UTF-8: %v", err)
	}
	if diff := cmp.Diff(good, log.Transcript()); diff != "" {
		t.Error(diff)
	}
	if _, err := assistant.OpenLog(filepath.Join(path, "below")); err == nil {
		t.Error("opened a file below a file")
	}

	// A reply that cannot be saved is handed over and not added.
	c, _ := talk(" said", " said again")
	c.Log, c.Transcript = log, log.Transcript()
	log.Close()
	got, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{})
	if got != "said" || err == nil || len(c.Transcript) != 1 {
		t.Errorf("%q, %v, %v", got, err, c.Transcript)
	}
	for leave := range 3 {
		reply := samplingtest.Reply{Chunks: []sampling.Chunk{{Text: " le"}, {Text: "ft", Reason: sampling.EndOfText}}}
		c.Model.Backend = &samplingtest.Script{Turns: []samplingtest.Reply{reply}}
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
	if _, err := c.Undo(); err == nil || len(c.Transcript) != 1 {
		t.Errorf("undone without being saved: %v, %v", err, c.Transcript)
	}
}

// When a disk fails in the middle, Save says so for good, and what was saved
// before is there when the file is opened anew.
func TestLogOnADiskThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	good := assistant.Transcript{{User: "a", Reply: "b"}}
	if err := log.Save(good); err != nil {
		t.Fatal(err)
	}
	if err := assistant.ReadOnly(log); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var bad *assistant.LogError
		if err := log.Save(append(good, good...)); !errors.As(err, &bad) || !strings.Contains(err.Error(), "open the file anew") {
			t.Error(err)
		}
		if diff := cmp.Diff(good, log.Transcript()); diff != "" {
			t.Error(diff)
		}
	}
	log.Close()
	if diff := cmp.Diff(good, openLog(t, path).Transcript()); diff != "" {
		t.Error(diff)
	}
}

// Who forgets to take the turns out of the file does not lose them.
func TestLogThatWasNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	if err := log.Save(assistant.Transcript{{User: "a", Reply: "b"}}); err != nil {
		t.Fatal(err)
	}
	c, script := talk(" c")
	c.Log = log
	if _, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{}); err == nil || !strings.Contains(err.Error(), "the file has 1 turns, and the Transcript none") || len(script.Calls()) != 0 {
		t.Error(err)
	}
	if err := log.Save(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Reply(t.Context(), "b", assistant.ReplyOptions{}); err != nil || len(log.Transcript()) != 1 {
		t.Errorf("%v, %v", err, log.Transcript())
	}
}

func TestLongLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	log := openLog(t, path)
	turns := assistant.Transcript{{User: strings.Repeat("long \"words\" ", 1<<20), Reply: "b"}}
	if err := log.Save(turns); err != nil {
		t.Fatal(err)
	}
	read, err := assistant.ReadTranscript(bytes.NewReader([]byte(content(t, path))))
	if err != nil || read[0].User != turns[0].User {
		t.Errorf("%d turns, %v", len(read), err)
	}
}
