package main

import (
	"flag"
	"io"
	"log"
	"os"
	"strings"
	"testing"
	"time"
)

// The tests start themselves as the server, as the command does.
func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	m.Run()
}

// TestQuick is the command with -quick: everything runs, and the outputs of each
// side agree. The page can be written, but isn't.
func TestQuick(t *testing.T) {
	keepBenchTime(t)
	var out strings.Builder
	if err := run(newRunner(1, time.Microsecond, true, io.Discard), "", &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "all outputs agree") {
		t.Errorf("printed %q", got)
	}
}

// keepBenchTime undoes what newRunner sets.
func keepBenchTime(t *testing.T) {
	f := flag.Lookup("test.benchtime")
	old := f.Value.String()
	t.Cleanup(func() { f.Value.Set(old) })
}

func TestOnly(t *testing.T) {
	if _, err := choosePoints("stops,nonsense"); err == nil || !strings.Contains(err.Error(), `"nonsense"`) {
		t.Errorf("got %v", err)
	}
	chosen, err := choosePoints("stops,rendering")
	if err != nil || len(chosen) != 2 || chosen[0].name != "stops" {
		t.Errorf("got %v, %v", chosen, err)
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{significant(0), "0"},
		{significant(0.012345), "0.0123"},
		{significant(9.996), "10"},
		{significant(123.4), "123"},
		{significant(999.6), "1,000"},
		{significant(1234567), "1,234,567"},
		{duration(0.5), "0.5 ns"},
		{duration(999.9), "1 µs"},
		{duration(1.5e9), "1.5 s"},
		{size(999), "999 B"},
		{size(20_480), "20.5 kB"},
		{count(-1000), "-1,000"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

// A ratio is of what ran side by side, not of the medians.
func TestRatio(t *testing.T) {
	f := ratio([]float64{2, 20, 200, 8, 10, 12}, []float64{1, 10, 100, 4, 5, 6})
	if f.Center != 2 || f.times() != "2 ±0%" {
		t.Errorf("got %v", f.times())
	}
	if f := newFigure([]float64{1, 2}); f.spread() != "±∞" {
		t.Errorf("two repetitions have the spread %s", f.spread())
	}
}

func TestGoal(t *testing.T) {
	f := newFigure([]float64{1, 2, 3, 4, 5, 6})
	for limit, want := range map[float64]string{
		6: "**met**", 5: "met by the median, not in every repetition", 2: "missed by the median, met in some repetitions", 0.5: "**missed**",
	} {
		g := atMost("x", f, limit, "y")
		if g.Verdict != want {
			t.Errorf("at most %v: %+v, want %q", limit, g, want)
		}
	}
	if g := atLeast("x", f, 0.5, "y"); g.Verdict != "**met**" {
		t.Errorf("at least 0.5: %+v", g)
	}
	if g := atLeast("x", f, 7, "y"); g.Verdict != "**missed**" {
		t.Errorf("at least 7: %+v", g)
	}
}
