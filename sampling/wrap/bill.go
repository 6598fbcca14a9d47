package wrap

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/foreword-go/foreword/sampling"
)

// A Bill is the cost of a number of calls.
type Bill struct {
	// Calls is the number of charged calls. Estimated is how many of them have a
	// usage that the backend did not report in full. Failed is the number of calls
	// that were sent, failed and cost nothing.
	Calls, Estimated, Failed int

	sampling.Usage // the sum over all calls

	Cost float64 // by Meter.Price, in its currency
}

func (b *Bill) add(c Bill) {
	b.Calls += c.Calls
	b.Estimated += c.Estimated
	b.Failed += c.Failed
	b.PromptTokens = plus(b.PromptTokens, c.PromptTokens)
	b.CompletionTokens = plus(b.CompletionTokens, c.CompletionTokens)
	b.CachedTokens = plus(b.CachedTokens, c.CachedTokens)
	b.Cost += c.Cost
}

// plus adds, and returns the largest int on overflow.
func plus(sum, n int) int {
	if sum > math.MaxInt-n {
		return math.MaxInt
	}
	return sum + n
}

// String returns a table of the costs: one line for each label, the most expensive
// first, and the total. "~" marks a number that includes an estimate.
func (m *Meter) String() string {
	bills := m.Labels()
	labels := slices.SortedFunc(maps.Keys(bills), func(x, y string) int {
		return cmp.Or(cmp.Compare(bills[y].Cost, bills[x].Cost), strings.Compare(x, y))
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "label\tcalls\tfailed\tprompt\tcompletion\tcost\t")
	for _, label := range labels {
		bills[label].line(w, cmp.Or(label, "(none)"))
	}
	m.Total().line(w, "total")
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
