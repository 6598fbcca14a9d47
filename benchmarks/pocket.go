package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

const (
	// pocketPrompt leaves the model in doubt, so that it draws from much.
	pocketPrompt = "butterfly: 나비\nteacher: 선생님\nocean:"
	pocketTokens = 256
)

// A corpus is documents to train on.
type corpus struct {
	documents fstest.MapFS
	bytes     int
}

// embedded is the corpus of the default model.
func embedded() (*corpus, error) {
	names, texts, err := documents()
	if err != nil {
		return nil, err
	}
	c := &corpus{fstest.MapFS{}, 0}
	for i, name := range names {
		c.add(name, texts[i])
	}
	return c, nil
}

func (c *corpus) add(name, text string) {
	c.documents[name] = &fstest.MapFile{Data: []byte(text)}
	c.bytes += len(text)
}

// grown is a corpus of about size bytes: the embedded documents, and those again
// and again with their lines in another order. So no words are new, and no two
// texts are the same.
func grown(size int) (*corpus, error) {
	names, texts, err := documents()
	if err != nil {
		return nil, err
	}
	c := &corpus{fstest.MapFS{}, 0}
	rng := rand.New(rand.NewPCG(9, 1))
	for round := 0; ; round++ {
		for i, text := range texts {
			if c.bytes >= size {
				return c, nil
			}
			if round > 0 {
				lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
				rng.Shuffle(len(lines), func(a, b int) { lines[a], lines[b] = lines[b], lines[a] })
				text = strings.Join(lines, "\n") + "\n"
			}
			c.add(fmt.Sprintf("%d/%s", round, names[i]), text)
		}
	}
}

// pocketAgree wants the model that is trained on the corpus's files to be the
// embedded one.
func pocketAgree(*runner) error {
	c, err := embedded()
	if err != nil {
		return err
	}
	trained, err := pocket.Train(c.documents)
	if err != nil {
		return err
	}
	var drawn []string
	for _, backend := range []*pocket.Model{pocket.Default(), trained} {
		c, err := sampling.Model{Backend: backend}.Complete(context.Background(), pocketRequest(1))
		if err != nil {
			return err
		}
		drawn = append(drawn, c.Text)
	}
	if drawn[0] != drawn[1] {
		return fmt.Errorf("the default model says %q and one of the same files %q", ending(drawn[0]), ending(drawn[1]))
	}
	return nil
}

func pocketRequest(seed uint64) *sampling.Request {
	return &sampling.Request{Prompt: pocketPrompt, Params: sampling.Params{Temperature: 1, MaxTokens: pocketTokens, Seed: seed}}
}

// drawing is a benchmark in which an operation is a draw of many tokens. It
// reports how long one takes, since a text may end before the last.
func drawing(model *pocket.Model) benchmark {
	return benchmark{"drawing", func(b *testing.B) error {
		tokens := 0
		for seed := uint64(1); b.Loop(); seed++ {
			for chunk, err := range model.Sample(context.Background(), pocketRequest(seed)) {
				if err != nil {
					return err
				}
				if chunk.Text != "" {
					tokens++
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(tokens), "ns/token")
		return nil
	}}
}

// readingPrompt is a benchmark in which an operation is to read a prompt and draw one
// token. The prompts begin differently, so that none resumes after the last one.
func readingPrompt(model *pocket.Model, prompt string) benchmark {
	return benchmark{"reading", func(b *testing.B) error {
		tokens, err := model.Count(context.Background(), prompt)
		if err != nil {
			return err
		}
		for i := 0; b.Loop(); i++ {
			text := strconv.Itoa(i%2) + prompt
			for _, err := range model.Sample(context.Background(), &sampling.Request{Prompt: text, Params: sampling.Params{MaxTokens: 1}}) {
				if err != nil {
					return err
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(tokens), "ns/token")
		return nil
	}}
}

// A pocketSize is what was measured of one corpus.
type pocketSize struct {
	corpus  *corpus
	trained *built
	draw    figure // ns for a token
	read    figure
}

func measurePocketSize(r *runner, c *corpus, repetitions int, prompt string) (*pocketSize, error) {
	name := size(float64(c.bytes))
	trained, models, err := r.build("pocket: training on "+name, repetitions, builder{"Train", func() (any, error) { return pocket.Train(c.documents) }})
	if err != nil {
		return nil, err
	}
	model := models[0].(*pocket.Model)
	results, err := r.measure("pocket: drawing from "+name, drawing(model), readingPrompt(model, prompt))
	if err != nil {
		return nil, err
	}
	return &pocketSize{c, trained[0], newFigure(results[0].extra["ns/token"]), newFigure(results[1].extra["ns/token"])}, nil
}

func (s *pocketSize) row(name string) []string {
	took, kept := newFigure(s.trained.time), newFigure(s.trained.kept)
	return []string{
		name, size(float64(s.corpus.bytes)), count(len(s.corpus.documents)), took.duration(), kept.size(), significant(kept.Center / float64(s.corpus.bytes)),
		s.draw.duration(), count(1e9 / s.draw.Center), s.read.duration(),
	}
}

func measurePocket(r *runner) (*section, error) {
	text, err := prose()
	if err != nil {
		return nil, err
	}
	prompt := strings.ToValidUTF8(text[:4000], "")
	sizes := []int{1_000_000, 10_000_000, 100_000_000}
	if r.quick {
		sizes = []int{100_000, 200_000}
	}
	t := table{Head: []string{"", "text", "documents", "training", "kept on the heap", "for each byte of text", "drawing a token", "tokens/s", "reading a token"}}
	c, err := embedded()
	if err != nil {
		return nil, err
	}
	measured, err := measurePocketSize(r, c, r.repetitions, prompt)
	if err != nil {
		return nil, err
	}
	t.Rows = append(t.Rows, measured.row("the default model"))
	var first, last *pocketSize
	for _, bytes := range sizes {
		if c, err = grown(bytes); err != nil {
			return nil, err
		}
		repetitions := r.repetitions
		if bytes > 50_000_000 {
			repetitions = 1
		}
		if last, err = measurePocketSize(r, c, repetitions, prompt); err != nil {
			return nil, err
		}
		if first == nil {
			first = last
		}
		t.Rows = append(t.Rows, last.row("repeated and shuffled"))
	}
	perByte := newFigure(last.trained.time).Center / float64(last.corpus.bytes) / (newFigure(first.trained.time).Center / float64(first.corpus.bytes))
	perToken := last.draw.Center / first.draw.Center
	return &section{
		Title: "pocket",
		Text: fmt.Sprintf(`The embedded base model is trained on its own corpus, and on larger ones: its documents repeated, with their lines shuffled.
The first use of the default model trains it. Then %d tokens are drawn at temperature 1 after a few pairs, and a prompt of 4 kB of
English is read. We know of nothing comparable to measure against.`, pocketTokens),
		Tables: []table{t},
		Goals: []goal{
			timesAtMost("training a byte of the largest corpus takes at most twice as long as one of the smallest", perByte, 2),
			timesAtMost("drawing a token from the largest corpus takes at most three times as long as from the smallest", perToken, 3),
		},
		Notes: []string{`The largest model is trained once, so its training time and memory have no interval.`},
	}, nil
}
