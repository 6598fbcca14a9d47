package llamacpp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
)

// Whatever llama.cpp would end the process for is an error, and the process goes
// on.
func TestRefused(t *testing.T) {
	m := open(t, llamacpp.Config{Window: 512})
	ctx := t.Context()
	sample := func(prompt string) error {
		for _, err := range m.Sample(ctx, &sampling.Request{Prompt: prompt, Params: sampling.Params{MaxTokens: 4}}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	long := strings.Repeat("once ", 2000)
	for name, test := range map[string]struct {
		err  error
		want error
	}{
		"zero byte":         {sample("a\x00b"), sampling.ErrInvalid},
		"not UTF-8":         {sample("a\xff"), sampling.ErrInvalid},
		"over the window":   {sample(long), sampling.ErrBudget},
		"empty":             {sample(""), nil},
		"more than a batch": {sample(strings.Repeat("a ", 240)), nil},
		"special tokens":    {sample("<|im_start|><s></s><unk><|endoftext|>"), nil},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v; want %v", name, test.err, test.want)
		}
	}
	if _, err := m.Count(ctx, "a\x00"); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("counting a zero byte: %v", err)
	}
	if _, err := m.Score(ctx, &sampling.Request{Prompt: "a"}, []string{"\x00"}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("scoring a zero byte: %v", err)
	}
	if _, err := m.Score(ctx, &sampling.Request{Prompt: "a"}, []string{long}); !errors.Is(err, sampling.ErrBudget) {
		t.Errorf("scoring more than the window: %v", err)
	}
	for _, text := range []string{strings.Repeat("a", 1<<12), strings.Repeat(" ", 1<<12), strings.Repeat("1", 1<<12), strings.Repeat("\n", 1<<12), strings.Repeat("나비!", 1<<9)} {
		if n, err := m.Count(ctx, text); err != nil || n == 0 {
			t.Errorf("a long run of %.4q: %d tokens, %v", text, n, err)
		}
	}

	for range 2 {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	req := &sampling.Request{Prompt: "a"}
	_, count := m.Count(ctx, "a")
	_, score := m.Score(ctx, req, []string{"b"})
	_, draw := m.Draw(ctx, req, 2)
	for name, err := range map[string]error{"Sample": sample("a"), "Count": count, "Score": score, "Draw": draw} {
		if !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	library, gguf := files(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, config := range map[string]llamacpp.Config{
		"no model":              {Library: library},
		"a missing model":       {Library: library, Model: filepath.Join(dir, "missing")},
		"a directory":           {Library: library, Model: dir},
		"an empty model":        {Library: library, Model: write("empty", "")},
		"not a model":           {Library: library, Model: write("text", "GGUF, or not")},
		"a missing library":     {Library: filepath.Join(dir, "missing"), Model: gguf},
		"not a library":         {Library: gguf, Model: gguf},
		"another library":       {Library: filepath.Join(filepath.Dir(library), "libggml-base.so"), Model: gguf},
		"a negative size":       {Library: library, Model: gguf, Threads: -1},
		"too large a window":    {Library: library, Model: gguf, Window: 1 << 20},
		"fewer cells than that": {Library: library, Model: gguf, Window: 512, Cells: 256},
	} {
		if m, err := llamacpp.Open(config); err == nil {
			m.Close()
			t.Errorf("%s was opened", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// TestNoVocabulary takes the tokenizer out of the model's file.
func TestNoVocabulary(t *testing.T) {
	library, gguf := files(t)
	data, err := os.ReadFile(gguf)
	if err != nil {
		t.Fatal(err)
	}
	name := []byte("tokenizer.ggml.model")
	at := bytes.Index(data, name) + len(name) + 4
	size := int(binary.LittleEndian.Uint64(data[at:]))
	const none = "no_vocab"
	lack := len(none) - size // what the new name needs is taken from the architecture's own name
	key := []byte("general.name")
	from := bytes.Index(data, key)
	if from < 0 || from > at {
		t.Skip("the file has no name to be shortened")
	}
	from += len(key) + 4
	length := int(binary.LittleEndian.Uint64(data[from:]))
	if length < lack {
		t.Skip("the file's name is too short")
	}
	var changed []byte
	changed = append(changed, data[:from]...)
	changed = binary.LittleEndian.AppendUint64(changed, uint64(length-lack))
	changed = append(changed, data[from+8:from+8+length-lack]...)
	changed = append(changed, data[from+8+length:at]...)
	changed = binary.LittleEndian.AppendUint64(changed, uint64(len(none)))
	changed = append(changed, none...)
	changed = append(changed, data[at+8+size:]...)
	path := filepath.Join(t.TempDir(), "changed.gguf")
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := llamacpp.Open(llamacpp.Config{Library: library, Model: path})
	if err == nil {
		m.Close()
		t.Fatal("it was opened")
	}
	t.Log(err)
}

// TestDamaged opens files with changed bytes, or cut short, each in a process of
// its own, and counts how many end it. That some do is said in the package's
// documentation.
func TestDamaged(t *testing.T) {
	library, gguf := files(t)
	if path := os.Getenv("FOREWORD_DAMAGED"); path != "" {
		m, err := llamacpp.Open(llamacpp.Config{Library: library, Model: path, Threads: 1})
		if err != nil {
			return
		}
		defer m.Close()
		for range m.Sample(context.Background(), &sampling.Request{Prompt: "Once", Params: sampling.Params{MaxTokens: 2}}) {
		}
		return
	}
	data, err := os.ReadFile(gguf)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "damaged.gguf")
	dead := 0
	for i := range *damaged {
		broken := bytes.Clone(data)
		if i%10 == 0 {
			broken = broken[:random.IntN(len(broken))]
		} else {
			for range 1 + random.IntN(8) {
				at := random.IntN(min(len(broken), 20_000))
				if i%2 == 0 {
					at = random.IntN(min(len(broken), 2000))
				}
				broken[at] = byte(random.Uint32())
			}
		}
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDamaged$", "-test.timeout=60s")
		child.Env = append(os.Environ(), "FOREWORD_DAMAGED="+path)
		if out, err := child.CombinedOutput(); err != nil {
			dead++
			t.Logf("file %d: %v: %.200s", i, err, out)
		}
	}
	t.Logf("%d of %d damaged files ended the process", dead, *damaged)
	if dead == *damaged {
		t.Error("all did")
	}
}

// TestCloseEndsGoroutines opens and closes models: the engine's goroutine ends.
func TestCloseEndsGoroutines(t *testing.T) {
	open(t, llamacpp.Config{}).Close()
	before := runtime.NumGoroutine()
	for range 3 {
		m := open(t, llamacpp.Config{})
		for range m.Sample(t.Context(), &sampling.Request{Prompt: "Once upon", Params: sampling.Params{MaxTokens: 100}}) {
			break
		}
		m.Close()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before and %d after", before, after)
	}
}
