package main

// A goal is what a figure was to reach.
type goal struct {
	Text    string // such as "at most 1.2 times the floor"
	Reached string // the figure, as text
	Verdict string // "met", or what is to be said instead
}

// atMost is a goal that is met when the figure is not above the limit.
func atMost(text string, f figure, limit float64, reached string) goal {
	return judge(text, reached, f.Center <= limit, f.Hi <= limit, f.Lo <= limit)
}

// atLeast is a goal that is met when the figure is not below the limit.
func atLeast(text string, f figure, limit float64, reached string) goal {
	return judge(text, reached, f.Center >= limit, f.Lo >= limit, f.Hi >= limit)
}

// timesAtMost is atMost for a ratio of two medians, which has no spread.
func timesAtMost(text string, ratio, limit float64) goal {
	return judge(text, significant(ratio)+" times", ratio <= limit, ratio <= limit, ratio <= limit)
}

// judge says met only of what is met in all of the interval.
func judge(text, reached string, center, all, some bool) goal {
	g := goal{Text: text, Reached: reached}
	switch {
	case all:
		g.Verdict = "**met**"
	case center:
		g.Verdict = "met by the median, not in every repetition"
	case some:
		g.Verdict = "missed by the median, met in some repetitions"
	default:
		g.Verdict = "**missed**"
	}
	return g
}

// worst returns the highest of the figures and the name that goes with it.
func worst(figures []figure, names []string) (figure, string) {
	at := 0
	for i := range figures {
		if figures[i].Center > figures[at].Center {
			at = i
		}
	}
	return figures[at], names[at]
}

// least is the opposite of worst.
func least(figures []figure, names []string) (figure, string) {
	at := 0
	for i := range figures {
		if figures[i].Center < figures[at].Center {
			at = i
		}
	}
	return figures[at], names[at]
}
