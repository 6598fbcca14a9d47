package eval

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Table is the result of a [Sweep].
type Table []Row

// columns are the table's columns: those that differ between rows, and the
// figures in percent.
func (t Table) columns() (names []string, cells [][]string) {
	percent := func(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) }
	formats := slices.ContainsFunc(t, func(r Row) bool { return r.Format != "" })
	selectors := slices.ContainsFunc(t, func(r Row) bool { return r.Selector != "" })
	if formats {
		names = append(names, "format")
	}
	if selectors {
		names = append(names, "selector")
	}
	constrained := slices.ContainsFunc(t, func(r Row) bool { return r.Constrain != t[0].Constrain })
	if constrained {
		names = append(names, "constrained")
	}
	names = append(names, "shots", "mean %", "spread", "least", "most")
	for _, r := range t {
		var row []string
		if formats {
			row = append(row, r.Format)
		}
		if selectors {
			row = append(row, r.Selector)
		}
		if constrained {
			row = append(row, constrainNames[r.Constrain])
		}
		cells = append(cells, append(row, strconv.Itoa(r.Shots), percent(r.Mean), percent(r.Spread), percent(r.Low), percent(r.High)))
	}
	return names, cells
}

// String returns the table as aligned text.
func (t Table) String() string {
	names, cells := t.columns()
	return aligned(append([][]string{names}, cells...), len(names)-5)
}

// aligned returns rows as text, the first columns to the left and the others to
// the right.
func aligned(rows [][]string, left int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < left {
				b.WriteString(cell + pad)
			} else {
				b.WriteString(pad + cell)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Markdown returns the table in Markdown.
func (t Table) Markdown() string {
	names, cells := t.columns()
	var b strings.Builder
	line := func(row []string) {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(names)
	rule := make([]string, len(names))
	for i := range rule {
		if rule[i] = "---"; i >= len(names)-5 {
			rule[i] = "---:"
		}
	}
	line(rule)
	for _, row := range cells {
		line(row)
	}
	return b.String()
}
