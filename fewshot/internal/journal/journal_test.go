package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func reopen(t *testing.T, file, fingerprint string) (*Journal, []string, error) {
	t.Helper()
	var entries []string
	j, err := Open(file, fingerprint, func(line []byte) error {
		entries = append(entries, string(line))
		return nil
	})
	return j, entries, err
}

// TestCutAnywhere cuts a journal at every byte and checks that what was whole
// is kept, and that it can be gone on with.
func TestCutAnywhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal")
	j, _, err := reopen(t, file, "work")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := j.Append(map[string]int{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(file, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		j, entries, err := reopen(t, file, "work")
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if want := max(strings.Count(string(whole[:cut]), "\n")-1, 0); len(entries) != want {
			t.Errorf("cut at %d: %d entries, want %d", cut, len(entries), want)
		}
		if err := j.Append("more"); err != nil {
			t.Fatal(err)
		}
		j.Close()
		again, more, err := reopen(t, file, "work")
		if err != nil || !slices.Equal(more, append(entries, `"more"`)) {
			t.Errorf("cut at %d and gone on with: %q, %v", cut, more, err)
		}
		again.Close()
	}
}

func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal")
	j, _, err := reopen(t, file, "work")
	if err != nil {
		t.Fatal(err)
	}
	j.Append(1)
	j.Close()
	if err := j.Append(2); err == nil {
		t.Error("appending to a closed journal: accepted")
	}
	if _, _, err := reopen(t, file, "other"); err == nil || !strings.Contains(err.Error(), "other work") {
		t.Errorf("another fingerprint: %v", err)
	}
	for _, text := range []string{"one line that does not end", "two\nlines\n"} {
		notes := filepath.Join(t.TempDir(), "notes")
		if err := os.WriteFile(notes, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := reopen(t, notes, "work"); err == nil || !strings.Contains(err.Error(), "no journal") {
			t.Errorf("some other file: %v", err)
		}
		if kept, _ := os.ReadFile(notes); string(kept) != text {
			t.Errorf("some other file was changed to %q", kept)
		}
	}
	bad := errors.New("bad entry")
	if _, err := Open(file, "work", func([]byte) error { return bad }); !errors.Is(err, bad) || !strings.Contains(fmt.Sprint(err), "line 2") {
		t.Errorf("an entry that cannot be read: %v", err)
	}
	if _, _, err := reopen(t, filepath.Join(file, "below"), "work"); err == nil {
		t.Error("a file below a file: accepted")
	}
}

// A fullDisk takes the half of what is written once it is full.
type fullDisk struct {
	file
	full bool
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if !d.full {
		return d.file.Write(p)
	}
	d.full = false // somebody has made room
	n, _ := d.file.Write(p[:len(p)/2])
	return n, errors.New("the disk is full")
}

// TestFullDisk checks that an entry that was written by half is the last, so
// that the file can be gone on with.
func TestFullDisk(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j, _, err := reopen(t, name, "work")
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{file: j.file}
	j.file = disk
	if err := j.Append("first"); err != nil {
		t.Fatal(err)
	}
	disk.full = true
	for _, entry := range []string{"second", "third"} {
		if err := j.Append(entry); err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("%s, on a full disk: %v", entry, err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, entries, err := reopen(t, name, "work")
	if err != nil || !slices.Equal(entries, []string{`"first"`}) {
		t.Fatalf("after a full disk: %q, %v", entries, err)
	}
	j.Close()
}
