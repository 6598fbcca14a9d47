package llamacpp

// A slot is one sequence of the context, with the tokens that are in its cells.
// A slot without a task keeps them for later prompts that begin alike.
type slot struct {
	id     int32
	tokens []int32
	cells  []int32
	task   *task
	used   int // when it was last used
}

// cells counts which cells of the context are in use. Sequences that begin alike
// share cells, as they do in llama.cpp.
type cells struct {
	refs []int32
	free []int32
}

func newCells(n int) *cells {
	c := &cells{refs: make([]int32, n)}
	for i := range n {
		c.free = append(c.free, int32(i))
	}
	return c
}

// take gives a cell to a slot for its next token.
func (c *cells) take(s *slot, token int32) {
	cell := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	c.refs[cell] = 1
	s.tokens, s.cells = append(s.tokens, token), append(s.cells, cell)
}

// share gives the first n cells of from to an empty slot.
func (c *cells) share(from, to *slot, n int) {
	to.tokens = append(to.tokens[:0], from.tokens[:n]...)
	to.cells = append(to.cells[:0], from.cells[:n]...)
	for _, cell := range to.cells {
		c.refs[cell]++
	}
}

// trim keeps the first n cells of a slot.
func (c *cells) trim(s *slot, n int) {
	for _, cell := range s.cells[n:] {
		if c.refs[cell]--; c.refs[cell] == 0 {
			c.free = append(c.free, cell)
		}
	}
	s.tokens, s.cells = s.tokens[:n], s.cells[:n]
}

func common(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
