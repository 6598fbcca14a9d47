package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foreword-go/foreword/sampling/wrap"
)

// exchanges is the folder of the recorded answers, with a pair of files for each server.
const exchanges = "exchanges"

// recorded opens the recorded runs, llama.cpp first. It unpacks them to the folder.
func recorded(folder string) ([]*run, error) {
	names, err := filepath.Glob(filepath.Join(exchanges, "*.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errNoServer
	}
	slices.Sort(names) // llama.cpp comes first
	var runs []*run
	for _, packed := range names {
		r := &run{}
		if err := r.read(os.DirFS("."), strings.TrimSuffix(filepath.ToSlash(packed), ".jsonl.gz")+".json"); err != nil {
			return nil, err
		}
		file := filepath.Join(folder, r.Name+".jsonl")
		if err := unpack(packed, file); err != nil {
			return nil, err
		}
		if r.store, err = wrap.OpenStore(file); err != nil {
			return nil, err
		}
		r.model = r.cached(r.namespace())
		runs = append(runs, r)
	}
	return runs, nil
}

// takeRecorded copies a recorded run to a folder that has none of this server.
func takeRecorded(name, folder string) error {
	to := filepath.Join(folder, name)
	if _, err := os.Stat(to + ".json"); err == nil {
		return nil
	}
	from := filepath.Join(exchanges, name)
	if err := unpack(from+".jsonl.gz", to+".jsonl"); err != nil {
		return err
	}
	text, err := os.ReadFile(from + ".json")
	if err != nil {
		return err
	}
	return os.WriteFile(to+".json", text, 0o666)
}

func unpack(from, to string) error {
	packed, err := os.Open(from)
	if err != nil {
		return err
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, text, 0o600)
}

// missing returns the recorded parts that this run lacks.
func (r *run) missing() (numbers []int, err error) {
	kept := &run{}
	if err := kept.read(os.DirFS("."), exchanges+"/"+r.Name+".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return slices.DeleteFunc(kept.Parts, func(n int) bool { return slices.Contains(r.Parts, n) }), nil
}

// recordedParts returns the finished parts of the run.
func (r *run) recordedParts() []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !slices.Contains(r.Parts, p.number) })
}

// commit records the run for replays. It replays all parts and keeps only the
// exchanges that they ask for.
func (r *run) commit(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "study")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "asked.jsonl")
	asked, err := wrap.OpenStore(file)
	if err != nil {
		return err
	}
	again := *r
	again.backend = nil
	again.asked = asked
	again.model = again.cached(again.namespace())
	for _, p := range r.recordedParts() {
		if _, err := p.run(ctx, &again); err != nil {
			asked.Close()
			return fmt.Errorf("part %d, asked again: %w", p.number, err)
		}
	}
	if err := asked.Close(); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
	z.Write(text)                                              // a Buffer does not fail
	z.Close()
	if err := os.MkdirAll(exchanges, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(exchanges, r.Name+".jsonl.gz"), packed.Bytes(), 0o666); err != nil {
		return err
	}
	return r.save(filepath.Join(exchanges, r.Name+".json"))
}
