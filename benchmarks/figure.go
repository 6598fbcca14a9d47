package main

import (
	"math"
	"strconv"

	"golang.org/x/perf/benchmath"
)

// A figure is the median of what the repetitions gave, with the interval that
// holds the true one with a confidence of 95 %, as benchstat works it out. It
// assumes nothing about how measurements are distributed: of six repetitions
// the interval is all that was measured, of nine it leaves out the extremes.
type figure struct{ benchmath.Summary }

func newFigure(values []float64) figure {
	sample := benchmath.NewSample(append([]float64(nil), values...), &benchmath.DefaultThresholds)
	return figure{benchmath.AssumeNothing.Summary(sample, 0.95)}
}

// ratio compares two results repetition by repetition: the two of one took place
// side by side, so that the machine's moods cancel out.
func ratio(of, to []float64) figure {
	values := make([]float64, min(len(of), len(to)))
	for i := range values {
		values[i] = of[i] / to[i]
	}
	return newFigure(values)
}

// times is a ratio as text, such as "0.31 ±4%".
func (f figure) times() string { return significant(f.Center) + " " + f.spread() }

func (f figure) spread() string {
	if math.IsInf(f.Lo, 0) || math.IsInf(f.Hi, 0) {
		return "±∞" // too few repetitions to know
	}
	return "±" + f.PctRangeString()
}

// duration is a time in ns as text.
func (f figure) duration() string { return duration(f.Center) + " " + f.spread() }

func (f figure) size() string { return size(f.Center) }

// allocated is what an operation takes from the heap, such as "2, 320 B".
func (r *result) allocated() string {
	return count(newFigure(r.allocs).Center) + ", " + size(newFigure(r.bytes).Center)
}

// duration is the time with three figures, such as "1.23 µs".
func duration(ns float64) string {
	for _, unit := range []struct {
		name string
		ns   float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= 0.9995*unit.ns {
			return significant(ns/unit.ns) + " " + unit.name
		}
	}
	return significant(ns) + " ns"
}

func size(bytes float64) string {
	for _, unit := range []struct {
		name  string
		bytes float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if bytes >= 0.9995*unit.bytes {
			return significant(bytes/unit.bytes) + " " + unit.name
		}
	}
	return significant(bytes) + " B"
}

// rate is what so many units in each operation make a second.
func rate(units float64, ns []float64) figure {
	values := make([]float64, len(ns))
	for i, t := range ns {
		values[i] = units / t * 1e9
	}
	return newFigure(values)
}

// count is a whole number in groups of three, such as "10,000".
func count[N int | float64](n N) string {
	text := strconv.FormatFloat(math.Round(float64(n)), 'f', -1, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// significant is a number with three figures, and never with an exponent.
func significant(v float64) string {
	if math.Abs(v) >= 999.5 {
		return count(v)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64) // it was a number
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
