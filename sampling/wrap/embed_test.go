package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// lengths embeds a text as its length and notes what it was asked for.
type lengths struct{ asked []string }

func (l *lengths) Embed(_ context.Context, texts []string) ([][]float32, error) {
	l.asked = append(l.asked, texts...)
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = []float32{float32(len(text)), 0.1}
	}
	return vectors, nil
}

// TestCacheEmbed: each text is embedded once, also by the next program.
func TestCacheEmbed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	want := [][]float32{{1, 0.1}, {2, 0.1}, {1, 0.1}, {3, 0.1}}
	l := &lengths{}
	for range 2 {
		store, err := wrap.OpenStore(path)
		if err != nil {
			t.Fatal(err)
		}
		embed := (&wrap.Cache{Store: store, Namespace: "e"}).Embed(l)
		for range 2 {
			got, err := embed(t.Context(), []string{"a", "bb", "a", "ccc"})
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		}
		if diff := cmp.Diff([]string{"a", "bb", "ccc"}, l.asked); diff != "" {
			t.Errorf("asked:\n%s", diff)
		}
		strict := (&wrap.Cache{Store: store, Namespace: "e", Strict: true}).Embed(nil)
		if got, err := strict(t.Context(), []string{"bb"}); err != nil || got[0][0] != 2 {
			t.Errorf("strict: %v, %v", got, err)
		}
		if _, err := strict(t.Context(), []string{"dddd"}); err == nil {
			t.Error("strict, and never embedded: no error")
		}
		unnamed := (&wrap.Cache{Store: store}).Embed(l)
		if _, err := unnamed(t.Context(), []string{"a"}); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("without a Namespace: %v", err)
		}
		other := (&wrap.Cache{Store: store, Namespace: "f"}).Embed(&lengths{})
		if _, err := other(t.Context(), []string{"a"}); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A pool is embedded once: a second program finds the vectors in the store.
func ExampleCache_Embed() {
	server := &lengths{} // an openai.Backend, say
	cache := &wrap.Cache{Namespace: "bge-m3"}
	embedder := choose.EmbedderFunc(cache.Embed(server))
	pool := []string{"a short one", "one that is a bit longer"}
	for range 2 {
		vectors, err := choose.Embed(context.Background(), embedder, pool, choose.EmbedOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = fewshot.Task[string, string]{Select: choose.Nearest(2, vectors)}
	}
	fmt.Println(len(server.asked), "texts embedded")
	// Output:
	// 2 texts embedded
}
