package eval

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Confusion is a confusion matrix: it counts which label was given for which.
type Confusion struct {
	Labels []string // every label that was expected or given, sorted

	// Counts[i][j] is how many cases of Labels[i] got Labels[j]. The last column,
	// Counts[i][len(Labels)], has those without a label: invalid answers, and cases
	// on which the Predictor abstained.
	Counts [][]int

	// Scores of each label, by its index. A division by zero gives 0, as in
	// scikit-learn.
	Precision []float64 // the share of right cases among those that got the label
	Recall    []float64 // the share of right cases among those that have the label
	F1        []float64 // the harmonic mean of the two
}

// Confusion returns the confusion matrix of the report. Labels are compared as
// text, whatever the metric says.
func (r *Report) Confusion() *Confusion {
	c := &Confusion{}
	for _, one := range r.Results {
		c.Labels = append(c.Labels, one.Want)
		if one.labelled() {
			c.Labels = append(c.Labels, one.Got)
		}
	}
	slices.Sort(c.Labels)
	c.Labels = slices.Compact(c.Labels)
	n := len(c.Labels)
	c.Counts = make([][]int, n)
	for i := range c.Counts {
		c.Counts[i] = make([]int, n+1)
	}
	wanted, given := make([]int, n), make([]int, n+1)
	for _, one := range r.Results {
		i, _ := slices.BinarySearch(c.Labels, one.Want)
		j := n
		if one.labelled() {
			j, _ = slices.BinarySearch(c.Labels, one.Got)
		}
		c.Counts[i][j]++
		wanted[i]++
		given[j]++
	}
	for i := range c.Labels {
		right := c.Counts[i][i]
		c.Precision = append(c.Precision, ratio(right, given[i]))
		c.Recall = append(c.Recall, ratio(right, wanted[i]))
		c.F1 = append(c.F1, ratio(2*right, given[i]+wanted[i]))
	}
	return c
}

func (r *Result) labelled() bool { return r.Err == nil && !r.Abstained }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// String returns the matrix as aligned text, a row for each label that was
// expected, with its scores, and the unweighted mean of the F1 scores.
func (c *Confusion) String() string {
	head := []string{"expected"}
	for _, label := range c.Labels {
		head = append(head, shortened(label, 16))
	}
	rows := [][]string{append(head, "none", "precision", "recall", "F1")}
	for i, label := range c.Labels {
		row := []string{shortened(label, 16)}
		for _, n := range c.Counts[i] {
			row = append(row, strconv.Itoa(n))
		}
		for _, x := range []float64{c.Precision[i], c.Recall[i], c.F1[i]} {
			row = append(row, fmt.Sprintf("%.3f", x))
		}
		rows = append(rows, row)
	}
	return aligned(rows, 1) + fmt.Sprintf("macro F1 %.3f\n", sum(c.F1)/float64(max(len(c.F1), 1)))
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
	for i := range left {
		widths[i] *= -1
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%*s  ", widths[i], cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
