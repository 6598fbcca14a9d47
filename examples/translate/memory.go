package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/wrap"
)

// A job translates a file with the help of a translation memory.
type job struct {
	memory, from, to string
	in, out          string
	shots            int
	price            sampling.Price
	params           sampling.Params
}

// A translation is one line of the output.
type translation struct {
	In    string `json:"in"`
	Out   string `json:"out,omitempty"`
	By    string `json:"by,omitempty"` // memory or model
	Error string `json:"error,omitempty"`
}

// run translates each line of the input. A line that is in the memory needs no model.
// The model is asked once for each other line, with similar segments as shots. The
// answers are cached in a file beside the output, so a job that was killed resumes.
func (j *job) run(ctx context.Context, env *cli.Env, model sampling.Model) (err error) {
	for name, file := range map[string]string{"-in": j.in, "-memory": j.memory} {
		if isSame(file, j.out) {
			return cli.Usagef("%s and -out name the same file %q, which would be replaced", name, j.out)
		}
	}
	if info, err := os.Stat(j.out); j.out == "" || err == nil && info.IsDir() {
		return cli.Usagef("-out is %q: name a file", j.out)
	}
	segments, err := j.segments()
	if err != nil {
		return err
	}
	texts, err := j.texts(ctx, env)
	if err != nil {
		return err
	}
	known := make(map[string]string, len(segments))
	for _, s := range slices.Backward(segments) {
		known[s.In] = s.Out // the first translation is used
	}
	task := fewshot.Task[string, string]{
		Examples: segments,
		Select:   choose.BM25(j.shots),
		Format:   fewshot.Format{Between: " => ", After: "\n", Quote: true},
		Params:   j.params,
	}
	prompter, err := task.Compile()
	if err != nil {
		return err
	}

	store, err := wrap.OpenStore(j.out + ".answers")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	meter := &wrap.Meter{Price: j.price}
	cache := &wrap.Cache{Store: store}
	if _, err := (sampling.Forward{Backend: model.Backend}).Describe(ctx); err != nil {
		cache.Namespace = "translate"
	}
	model.Backend = wrap.Around(model.Backend, meter, cache)

	done := map[string]translation{}
	var ask []string
	for _, text := range texts {
		if _, ok := done[text]; ok {
			continue
		}
		out, ok := known[text]
		if !ok {
			ask = append(ask, text)
		}
		done[text] = translation{In: text, Out: out, By: "memory"}
	}
	bar := cli.NewBar(env, "translating", len(ask))
	failed, unsent := 0, 0
	for r, err := range prompter.Map(ctx, model, slices.Values(ask), fewshot.MapOptions{}) {
		if errors.Is(err, fewshot.ErrStopped) {
			bar.Clear()
			return err
		}
		t := translation{In: r.In, Out: r.Out, By: "model"}
		if err != nil {
			failed++
			if errors.Is(err, sampling.ErrInvalid) {
				unsent++
			}
			t = translation{In: r.In, Error: err.Error()}
		}
		done[r.In] = t
		bar.Add(1)
	}
	bar.Finish()
	if err := j.write(texts, done); err != nil {
		return err
	}
	bill := meter.Total()
	fmt.Fprintf(env.Stderr, "translate: %d lines, %d different: %d from the memory of %d segments, %d by the model, %d failed; asked in an earlier run: %d\n",
		len(texts), len(done), len(done)-len(ask), len(segments), len(ask)-failed, failed, max(len(ask)-unsent-bill.Calls, 0))
	fmt.Fprintf(env.Stderr, "translate: %d calls, %d prompt tokens (%d cached), %d completion tokens, cost %.6g\n",
		bill.Calls, bill.PromptTokens, bill.CachedTokens, bill.CompletionTokens, bill.Cost)
	if failed > 0 {
		return fmt.Errorf("%d of %d lines could not be translated; see the lines with an error in %s", failed, len(done), j.out)
	}
	return nil
}

// priceOf parses -price.
func priceOf(text string) (p sampling.Price, err error) {
	if text == "" {
		return p, nil
	}
	var rest string
	if n, _ := fmt.Sscanf(text, "%g,%g,%g%s", &p.Prompt, &p.Cached, &p.Completion, &rest); n != 3 || !(min(p.Prompt, p.Cached, p.Completion) >= 0) {
		return p, cli.Usagef("-price is %q: name three prices, such as 0.5,0.25,1.5", text)
	}
	return p, nil
}

// isSame reports whether two paths lead to one file.
func isSame(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// segments reads the memory.
func (j *job) segments() ([]fewshot.Example[string, string], error) {
	f, err := os.Open(j.memory)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return fewshot.Collect(fewshot.ReadTMX(f, fewshot.LoadOptions{Name: j.memory, In: j.from, Out: j.to}))
}

// texts reads the lines to translate.
func (j *job) texts(ctx context.Context, env *cli.Env) (all []string, err error) {
	var r io.Reader = env.Stdin
	if j.in != "" {
		f, err := os.Open(j.in)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	for line, err := range cli.Lines(ctx, r) {
		if err != nil {
			return nil, err
		}
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all, nil
}

// write writes the translations in the order of the lines. It replaces the file at
// once.
func (j *job) write(texts []string, done map[string]translation) error {
	f, err := os.Create(j.out + ".part")
	if err != nil {
		return err
	}
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	for _, text := range texts {
		if err == nil {
			err = e.Encode(done[text])
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(j.out+".part", j.out)
}
