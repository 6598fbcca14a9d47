package eval

import (
	"fmt"
	"strconv"
)

// Gains are what a [Search] found: first the gain of all changes together, then one
// for each dimension of the options.
type Gains []Gain

// A Gain compares two variants on the held-out cases.
type Gain struct {
	Dimension string // such as "shots"; "all" for all changes together
	From, To  string // the values of the baseline and of the chosen variant; "" for all

	// After is the report of the chosen variant. Before is that of the baseline for
	// all, and otherwise that of the chosen variant with only this dimension set back
	// to From. The two are the same report where nothing changed.
	Before, After *Report
}

// String returns the gains as aligned text, in percent and points, with the
// interval and test of [Compare].
func (g Gains) String() string {
	rows := [][]string{{"dimension", "baseline", "chosen", "without %", "with %", "gain", "95 % interval", "better", "worse", "p"}}
	cases := 0
	for _, one := range g {
		cases = len(one.After.Results)
		row := []string{one.Dimension, "", "", fmt.Sprintf("%.1f", 100*one.Before.Accuracy), fmt.Sprintf("%.1f", 100*one.After.Accuracy)}
		if one.Dimension != "all" {
			row[1], row[2] = shown(one.From), shown(one.To)
		}
		if c, err := Compare(one.Before, one.After); err == nil && one.Before != one.After {
			row = append(row, fmt.Sprintf("%+.1f", 100*c.Difference), fmt.Sprintf("%+.1f to %+.1f", 100*c.Low, 100*c.High),
				strconv.Itoa(c.Better), strconv.Itoa(c.Worse), fmt.Sprintf("%.2g", c.P))
		}
		rows = append(rows, row)
	}
	return aligned(rows, 3) + fmt.Sprintf("on %d held-out cases\n", cases)
}
