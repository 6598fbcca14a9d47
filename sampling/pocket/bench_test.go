package pocket_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// BenchmarkLoad trains the default model, as its first use does.
func BenchmarkLoad(b *testing.B) {
	docs := corpus(b, 0)
	b.ReportAllocs()
	b.SetBytes(size(docs))
	for b.Loop() {
		if _, err := pocket.Train(docs); err != nil {
			b.Fatal(err)
		}
	}
}

// prompts are of different kinds, since what a token costs depends on how many
// documents hold it.
var prompts = map[string]string{
	"pairs":   "butterfly: 나비\nocean: 바다\nwhisper: 속삭임\nteacher:",
	"chat":    persona + "Human: " + question + "\n\nAssistant:",
	"recite":  zebra,
	"invent":  "Here are the most famous landmarks of Vienna:\n\n1.",
	"nothing": "",
}

// BenchmarkSample draws at temperature 1. The prompt is read once for all.
func BenchmarkSample(b *testing.B) {
	for name, prompt := range prompts {
		b.Run(name, func(b *testing.B) { benchmarkSample(b, pocket.Default(), prompt) })
	}
}

func benchmarkSample(b *testing.B, m *pocket.Model, prompt string) {
	tokens, seed := 0, uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		seed++
		for chunk, err := range m.Sample(b.Context(), &sampling.Request{Prompt: prompt, Params: sampling.Params{Temperature: 1, Seed: seed, MaxTokens: 200}}) {
			if err != nil {
				b.Fatal(err)
			}
			if chunk.Reason != sampling.Unfinished {
				tokens += chunk.Usage.PromptTokens + chunk.Usage.CompletionTokens
			}
		}
	}
	b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkPrompt reads a long prompt of ordinary text and draws one token. "new"
// prompts begin differently, so that none resumes after what the last one read.
func BenchmarkPrompt(b *testing.B) {
	m := pocket.Default()
	prompt := strings.Repeat(prompts["chat"]+" It is.\n\n"+prompts["pairs"]+" 선생님\n\n"+prompts["recite"]+".\n\n", 10)
	n, err := m.Count(context.Background(), prompt)
	if err != nil {
		b.Fatal(err)
	}
	for name, prompts := range map[string][]string{"new": {"1" + prompt, "2" + prompt}, "same": {"1" + prompt}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(prompt)))
			for i := 0; b.Loop(); i++ {
				req := &sampling.Request{Prompt: prompts[i%len(prompts)], Params: sampling.Params{MaxTokens: 1}}
				for _, err := range m.Sample(b.Context(), req) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkGrowth trains on the corpus again and again with its lines shuffled,
// and samples from that. The sizes are in megabytes; the largest takes about a
// gigabyte of memory.
//
//	go test -bench Growth -timeout 30m ./sampling/pocket
func BenchmarkGrowth(b *testing.B) {
	for _, megabytes := range []int{1, 10, 100} {
		if megabytes > 1 && testing.Short() {
			continue
		}
		docs := corpus(b, megabytes)
		var m *pocket.Model
		b.Run(fmt.Sprintf("train/MB=%d", megabytes), func(b *testing.B) {
			b.SetBytes(size(docs))
			for b.Loop() {
				var err error
				if m, err = pocket.Train(docs); err != nil {
					b.Fatal(err)
				}
			}
		})
		if m == nil {
			continue // another benchmark of this size was asked for
		}
		docs = nil
		for _, name := range []string{"pairs", "recite"} {
			b.Run(fmt.Sprintf("sample/%s/MB=%d", name, megabytes), func(b *testing.B) { benchmarkSample(b, m, prompts[name]) })
		}
	}
}

// corpus returns the documents of the default model, and copies of them with
// shuffled lines until there are so many megabytes.
func corpus(b *testing.B, megabytes int) fstest.MapFS {
	docs := fstest.MapFS{}
	random := rand.New(rand.NewPCG(1, 2))
	for round := 0; round == 0 || size(docs) < int64(megabytes)<<20; round++ {
		err := fs.WalkDir(os.DirFS("corpus"), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile("corpus/" + path)
			if err != nil {
				return err
			}
			if round > 0 {
				lines := strings.Split(string(text), "\n")
				random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
				text = []byte(strings.Join(lines, "\n"))
			}
			docs[fmt.Sprintf("%04d/%s", round, path)] = &fstest.MapFile{Data: text}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return docs
}

func size(docs fstest.MapFS) (n int64) {
	for _, file := range docs {
		n += int64(len(file.Data))
	}
	return n
}
