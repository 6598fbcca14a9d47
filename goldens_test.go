package foreword_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/internal/golden"
)

// TestGoldens compares what examples print with files in their testdata.
func TestGoldens(t *testing.T) {
	for _, tt := range []struct{ file, command string }{
		{"golden.txt", `agree`},
		{"golden-2.txt", `agree "The chemical symbol of gold is"`},
		{"golden.txt", `bare`},
		{"golden.txt", `classify`},
		{"draws.txt", `classify -draws 200`},
		{"constrained.txt", `classify -draws 200 -constrain`},
		{"golden-2.txt", `classify "The charger was broken and nobody answered." "A superb book!"`},
		{"golden.txt", `continue`},
		{"golden-2.txt", `continue -temperature 0 -n 2 "The capital of France is"`},
		{"golden.txt", `extract`},
		{"draws.txt", `extract -draws 200`},
		{"constrained.txt", `extract -draws 200 -constrain`},
		{"golden.txt", `landmarks`},
		{"golden-2.txt", `landmarks -rounds 9 Tokyo`},
		{"golden.txt", `recite`},
		{"golden-2.txt", `recite -temperature 0 -prefix 12`},
		{"golden-3.txt", `recite -file examples/recite/testdata/unread.txt`},
	} {
		golden.Check(t, filepath.Join("examples", splitWords(tt.command)[0], "testdata", tt.file), runWell(t, tt.command))
	}
}

func TestEvaluate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cases.jsonl")
	golden.Check(t, "examples/evaluate/testdata/golden.txt", runWell(t, `evaluate -o "`+file+`"`))
	lines, err := os.ReadFile(file)
	if n := bytes.Count(lines, []byte("\n")); err != nil || n != 13 {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestShots(t *testing.T) {
	name := filepath.Join(t.TempDir(), "curve")
	out := runWell(t, `shots -orders 2 -cases 20 -o "`+name+`"`)
	golden.Check(t, "examples/shots/testdata/table.txt", strings.ReplaceAll(out, name, "curve"))
	f, err := os.Open(name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() < 400 {
		t.Errorf("the PNG picture: %v", err)
	}
	svg, err := os.Open(name + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	defer svg.Close()
	for dec := xml.NewDecoder(svg); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the SVG picture: %v", err)
		}
	}
}

// TestShotsCache runs twice with one cache file. The second run prints the same and
// adds nothing to the file: it has asked the model nothing.
func TestShotsCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answers.jsonl")
	command := `shots -orders 1 -cases 3 -o "" -cache "` + file + `"`
	var printed, kept string
	for i := range 2 {
		delete(results, command)
		out := runWell(t, command)
		cache, err := os.ReadFile(file)
		if err != nil || len(cache) == 0 {
			t.Fatalf("%q, %v", cache, err)
		}
		if i > 0 && (out != printed || string(cache) != kept) {
			t.Errorf("the second run asked again, or printed something else: %s", out)
		}
		printed, kept = out, string(cache)
	}
}

// TestPicture compares the README's picture with a new one. -update writes it.
func TestPicture(t *testing.T) {
	if os.Getenv("FOREWORD_LONG") == "" {
		t.Skip("it draws 6,000 answers; set FOREWORD_LONG=1, as CI does")
	}
	name := filepath.Join(t.TempDir(), "shots")
	runWell(t, `shots -o "`+name+`"`)
	svg, err := os.ReadFile(name + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "docs/images/shots.svg", string(svg))
	if *golden.Update {
		picture, err := os.ReadFile(name + ".png")
		if err == nil {
			err = os.WriteFile("docs/images/shots.png", picture, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
