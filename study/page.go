package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

const (
	pagePath    = "../docs/study.md"
	picturePath = "../docs/images/study"
)

// A section is one part of the page.
type section struct {
	number   int
	Title    string
	Text     string
	Tables   []table
	Pictures []picture
	Notes    []string // conclusions, with their figures
}

// A table has a heading for each column; the first cell of a row names it.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

func (t *table) add(cells ...string) { t.Rows = append(t.Rows, cells) }

func (s *section) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

func (s *section) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %d. %s\n\n%s\n", s.number, s.Title, s.Text)
	for _, p := range s.Pictures {
		fmt.Fprintf(&b, "\n![%s](images/study/%s)\n", p.title, p.file)
	}
	for _, t := range s.Tables {
		if t.Caption != "" {
			fmt.Fprintf(&b, "\n%s\n", t.Caption)
		}
		fmt.Fprintf(&b, "\n| %s |\n| --- |%s\n", strings.Join(t.Head, " | "), strings.Repeat(" ---: |", len(t.Head)-1))
		for _, row := range t.Rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "\n- %s", n)
	}
	if len(s.Notes) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

//go:embed page.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// writePage writes the page and its plots from the recorded exchanges.
func writePage(ctx context.Context) error {
	files, err := render(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(picturePath, 0o777); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// render returns the page and its plots by the path of their files.
func render(ctx context.Context) (map[string]string, error) {
	folder, err := os.MkdirTemp("", "study")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	runs, err := recorded(folder)
	for _, r := range runs {
		defer r.close()
	}
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	var sections []string
	for _, p := range parts {
		var whole *section
		for _, r := range runs {
			if !slices.Contains(r.Parts, p.number) {
				continue
			}
			s, err := p.run(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("part %d on %s: %w", p.number, r.Name, err)
			}
			if s == nil {
				continue
			}
			for i := range s.Tables {
				s.Tables[i].Caption = strings.TrimPrefix(s.Tables[i].Caption+" On "+r.Server+".", " ")
			}
			for i := range s.Pictures {
				s.Pictures[i].file = fmt.Sprintf("%d-%s-%s.svg", p.number, s.Pictures[i].file, r.Name)
				svg, err := s.Pictures[i].svg()
				if err != nil {
					return nil, err
				}
				files[filepath.Join(picturePath, s.Pictures[i].file)] = svg
			}
			if whole == nil {
				whole = s
				whole.number = p.number
				continue
			}
			whole.Tables = append(whole.Tables, s.Tables...)
			whole.Pictures = append(whole.Pictures, s.Pictures...)
			for _, n := range s.Notes {
				whole.note("%s: %s", r.Server, n)
			}
		}
		if whole != nil {
			sections = append(sections, whole.markdown())
		}
	}
	var b strings.Builder
	if err := pageTemplate.Execute(&b, map[string]any{"Runs": runs, "Sections": sections}); err != nil {
		return nil, err
	}
	files[pagePath] = b.String()
	return files, nil
}
