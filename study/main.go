// Command study measures what the library buys on a real language model, and
// writes docs/study.md with its plots. It is a module of its own because only this
// page needs a plotting library.
//
//	go -C study run .                                  # writes the page from the recorded exchanges, without a server
//	go -C study run . -url http://127.0.0.1:8080/v1    # asks a llama.cpp server, records, and writes the page
//	go -C study run . -url ... -dialect vllm           # parts 5, 6 and 9, on vLLM
//	go -C study run . -url ... -only 4 -quick          # prints one part, with few cases
//
// An interrupted run continues where it stopped. Each part of the page has a file
// of its own.
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

// A part answers one question.
type part struct {
	number         int
	llamacpp, vllm bool // which servers are asked
	run            func(ctx context.Context, r *run) (*section, error)
}

var parts = []part{
	{1, true, false, howManyShots},
	{2, true, false, whichShots},
	{3, true, false, calibration},
	{4, true, false, boundary},
	{5, true, true, constraints},
	{6, true, true, scoring},
	{7, true, false, talk},
	{8, true, false, memory},
	{9, false, true, parity},
	{10, true, false, prefixCache},
}

// dialects are the supported servers, by the name of their run.
var dialects = map[string]openai.Dialect{"llamacpp": openai.LlamaCpp, "vllm": openai.VLLM}

// partsOf returns the parts that ask a server.
func partsOf(name string) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool {
		return name == "vllm" && !p.vllm || name == "llamacpp" && !p.llamacpp
	})
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("study: ")
	var o options
	flag.StringVar(&o.url, "url", "", "the server's address, up to and with /v1; without one the recorded exchanges are replayed")
	flag.StringVar(&o.dialect, "dialect", "llamacpp", "the kind of server: llamacpp or vllm")
	flag.StringVar(&o.model, "model", "", "the model's name; empty is the one that the server describes")
	flag.StringVar(&o.title, "title", "", "what the page calls the model; empty is the server's name for it")
	flag.StringVar(&o.version, "version", "", "the server's version; empty is the one that it reports")
	flag.StringVar(&o.work, "work", ".work", "the folder of an unfinished run")
	flag.BoolVar(&o.quick, "quick", false, "few cases: about a third of the time")
	flag.BoolVar(&o.recorded, "recorded", false, "begin with the recorded exchanges, and ask only what they lack")
	only := flag.String("only", "", "run and print only these parts, such as 4,7")
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
		r.say("the page is not written: its parts %v are not in this work yet", missing)
		return nil
	}
	if err := r.commit(ctx); err != nil {
		return err
	}
	return writePage(ctx)
}

// named returns the parts that -only selects.
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

var errNoServer = errors.New("no exchanges are recorded; give a server with -url")
