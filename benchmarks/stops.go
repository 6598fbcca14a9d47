package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// stopSequences are of the kinds that are in use: empty lines, the labels of a
// layout, marks of other formats. The first 1, 4 and 16 are measured.
var stopSequences = []string{
	"\n\n", "\nQ:", "###", "<|end|>",
	"\nHuman:", "\nUser:", "\nAssistant:", "END", "\n---", "</s>", "\nInput:", "\nOutput:", "[/INST]", "```", "|||", "\r\n\r\n",
}

var (
	stopCounts = []int{1, 4, 16}
	chunkSizes = []int{4, 4 << 10}
)

type chunks = iter.Seq2[sampling.Chunk, error]

// cutters are the ways to cut a stream at the first stop.
var cutters = []struct {
	name string
	cut  func(in chunks, stops []string) chunks
}{
	{"Until", sampling.Until},
	{"a tail searched for each stop", cutByTail},
	{"nothing: chunks passed on", func(in chunks, _ []string) chunks {
		return func(yield func(sampling.Chunk, error) bool) {
			for chunk, err := range in {
				if !yield(chunk, err) {
					return
				}
			}
		}
	}},
}

const (
	atUntil = iota
	atTail
	atNothing
)

// cutByTail is what a careful program writes by hand: it keeps as many bytes
// back as the longest stop has but one, and looks for each stop in what was kept
// and what is new. A first-completed rule, or half a rune at the end of a chunk,
// is beyond it.
func cutByTail(in chunks, stops []string) chunks {
	return func(yield func(sampling.Chunk, error) bool) {
		longest := 0
		for _, s := range stops {
			longest = max(longest, len(s))
		}
		var tail string
		for chunk, err := range in {
			if err != nil {
				yield(chunk, err)
				return
			}
			text := tail + chunk.Text
			first, found := -1, ""
			for _, s := range stops {
				if i := strings.Index(text, s); i >= 0 && (first < 0 || i < first) {
					first, found = i, s
				}
			}
			if first >= 0 {
				chunk.Text, chunk.Reason, chunk.Stop = text[:first], sampling.StopSequence, found
				yield(chunk, nil)
				return
			}
			out := max(0, len(text)-longest+1)
			chunk.Text, tail = text[:out], text[out:]
			if chunk.Text != "" && !yield(chunk, nil) {
				return
			}
		}
		if tail != "" {
			yield(sampling.Chunk{Text: tail}, nil)
		}
	}
}

// plainText is English without any of the stop sequences, with a line break now
// and then, in ASCII.
func plainText() (string, error) {
	text, err := prose()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.Map(func(r rune) rune {
			if r >= 0x80 || strings.ContainsRune(":`", r) {
				return -1
			}
			return r
		}, line)
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	text = b.String()
	for _, s := range stopSequences {
		if strings.Contains(text, s) {
			return "", fmt.Errorf("the text has the stop sequence %q", s)
		}
	}
	return text, nil
}

// cutUp cuts a text into chunks of a size.
func cutUp(text string, size int) []sampling.Chunk {
	var all []sampling.Chunk
	for i := 0; i+size <= len(text); i += size {
		all = append(all, sampling.Chunk{Text: text[i : i+size]})
	}
	return all
}

// cycle yields n chunks, from the first on again when they are through.
func cycle(all []sampling.Chunk, n int) chunks {
	return func(yield func(sampling.Chunk, error) bool) {
		for i, at := 0, 0; i < n; i++ {
			if !yield(all[at], nil) {
				return
			}
			if at++; at == len(all) {
				at = 0
			}
		}
	}
}

func stopsAgree(*runner) error {
	text, err := plainText()
	if err != nil {
		return err
	}
	text = text[:20_000]
	for _, n := range stopCounts {
		for _, size := range chunkSizes {
			for _, stop := range append([]string{""}, stopSequences[:n]...) {
				// "" is a text without a stop, which must come out whole.
				source := text[:13_333] + stop + text[13_333:]
				source = source[:len(source)/size*size]
				want := source
				if stop != "" {
					want = text[:13_333]
				}
				for _, c := range cutters[:atNothing] {
					var got strings.Builder
					var found string
					for chunk, err := range c.cut(cycle(cutUp(source, size), len(source)/size), stopSequences[:n]) {
						if err != nil {
							return err
						}
						got.WriteString(chunk.Text)
						found = chunk.Stop
					}
					if got.String() != want || found != stop {
						return fmt.Errorf("%s, chunks of %d, stop %q: %d bytes and stop %q, want %d", c.name, size, stop, got.Len(), found, len(want))
					}
				}
			}
		}
	}
	return nil
}

// passing is a benchmark in which an operation is one chunk.
func passing(name string, all []sampling.Chunk, cut func(chunks) chunks) benchmark {
	return benchmark{name, func(b *testing.B) error {
		read := 0
		for _, err := range cut(cycle(all, b.N)) {
			if err != nil {
				return err
			}
			read++
		}
		if read == 0 && b.N > 100 {
			return errors.New("nothing came out")
		}
		return nil
	}}
}

func measureStops(r *runner) (*section, error) {
	text, err := plainText()
	if err != nil {
		return nil, err
	}
	var tables []table
	measured := map[int][][]*result{} // by size of the chunks, then by stopCounts
	for _, size := range chunkSizes {
		all := cutUp(text, size)
		for _, n := range stopCounts {
			var benchmarks []benchmark
			for _, c := range cutters {
				benchmarks = append(benchmarks, passing(c.name, all, func(in chunks) chunks { return c.cut(in, stopSequences[:n]) }))
			}
			results, err := r.measure(fmt.Sprintf("stops: %d stops, chunks of %d", n, size), benchmarks...)
			if err != nil {
				return nil, err
			}
			measured[size] = append(measured[size], results)
		}
		tables = append(tables, stopsTable(size, measured[size]))
	}
	hard, err := measureHardStops(r)
	if err != nil {
		return nil, err
	}
	var speeds, allocs []figure
	var names []string
	for i, n := range stopCounts {
		for _, size := range chunkSizes {
			allocs = append(allocs, newFigure(measured[size][i][atUntil].allocs))
		}
		speeds = append(speeds, rate(4096, measured[4096][i][atUntil].time))
		names = append(names, fmt.Sprintf("%d stops", n))
	}
	cost := newFigure(measured[4][1][atUntil].time)
	slowest, at := least(speeds, names)
	most := slices.MaxFunc(allocs, func(a, b figure) int { return cmp.Compare(a.Hi, b.Hi) })
	return &section{
		Title: "Stops",
		Text: `English prose, cut into chunks, goes through sampling.Until with 1, 4 and 16 stop sequences that it does not contain. The second
row is what a careful program does by hand. It holds back one byte less than the longest stop has, and searches the held and the
new text for each stop. It gives the same text, but later. It is wrong if two stops overlap or a chunk ends within a rune.`,
		Tables: append(tables, hard),
		Goals: []goal{
			atMost("at most 100 ns for a chunk of 4 bytes with 4 stops", cost, 100, cost.duration()),
			atMost("no allocation when nothing is held", most, 0, count(most.Center)),
			atLeast("at least 1 GB/s on chunks of 4 kB", slowest, 1e9, gigabytes(slowest)+" with "+at+", the slowest"),
		},
		Notes: []string{"Speed depends on how often a partial stop occurs. The last table shows texts made to be slow."},
	}, nil
}

func stopsTable(size int, measured [][]*result) table {
	t := table{Caption: "A chunk of 4 bytes, as a server sends for a token.", Head: []string{"", "1 stop", "4 stops", "16 stops", "allocations"}}
	if size > 4 {
		t.Caption = "A chunk of 4 kB."
	}
	for i, c := range cutters {
		row, allocs := []string{c.name}, 0.0
		for _, results := range measured {
			got := results[i]
			cell := newFigure(got.time).duration()
			switch {
			case i == atTail:
				cell = ratio(got.time, results[atUntil].time).times() + " times Until"
			case i == atUntil && size > 4:
				cell += ", " + gigabytes(rate(float64(size), got.time))
			}
			row, allocs = append(row, cell), max(allocs, newFigure(got.allocs).Center)
		}
		t.Rows = append(t.Rows, append(row, count(allocs)))
	}
	return t
}

func gigabytes(f figure) string { return significant(f.Center/1e9) + " GB/s " + f.spread() }

// measureHardStops is text in which many a place could begin a stop.
func measureHardStops(r *runner) (table, error) {
	t := table{Caption: "Until with 4 stops on chunks of 4 kB that are full of partial stops.", Head: []string{"", "speed"}}
	for _, hard := range []struct{ name, text string }{
		{"lines of 10 bytes", "so much de\npends upon\n"},
		{"every other byte", "<|en ##\n"},
	} {
		text := strings.Repeat(hard.text, 4096/len(hard.text))
		results, err := r.measure("stops: "+hard.name, passing(hard.name, []sampling.Chunk{{Text: text}}, func(in chunks) chunks {
			return sampling.Until(in, stopSequences[:4])
		}))
		if err != nil {
			return t, err
		}
		speed := rate(float64(len(text)), results[0].time)
		t.Rows = append(t.Rows, []string{hard.name, gigabytes(speed)})
	}
	return t, nil
}
