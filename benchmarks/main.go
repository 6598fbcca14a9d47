// Command benchmarks measures the library beside what people would use instead
// and writes docs/benchmarks.md. It is a module of its own, so that nobody who
// imports the library carries what it is compared with.
//
//	go -C benchmarks run .             # everything, in some six minutes; writes the page
//	go -C benchmarks run . -only stops # one point, printed and not written
//	go -C benchmarks run . -quick      # each thing once and small, in under a minute: does it run, do outputs agree?
//
// Each point of the page has a file of its own, and so has each peer. Before
// anything is measured, the outputs of both sides are compared.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
)

// pagePath is where the page stands, seen from the module's folder.
const pagePath = "../docs/benchmarks.md"

// A point is one thing that is measured.
type point struct {
	name string

	// agree compares what the library and each peer put out for the same input.
	agree func(r *runner) error

	// measure measures them.
	measure func(r *runner) (*section, error)
}

var points = []point{
	{"rendering", renderingAgree, measureRendering},
	{"fitting", fittingAgree, measureFitting},
	{"choosing", choosingAgree, measureChoosing},
	{"stops", stopsAgree, measureStops},
	{"wire", wireAgree, measureWire},
	{"conversations", conversationsAgree, measureConversations},
	{"pocket", pocketAgree, measurePocket},
	{"counting", countingAgree, measureCounting},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("benchmarks: ")
	if os.Getenv(serverVariable) != "" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	var (
		flags       = flag.NewFlagSet("benchmarks", flag.ExitOnError)
		quick       = flags.Bool("quick", false, "run each thing once and small, and write nothing")
		only        = flags.String("only", "", "run these points, parted by commas, and print them instead of writing the page")
		repetitions = flags.Int("n", 9, "how often each benchmark is run; a spread needs 6, and 9 leave out the extremes")
		benchTime   = flags.Duration("benchtime", 100*time.Millisecond, "how long each run of a benchmark is, at least")
		profile     = flags.String("cpuprofile", "", "write a CPU profile to this file")
	)
	flags.Parse(os.Args[1:]) // exits on an error
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			log.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	testing.Init() // registers the flag that newRunner sets
	r := newRunner(*repetitions, *benchTime, *quick, os.Stderr)
	if err := run(r, *only, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run measures what is asked for and puts it where it belongs.
func run(r *runner, only string, out io.Writer) error {
	chosen, err := choosePoints(only)
	if err != nil {
		return err
	}
	if _, err := os.Stat("../go.mod"); err != nil {
		return errors.New("the library is not in the parent folder: run this as go -C benchmarks run . at its root")
	}
	page := newPage(r)
	for _, p := range chosen {
		r.say("%s: comparing outputs", p.name)
		if err := p.agree(r); err != nil {
			return fmt.Errorf("%s: outputs differ: %w", p.name, err)
		}
	}
	for _, p := range chosen {
		section, err := p.measure(r)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		page.Sections = append(page.Sections, section)
	}
	page.finish()
	switch {
	case r.quick:
		// Also the template must work, though nobody is to see such figures.
		if err := page.write(io.Discard); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d points ran, all outputs agree\n", len(chosen))
		return nil
	case only != "":
		return page.write(out)
	}
	return page.save(pagePath)
}

func choosePoints(only string) ([]point, error) {
	if only == "" {
		return points, nil
	}
	var chosen []point
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(points, func(p point) bool { return p.name == name })
		if i < 0 {
			var known []string
			for _, p := range points {
				known = append(known, p.name)
			}
			return nil, fmt.Errorf("no point is called %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, points[i])
	}
	return chosen, nil
}
