package main

import (
	"bytes"
	_ "embed"
	"io"
	"os"
	"strings"
	"text/template"
	"time"
)

// A page is what docs/benchmarks.md says.
type page struct {
	Machine     machine
	Sections    []*section
	Repetitions int
	Date        string
	Took        string // how long the run was

	begun time.Time
}

// A section is one point of the page.
type section struct {
	Title  string
	Text   string // what was compared
	Tables []table
	Goals  []goal
	Notes  []string // what a reader should know who wants to judge the figures
}

// A table has a heading for each column; the first cell of a row names it.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

//go:embed page.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"row": func(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" },
	"rule": func(cells []string) string {
		return "| --- |" + strings.Repeat(" ---: |", len(cells)-1)
	},
}).Parse(pageText))

func newPage(r *runner) *page {
	return &page{Machine: thisMachine(), Repetitions: r.repetitions, begun: r.begun}
}

func (p *page) finish() {
	p.Date = p.begun.Format("2 January 2006")
	p.Took = time.Since(p.begun).Round(time.Second).String()
	p.Machine.LoadAfter = load()
}

func (p *page) write(w io.Writer) error { return pageTemplate.Execute(w, p) }

// save replaces the page only when all of it could be written.
func (p *page) save(path string) error {
	var b bytes.Buffer
	if err := p.write(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}
