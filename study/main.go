// Command study measures what the library buys on a real language model, and
// writes docs/study.md with its plots. It is a module of its own, since only this
// page needs what draws them.
//
//	go -C study run .                                  # writes the page from the recorded exchanges; asks nobody
//	go -C study run . -url http://127.0.0.1:8080/v1    # asks a llama.cpp server, records, and writes the page
//	go -C study run . -url ... -dialect vllm           # the parts that vLLM serves
//	go -C study run . -url ... -only 4 -quick          # one part with few cases, printed and not written
//
// A run that was interrupted goes on where it stopped. Each part of the page has a
// file of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling/openai"
)

// A part is one question of the study.
type part struct {
	number int
	vllm   bool // whether vLLM is asked too
	run    func(ctx context.Context, r *run) (*section, error)
}

var parts = []part{
	{1, false, howManyShots},
	{2, false, whichShots},
	{3, false, calibration},
	{4, false, boundary},
	{5, true, constraints},
	{6, true, scoring},
	{7, false, talk},
	{8, false, memory},
	{9, true, parity},
	{10, false, prefixCache},
}

// dialects are the servers that are known, by the name of their run.
var dialects = map[string]openai.Dialect{"llamacpp": openai.LlamaCpp, "vllm": openai.VLLM}

// partsOf returns the parts of a run: all, or those that vLLM serves.
func partsOf(name string) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return name == "vllm" && !p.vllm })
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("study: ")
	var o options
	flag.StringVar(&o.url, "url", "", "the server's address, up to and with /v1; without one the recorded exchanges are replayed")
	flag.StringVar(&o.dialect, "dialect", "llamacpp", "the kind of server: llamacpp or vllm")
	flag.StringVar(&o.model, "model", "", "the model's name; empty is the one that the server describes")
	flag.StringVar(&o.title, "title", "", "what the page calls the model; empty is the server's name for it")
	flag.StringVar(&o.version, "version", "", "the server's version, where it does not tell a useful one")
	flag.StringVar(&o.work, "work", ".work", "the folder of a run that is not finished")
	flag.BoolVar(&o.quick, "quick", false, "few cases: twenty minutes on two cores instead of three hours")
	only := flag.String("only", "", "run these parts, separated by commas, and print them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := study(ctx, o, *only); err != nil {
		log.Fatal(err)
	}
}

func study(ctx context.Context, o options, only string) error {
	if o.url == "" {
		return writePage(ctx)
	}
	chosen, err := named(o.dialect, only)
	if err != nil {
		return err
	}
	r, err := live(ctx, o)
	if err != nil {
		return err
	}
	defer r.close()
	for _, p := range chosen {
		r.say("part %d", p.number)
		s, err := p.run(ctx, r)
		if err != nil {
			return fmt.Errorf("part %d: %w", p.number, err)
		}
		if s == nil {
			continue
		}
		s.number = p.number
		fmt.Println(s.markdown())
		if err := r.finished(p.number); err != nil {
			return err
		}
	}
	missing, err := r.missing()
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		r.say("the page is not written, since it has the parts %v, and this work has not", missing)
		return nil
	}
	if err := r.commit(ctx); err != nil {
		return err
	}
	return writePage(ctx)
}

// named returns the parts that -only names.
func named(dialect, only string) ([]part, error) {
	if _, ok := dialects[dialect]; !ok {
		return nil, fmt.Errorf("-dialect is %q; use llamacpp or vllm", dialect)
	}
	all := partsOf(dialect)
	if only == "" {
		return all, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		number, _ := strconv.Atoi(name)
		i := slices.IndexFunc(all, func(p part) bool { return p.number == number })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no part %q for %s", name, dialect)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

var errNoServer = errors.New("no server was recorded; give one with -url")
