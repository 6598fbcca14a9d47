package tiktoken

import (
	"context"
	"os"
	"sync"
	"testing"

	bpe "github.com/pkoukk/tiktoken-go"
	offline "github.com/pkoukk/tiktoken-go-loader"
)

// long is set in CI: larger inputs, which the library takes long for.
var long = os.Getenv("FOREWORD_LONG") != ""

// TestMain gives the library, which is the oracle of these tests, its offline
// loader. The package itself never does so.
func TestMain(m *testing.M) {
	setOfflineLoader()
	os.Exit(m.Run())
}

func setOfflineLoader() { bpe.SetBpeLoader(offline.NewOfflineLoader()) }

// oracles are the library's own encodings: its patterns, merged in one go.
var oracles = func() map[string]func() (*bpe.Tiktoken, error) {
	m := map[string]func() (*bpe.Tiktoken, error){}
	for _, e := range encodings {
		m[e.name] = sync.OnceValues(func() (*bpe.Tiktoken, error) { return bpe.GetEncoding(e.name) })
	}
	return m
}()

var unsplits sync.Map // by encoding

// unsplit returns an encoding of the library that takes each text as one piece.
func unsplit(t testing.TB, c *Counter) *bpe.Tiktoken {
	t.Helper()
	if o, ok := unsplits.Load(c.encoding); ok {
		return o.(*bpe.Tiktoken)
	}
	core, err := bpe.NewCoreBPE(c.ranks, nil, `(?s).+`)
	if err != nil {
		t.Fatal(err)
	}
	o := bpe.NewTiktoken(core, nil, nil)
	unsplits.Store(c.encoding, o)
	return o
}

// eachEncoding runs f as a subtest for each encoding. whole counts with the
// library's own EncodeOrdinary, in one go.
func eachEncoding(t *testing.T, f func(t *testing.T, c *Counter, whole func(text string) int)) {
	for _, e := range encodings {
		t.Run(e.name, func(t *testing.T) {
			c, oracle := counter(t, e.name), oracle(t, e.name)
			f(t, c, func(text string) int { return len(oracle.EncodeOrdinary(text)) })
		})
	}
}

func counter(t testing.TB, name string) *Counter {
	t.Helper()
	c, err := For(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func oracle(t testing.TB, name string) *bpe.Tiktoken {
	t.Helper()
	o, err := oracles[name]()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func count(t testing.TB, c *Counter, text string) int {
	t.Helper()
	n, err := c.Count(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
