package pocket

import "math"

const (
	// turn is the probability that a text switches documents after a token, and lineTurn
	// after a line break, where prompts are joined.
	turn     = 0.001
	lineTurn = 0.003

	// forgotten is the weight below which a document without the last token is no longer
	// followed.
	forgotten = 1e-9
)

// A reading is the state after a text: how likely each document is to continue it, and
// at which places.
type reading struct {
	m        *Model
	followed []followed // the documents that have a weight, in ascending order
	levels   []level    // those of the followed documents
	line     int32      // the number of tokens since the last line break, itself included

	// crowd is the weight of each document that another one represents, and recent are
	// the tokens by which it may be recalled.
	crowd  float64
	recent []int32

	next     outlook
	recalled [2][]level // scratch
}

// An outlook is the state after the token that was tried last. Its weights are not
// normalized yet.
type outlook struct {
	followed    []followed
	levels      []level
	probability float64
	total       float64 // of the weights
}

// holders returns how many documents have the token, with those that are represented.
func (o *outlook) holders() (n int) {
	for i := range o.followed {
		if f := &o.followed[i]; f.first < f.end {
			n += int(f.standsFor)
		}
	}
	return n
}

// A followed is a document that a reading gives a weight.
type followed struct {
	document   int32
	first, end int32   // its levels; none if it lacks the last token
	standsFor  int32   // how many documents it represents, including itself
	weight     float64 // the weights sum to 1
}

// begin starts to read a text.
func (r *reading) begin() {
	r.followed, r.levels, r.line = r.followed[:0], r.levels[:0], 1
	r.crowd, r.recent = 0, r.recent[:0]
	r.try(boundary)
	all := float64(r.next.holders())
	for i := range r.next.followed {
		f := &r.next.followed[i]
		f.weight = float64(f.standsFor) / all
	}
	r.swap()
	r.remember(boundary)
}

// read reads a token and returns its probability. For an unknown one, multiply by the
// probability of its spelling.
func (r *reading) read(token int32) float64 {
	p := r.try(token)
	r.accept(token)
	return p
}

// try returns the probability of a token and prepares to accept it.
func (r *reading) try(token int32) float64 {
	n := &r.next
	n.followed, n.levels, n.probability, n.total = n.followed[:0], n.levels[:0], 0, 0
	anywhere := r.m.anywhere(token)
	holders := r.m.holding(token)
	joining := join(holders)
	recall := r.crowd > 0 && len(holders) <= recallOf
	at := 0
	for i := range r.followed {
		f := &r.followed[i]
		for ; joining.document < f.document; joining.pass() {
			r.follow(&joining, recall, anywhere)
		}
		if joining.document == f.document {
			joining.pass() // already followed
		}
		h := holder{document: f.document}
		at = seek(holders, at, f.document)
		if at < len(holders) && holders[at].document == f.document {
			h = holders[at]
		}
		d := &r.m.documents[f.document]
		g := followed{document: f.document, standsFor: f.standsFor, first: int32(len(n.levels))}
		var p float64
		n.levels, p = d.read(r.levels[f.first:f.end], n.levels, h, r.m.unigram(h), anywhere, r.line)
		g.end, g.weight = int32(len(n.levels)), f.weight*p
		n.followed = append(n.followed, g)
		n.probability += g.weight
	}
	for ; joining.document < math.MaxInt32; joining.pass() {
		r.follow(&joining, recall, anywhere)
	}
	n.total += n.probability
	return n.probability
}

// follow prepares to follow a document that has the token and no weight yet. If it is
// recalled, it gets the weight that it would have if it had always been followed.
func (r *reading) follow(j *joiners, recall bool, anywhere float64) {
	n, h, d := &r.next, j.holders[j.place], &r.m.documents[j.document]
	f := followed{document: j.document, first: int32(len(n.levels)), standsFor: j.standsFor}
	if recall {
		var p float64
		n.levels, p = d.read(r.recall(h.document), n.levels, h, r.m.unigram(h), anywhere, r.line)
		f.weight = r.crowd * p
		n.total += f.weight
	} else {
		n.levels = append(n.levels, newLevel(h.lo, h.hi, 0, 1, h.different))
	}
	f.end = int32(len(n.levels))
	n.followed = append(n.followed, f)
}

// accept reads the token that was tried last.
func (r *reading) accept(token int32) {
	n := &r.next
	turned := turn
	r.line++
	if token == r.m.newline && token != unknown {
		turned, r.line = lineTurn, 1
	}
	stayed, share := 1/n.total, 0.0
	if k := n.holders(); k > 0 {
		stayed *= 1 - turned
		share = turned / float64(k)
	}
	kept, lost := n.followed[:0], 0.0
	for _, f := range n.followed {
		f.weight *= stayed
		if f.first < f.end {
			f.weight += share * float64(f.standsFor)
		} else if f.weight < forgotten {
			lost += f.weight
			continue
		}
		kept = append(kept, f)
	}
	if lost > 0 {
		for i := range kept {
			kept[i].weight /= 1 - lost
		}
	}
	n.followed = kept
	r.swap()
	r.remember(token)
}

func (r *reading) swap() {
	n := &r.next
	r.followed, n.followed = n.followed, r.followed
	r.levels, n.levels = n.levels, r.levels
}

// copy makes r an independent copy of from.
func (r *reading) copy(from *reading) {
	r.m, r.line, r.crowd = from.m, from.line, from.crowd
	r.recent = append(r.recent[:0], from.recent...)
	r.followed = append(r.followed[:0], from.followed...)
	r.levels = append(r.levels[:0], from.levels...)
}
