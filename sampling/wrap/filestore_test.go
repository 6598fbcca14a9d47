package wrap_test

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/wrap"
)

func TestFileStoreOutlivesTheProgram(t *testing.T) {
	path := t.TempDir() + "/cache"
	script := turns(samplingtest.Reply{Text: "x"})
	for range 3 {
		store := openStore(t, path)
		b := (&wrap.Cache{Store: store, Namespace: "test"}).Wrap(script)
		if got, err := read(t.Context(), b, &sampling.Request{Prompt: "p"}); got != "x" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := len(script.Calls()); n != 1 {
		t.Errorf("the backend was asked %d times", n)
	}
}

func TestFileStoreClosed(t *testing.T) {
	store := openStore(t, t.TempDir()+"/cache")
	c := &wrap.Cache{Store: store, Namespace: "test"}
	b := c.Wrap(turns(samplingtest.Reply{Text: "x"}))
	store.Close()
	if got, err := read(t.Context(), b, &sampling.Request{}); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if s := c.Stats(); s.Faults != 2 {
		t.Errorf("%+v", s)
	}
}

func TestFileStoreRefuses(t *testing.T) {
	dir := t.TempDir()
	garbage := dir + "/garbage"
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no database "), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir+"/open")
	for path, words := range map[string]string{
		garbage:                "; it is damaged or no cache file: delete it",
		dir:                    "", // the system's own words say it
		dir + "/missing/cache": "",
		dir + "/open":          "; another program has it open: close that one",
	} {
		s, err := wrap.OpenFileStore(path)
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", path)
		} else if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, words) || words == "" && strings.Contains(text, ";") {
			t.Errorf("%s: %v, want %q", path, err, words)
		}
	}
}

// childPath is how a test tells a copy of itself which file to write to until it
// is killed.
const childPath = "FOREWORD_TEST_STORE"

// value is what stands under a key: of a length and with bytes that the key
// decides, so that a reader can tell whether it is whole.
func value(key string) []byte {
	h := fnv.New64a()
	h.Write([]byte(key))
	r := rand.New(rand.NewPCG(h.Sum64(), 0))
	v := make([]byte, 1+r.IntN(20_000))
	for i := range v {
		v[i] = byte(r.Uint32())
	}
	return v
}

// writeForEver puts entries and says which are there, until the program ends.
func writeForEver(path string) {
	store, err := wrap.OpenFileStore(path)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	first, _ := strconv.Atoi(os.Getenv("FOREWORD_TEST_FIRST"))
	for i := first; ; i++ {
		key := fmt.Sprint("key ", i)
		if err := store.Put(key, value(key)); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

// A program that is killed while it writes, at any moment, loses the entry that
// it was writing at most: all that it had put before are there and whole.
func TestFileStoreSurvivesKill(t *testing.T) {
	if path := os.Getenv(childPath); path != "" {
		writeForEver(path)
	}
	if testing.Short() {
		t.Skip("starts and kills the test program many times")
	}
	path := t.TempDir() + "/cache"
	put := 0
	for round := range 25 {
		before := put
		cmd := exec.Command(os.Args[0], "-test.run=^TestFileStoreSurvivesKill$")
		cmd.Env = append(os.Environ(), childPath+"="+path, fmt.Sprint("FOREWORD_TEST_FIRST=", put))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Some are killed while they open the file, and most while they write.
		var timer *time.Timer
		if round%5 == 0 {
			timer = time.AfterFunc(time.Duration(rand.IntN(20))*time.Millisecond, func() { cmd.Process.Kill() })
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			put = n + 1
			if timer == nil {
				timer = time.AfterFunc(time.Duration(rand.IntN(30_000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		timer.Stop()

		store, err := wrap.OpenFileStore(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for i := range put + 2 { // the last may or may not be there, and then is whole
			key := fmt.Sprint("key ", i)
			got, err := store.Get(key)
			if err != nil || !(bytes.Equal(got, value(key)) || got == nil && i >= put) {
				t.Fatalf("round %d: of %d entries that were put, number %d has %d bytes, %v", round, put, i, len(got), err)
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: %d entries more", round, put-before)
	}
	if put < 25 {
		t.Errorf("only %d entries were put", put)
	}
}
