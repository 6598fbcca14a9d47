package sampling

// A Constraint restricts what a completion may be. The zero Constraint allows
// every text.
type Constraint struct {
	machine *machine
}

type machine struct{}

// IsZero reports whether c allows every text.
func (c Constraint) IsZero() bool { return c.machine == nil }
