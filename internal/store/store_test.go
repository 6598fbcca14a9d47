package store_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/filelock"
	"github.com/foreword-go/foreword/internal/store"
)

var kills = flag.Int("kills", 50, "how often TestKills kills a program that writes")

const killed = "FOREWORD_TEST_STORE"

// TestMain lets the test binary be the program that is killed: it puts values and
// prints the number of each when Put has returned.
func TestMain(m *testing.M) {
	if path := os.Getenv(killed); path != "" {
		s, err := store.Open(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		for i := s.Len(); ; i++ {
			if err := s.Put(key(i), value(i)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(3)
			}
			fmt.Println(i)
		}
	}
	os.Exit(m.Run())
}

func key(i int) store.Key { return sha256.Sum256(fmt.Append(nil, i)) }

func value(i int) []byte {
	return fmt.Appendf(nil, `{"answer":"%d %s"}`, i, strings.Repeat("나", i%50))
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// holds fails unless the first n values are there.
func holds(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for i := range n {
		got, err := s.Get(key(i))
		if err != nil || !bytes.Equal(got, value(i)) {
			t.Fatalf("value %d of %d is %s, %v", i, n, got, err)
		}
	}
}

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.jsonl")
	s := open(t, path)
	for i := range 300 {
		if err := s.Put(key(i), value(i)); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, s, 300)
	if got, err := s.Get(key(300)); got != nil || err != nil {
		t.Errorf("a key that is not there: %s, %v", got, err)
	}
	if err := s.Put(key(7), []byte(`"new"`)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(key(7), []byte("two\nlines")); err == nil {
		t.Error("a value of two lines was taken")
	}
	if _, err := store.Open(path); !errors.Is(err, filelock.ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second writer: %v", err)
	}
	s.Close()
	if err := s.Put(key(1), value(1)); err == nil {
		t.Error("a closed store took a value")
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file's mode is %v, %v", info.Mode(), err)
		}
	}
	s = open(t, path)
	if got, err := s.Get(key(7)); string(got) != `"new"` || err != nil || s.Len() != 300 {
		t.Errorf("the last value of a key is %s, %v, of %d", got, err, s.Len())
	}
	before, _ := os.Stat(path)
	if err := s.Compact(); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if after.Size() >= before.Size() {
		t.Errorf("%d bytes, and %d before", after.Size(), before.Size())
	}
	if err := s.Put(key(7), value(7)); err != nil {
		t.Fatal(err)
	}
	holds(t, s, 300)
	if _, err := store.Open(path); !errors.Is(err, filelock.ErrInUse) {
		t.Errorf("a second writer of the compacted file: %v", err)
	}
	s.Close()
	holds(t, open(t, path), 300)
}

// TestTruncated cuts a store at every byte, the header's too. It opens, all whole
// lines are answered, and it can be written to.
func TestTruncated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.jsonl")
	s := open(t, path)
	for i := range 4 {
		if err := s.Put(key(i), value(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(text) + 1 {
		if err := os.WriteFile(path, text[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err != nil {
			t.Fatalf("cut to %d bytes: %v", size, err)
		}
		whole := max(bytes.Count(text[:size], []byte("\n"))-1, 0)
		if s.Len() != whole || len(s.Damaged()) > 0 {
			t.Fatalf("cut to %d bytes: %d values of %d, damaged %v", size, s.Len(), whole, s.Damaged())
		}
		holds(t, s, whole)
		if size%16 == 0 { // closing then waits for the disk
			if err := s.Put(key(whole), value(whole)); err != nil {
				t.Fatal(err)
			}
			holds(t, s, whole+1)
		}
		s.Close()
	}
}

// TestDamaged changes single bytes. The line is skipped and reported, and the
// others are answered.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.jsonl")
	s := open(t, path)
	for i := range 20 {
		if err := s.Put(key(i), value(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := bytes.IndexByte(text, '\n') + 1; at < len(text); at += 7 {
		if text[at] == '\n' {
			continue
		}
		damaged := bytes.Clone(text)
		damaged[at] ^= 1
		if damaged[at] == '\n' {
			continue
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		line := bytes.Count(text[:at], []byte("\n")) + 1
		lost, right := line-2, 0
		for i := range 20 {
			if got, err := s.Get(key(i)); err == nil && bytes.Equal(got, value(i)) {
				right++
			} else if i != lost {
				t.Fatalf("byte %d, in line %d: value %d is %s, %v", at, line, i, got, err)
			}
		}
		// A byte of the key makes it another key, which nobody asks for.
		if right != 19 || len(s.Damaged()) > 1 || len(s.Damaged()) == 1 && s.Damaged()[0] != line {
			t.Fatalf("byte %d: %d right, damaged lines %v, want line %d", at, right, s.Damaged(), line)
		}
		s.Close()
	}
	for _, other := range []string{"something else\n", `{"foreword store":2}` + "\n", "x", `{"foreword store":1} and no line break`} {
		if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(path); err == nil {
			t.Errorf("%q was opened", other)
		}
		if now, _ := os.ReadFile(path); string(now) != other {
			t.Errorf("%q became %q", other, now)
		}
	}
}

// TestClosed uses a store after Close. Each error names the store's path, also where
// Compact has renamed the file, and has one cause.
func TestClosed(t *testing.T) {
	for _, compact := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "store.jsonl")
		s := open(t, path)
		if err := s.Put(key(0), value(0)); err != nil {
			t.Fatal(err)
		}
		if compact {
			if err := s.Compact(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, get := s.Get(key(0))
		for name, err := range map[string]error{
			"Get":     get,
			"Put":     s.Put(key(1), value(1)),
			"Each":    s.Each(func(int, []byte) bool { return true }),
			"Compact": s.Compact(),
			"Close":   s.Close(),
		} {
			if !errors.Is(err, os.ErrClosed) || strings.Count(err.Error(), os.ErrClosed.Error()) != 1 {
				t.Errorf("%s: %v", name, err)
			} else if strings.Count(err.Error(), path) != 1 || strings.Contains(err.Error(), path+".") {
				t.Errorf("%s does not name the store once: %v", name, err)
			}
		}
		if files, err := os.ReadDir(filepath.Dir(path)); len(files) != 1 || err != nil {
			t.Errorf("files that stay: %v, %v", files, err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.jsonl"))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := g; i < 400; i += 8 {
				if err := s.Put(key(i), value(i)); err != nil {
					t.Error(err)
				}
				if got, err := s.Get(key(i)); err != nil || !bytes.Equal(got, value(i)) {
					t.Errorf("%d: %s, %v", i, got, err)
				}
				if i%100 == 0 {
					if err := s.Compact(); err != nil {
						t.Error(err)
					}
				}
				if got := s.Damaged(); got != nil {
					t.Errorf("damaged: %v", got)
				}
			}
		})
	}
	wg.Wait()
	holds(t, s, 400)
}

// TestKills kills a program while it writes, after a random number of values.
// Nothing that was acknowledged is lost, and the file opens.
func TestKills(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.jsonl")
	for range *kills {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), killed+"="+path)
		var complaint bytes.Buffer
		child.Stderr = &complaint
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged, when := 0, 1+rand.IntN(50)
		lines := bufio.NewScanner(out)
		for n := 1; lines.Scan(); n++ {
			fmt.Sscan(lines.Text(), &acknowledged)
			if n == when {
				child.Process.Kill()
			}
		}
		if err := child.Wait(); err == nil || complaint.Len() > 0 || acknowledged == 0 && when > 1 {
			t.Fatalf("the program was not killed at work: %v, %s", err, complaint.String())
		}
		s, err := store.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() <= acknowledged || len(s.Damaged()) > 0 {
			t.Fatalf("%d values, and number %d was acknowledged; damaged %v", s.Len(), acknowledged, s.Damaged())
		}
		s.Close()
	}
	s := open(t, path)
	holds(t, s, s.Len())
	t.Logf("killed %d times; %d values", *kills, s.Len())
}

// BenchmarkOpen opens a store of n entries of about 500 bytes, says what the index
// takes, and how long a lookup takes.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "store.jsonl")
			s := open(b, path)
			padding := strings.Repeat("x", 400)
			for i := range n {
				if err := s.Put(key(i), fmt.Appendf(nil, `{"answer":"%d %s"}`, i, padding)); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
			heap := func() uint64 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			for b.Loop() {
				before := heap()
				began := time.Now()
				s, err := store.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(time.Since(began).Milliseconds()), "open-ms")
				b.ReportMetric(float64(heap()-before)/float64(n), "B/entry")
				began = time.Now()
				for i := range 1000 {
					if got, err := s.Get(key(i * 7919 % n)); got == nil || err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "get-µs")
				s.Close()
			}
		})
	}
}
