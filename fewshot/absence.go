package fewshot

import "slices"

// An Absence is why an example of a Task is not in a prompt.
type Absence int

const (
	Shown     Absence = iota // it is there
	NotChosen                // the Selector, or Task.Shots, left it out
	IsQuery                  // its input is the query, and its output would give the answer away
	NoRoom                   // it was chosen, and is one of Prompt.Dropped: Prompt.Budget was full
)

var absenceNames = [...]string{"shown", "not chosen", "is the query", "no room"}

// String returns a lower-case name, such as "no room".
func (a Absence) String() string {
	if a < 0 || int(a) >= len(absenceNames) {
		return "unknown"
	}
	return absenceNames[a]
}

// Why says why an example, by its index into Task.Examples, is not in the
// prompt. It looks for it among the shots, and so costs time in their number.
func (p *Prompt) Why(example int) Absence {
	switch {
	case slices.Contains(p.Shots, example):
		return Shown
	case slices.Contains(p.Dropped, example):
		return NoRoom
	case p.column != nil && example >= 0 && example < len(p.column.pairs) && p.column.pairs[example].In == p.input:
		return IsQuery
	}
	return NotChosen
}
