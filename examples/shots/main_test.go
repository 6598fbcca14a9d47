package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/clitest"
)

func TestShots(t *testing.T) {
	name := filepath.Join(t.TempDir(), "curve")
	got := clitest.Run(t, "shots", run, "", nil, "-orders", "2", "-cases", "20", "-o", name)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%+v", got)
	}
	clitest.Golden(t, "table.txt", strings.ReplaceAll(got.Stdout, name, "curve"))

	f, err := os.Open(name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() < 400 {
		t.Errorf("the PNG picture: %v", err)
	}
	svg, err := os.ReadFile(name + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	for dec := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the SVG picture: %v", err)
		}
	}
}

// TestCache runs twice on one file. The second run adds nothing to it, so that
// every answer came out of it, and prints the same.
func TestCache(t *testing.T) {
	name := filepath.Join(t.TempDir(), "answers.jsonl")
	var printed, kept string
	for i := range 2 {
		got := clitest.Run(t, "shots", run, "", nil, "-orders", "1", "-cases", "3", "-o", "", "-cache", name)
		file, err := os.ReadFile(name)
		if err != nil || got.Status != 0 || len(file) == 0 {
			t.Fatalf("%+v, %v", got, err)
		}
		if i > 0 && (got.Stdout != printed || string(file) != kept) {
			t.Errorf("the second run asked again, or printed something else: %s", got.Stdout)
		}
		printed, kept = got.Stdout, string(file)
	}
}

// TestPicture draws the picture of the README anew and compares it with the one
// that is there; -update puts it there.
func TestPicture(t *testing.T) {
	if os.Getenv("FOREWORD_LONG") == "" && !updating() {
		t.Skip("it draws 6,000 answers; set FOREWORD_LONG=1, as CI does")
	}
	name := filepath.Join(t.TempDir(), "shots")
	got := clitest.Run(t, "shots", run, "", nil, "-o", name)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%+v", got)
	}
	svg, err := os.ReadFile(name + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	const images = "../../docs/images/"
	clitest.Golden(t, "../"+images+"shots.svg", string(svg))
	if updating() {
		png, err := os.ReadFile(name + ".png")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(images+"shots.png", png, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func TestCommandLine(t *testing.T) {
	clitest.CommandLine(t, "shots", run, map[string][]string{
		"-cases 0":                {"-cases", "0"},
		"there are 130 words":     {"-cases", "1000"},
		"-orders is 0":            {"-orders", "0"},
		"Temperature is -1":       {"-temperature", "-1", "-o", ""},
		"-model go with -backend": {"-model", "m"},
		"no/such/folder":          {"-o", "no/such/folder/shots"},
	})
}

func TestTour(t *testing.T) { clitest.Tour(t, "shots", run) }
