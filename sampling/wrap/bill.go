package wrap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Bill is the cost of a number of calls.
type Bill struct {
	// Calls is the number of calls that were charged. Estimated counts those of
	// them whose usage the backend did not report, or only in part. Failed counts
	// the calls that were sent, failed and were not charged.
	Calls, Estimated, Failed int64

	// Tokens. CachedTokens are those of the prompts' that came out of a
	// server's prefix cache; they are among the PromptTokens.
	PromptTokens, CompletionTokens, CachedTokens int64

	Cost float64 // by Meter.Price, in its currency
}

// Bills are the costs that a [Meter] has counted.
type Bills struct {
	Total  Bill
	Labels map[string]Bill // by label; calls without one stand under ""
}

// String returns a table: one line for each label, the most expensive first, and
// the total. "~" marks a number that includes an estimate.
func (b Bills) String() string {
	labels := make([]string, 0, len(b.Labels))
	for label := range b.Labels {
		labels = append(labels, label)
	}
	slices.SortFunc(labels, func(x, y string) int {
		return cmp.Or(cmp.Compare(b.Labels[y].Cost, b.Labels[x].Cost), strings.Compare(x, y))
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "label\tcalls\tfailed\tprompt\tcompletion\tcost\t")
	for _, label := range labels {
		name := label
		if name == "" {
			name = "(none)"
		}
		b.Labels[label].line(w, name)
	}
	b.Total.line(w, "total")
	w.Flush()
	return table.String()
}

func (b Bill) line(w *tabwriter.Writer, name string) {
	about := ""
	if b.Estimated > 0 {
		about = "~"
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%s%d\t%s%d\t%s%.6g\t\n", name, b.Calls, b.Failed,
		about, b.PromptTokens, about, b.CompletionTokens, about, b.Cost)
}
