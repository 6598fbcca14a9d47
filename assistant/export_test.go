package assistant

import "os"

// Unstuff lets the tests' oracle undo what the layout of p does to lines.
func Unstuff(p *Persona, text string) string {
	page, err := p.page()
	if err != nil {
		panic(err)
	}
	return page.unstuff(text)
}

// Skeleton is what a name is compared by.
func Skeleton(name string) string { return string(skeleton(name)) }

// Marks are the marks of p's layout and the stops that follow from them.
func Marks(p *Persona) (marks, stops []string) {
	page, err := p.page()
	if err != nil {
		panic(err)
	}
	return page.marks(), page.stops()
}

// ReadOnly makes every write to l fail from now on, as a full disk does.
func ReadOnly(l *Log) error {
	file, err := os.Open(l.path)
	if err != nil {
		return err
	}
	err = l.file.Close()
	l.file = file
	return err
}
