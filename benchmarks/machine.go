package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// A machine is where the figures come from.
type machine struct {
	Processor  string
	Cores      int
	System     string
	Go         string
	LoadBefore string // processes that wanted a core, on average over the last minute
	LoadAfter  string
	Modules    []module
}

// A module is one that is compared with, or that compares.
type module struct{ Path, Version string }

// measuredModules are those whose versions the page names.
var measuredModules = []string{
	"github.com/tmc/langchaingo",
	"github.com/google/dotprompt/go",
	"github.com/cloudwego/eino",
	"github.com/sashabaranov/go-openai",
	"github.com/blevesearch/bleve/v2",
	"github.com/pkoukk/tiktoken-go",
	"golang.org/x/perf",
}

func thisMachine() machine {
	m := machine{
		Processor:  processor(),
		Cores:      runtime.NumCPU(),
		System:     runtime.GOOS + "/" + runtime.GOARCH,
		Go:         runtime.Version(),
		LoadBefore: load(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if slices.Contains(measuredModules, dep.Path) {
				m.Modules = append(m.Modules, module{dep.Path, dep.Version})
			}
		}
	}
	return m
}

// processor returns its name, and how much memory stands beside it, as far as
// the system tells.
func processor() string {
	name := field("/proc/cpuinfo", "model name")
	if name == "" {
		name = runtime.GOARCH
	}
	var kB float64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kB); err == nil {
		name += ", " + size(kB*1024) + " of memory"
	}
	return name
}

// field returns the first value of a file of "name: value" lines.
func field(file, name string) string {
	text, _ := os.ReadFile(file) // only Linux has it
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	if one == "" {
		return "unknown"
	}
	return one
}
