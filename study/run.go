package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
	"github.com/foreword-go/foreword/sampling/wrap"
)

type options struct {
	url, dialect, model, title, version, work string
	quick, recorded                           bool
}

// A run is the work on one server. Its exported fields are saved beside the
// exchanges.
type run struct {
	Name    string // "llamacpp" or "vllm"
	Model   string
	Server  string
	Version string
	Date    string
	Quick   bool
	Parts   []int // the numbers of the finished ones
	Costs   map[string]*cost

	model   sampling.Model // answers from the exchanges first, then from the server
	store   *wrap.Store
	backend sampling.Backend // nil in a replay
	asked   *wrap.Store      // collects what a replay asks for; may be nil
	traffic *traffic
	path    string // the file of the exported fields; "" in a replay
	said    time.Time
}

// live connects to a server and resumes its run.
func live(ctx context.Context, o options) (*run, error) {
	dialect := dialects[o.dialect]
	t := &traffic{base: o.url}
	c := openai.Config{BaseURL: o.url, Model: cmp.Or(o.model, "any"), Dialect: dialect, NoStreaming: true, HTTPClient: &http.Client{Transport: t}}
	backend, err := openai.New(c)
	if err != nil {
		return nil, err
	}
	info, err := backend.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.work, 0o777); err != nil {
		return nil, err
	}
	if o.recorded {
		if err := takeRecorded(o.dialect, o.work); err != nil {
			return nil, err
		}
	}
	r := &run{path: filepath.Join(o.work, o.dialect+".json"), backend: backend, traffic: t}
	if err := r.read(os.DirFS(o.work), o.dialect+".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	server, version, _ := strings.Cut(info.Server, " ")
	now := run{Name: o.dialect, Model: cmp.Or(o.title, path.Base(info.Model)), Server: server, Version: cmp.Or(o.version, version), Quick: o.quick}
	if r.Name == "" {
		r.Name, r.Model, r.Server, r.Version, r.Quick = now.Name, now.Model, now.Server, now.Version, now.Quick
	} else if r.namespace() != now.namespace() || r.Quick != now.Quick {
		return nil, fmt.Errorf("%s has a run of %s (quick: %v), and this is %s (quick: %v); choose another folder with -work, or remove that one", o.work, r.namespace(), r.Quick, now.namespace(), now.Quick)
	}
	if r.Costs == nil {
		r.Costs = map[string]*cost{}
	}
	if r.store, err = wrap.OpenStore(filepath.Join(o.work, o.dialect+".jsonl")); err != nil {
		return nil, err
	}
	r.model = r.cached(r.namespace())
	return r, nil
}

func (r *run) namespace() string { return fmt.Sprintf("%s on %s %s", r.Model, r.Server, r.Version) }

// cached returns the model, with the exchanges of a namespace as its cache.
func (r *run) cached(namespace string) sampling.Model {
	wrappers := []wrap.Wrapper{&wrap.Cache{Store: r.store, Namespace: namespace, Strict: r.backend == nil}}
	if r.asked != nil {
		wrappers = append(wrappers, &wrap.Cache{Store: r.asked, Namespace: namespace})
	}
	return sampling.Model{Backend: wrap.Around(r.backend, wrappers...)}
}

func (r *run) read(files fs.FS, name string) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r *run) save(path string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}

// finished saves that a part is done.
func (r *run) finished(number int) error {
	if !slices.Contains(r.Parts, number) {
		r.Parts = append(r.Parts, number)
		slices.Sort(r.Parts)
	}
	r.Date = time.Now().Format(time.DateOnly)
	return r.save(r.path)
}

func (r *run) close() error { return r.store.Close() }

// cases returns how many cases a part takes.
func (r *run) cases(full, quick int) int {
	if r.Quick {
		return quick
	}
	return full
}

// say prints progress, but not in a replay.
func (r *run) say(format string, args ...any) {
	if r.backend != nil {
		fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
	}
}
