package pocket

import "math"

// The time to read a token grows with the documents that have it. So of many documents
// a reading follows only some, each with the weight of others added to its own. When a
// rarer token points to another document, that one is recalled.

const (
	// Up to followAll documents that have a token are all followed. Of more, followSome
	// represent the others, so that the cost of a token is bounded.
	followAll  = 384
	followSome = 32

	// A token in at most recallOf documents may recall one that another represents. The
	// last recallTokens tokens decide its weight.
	recallOf     = 64
	recallTokens = 8
)

// joiners iterates over the holders of a token that a reading should follow.
type joiners struct {
	holders []holder
	some    int // how many are to be followed
	done    int // how many have been passed

	// The next one; math.MaxInt32 after the last.
	document  int32
	place     int   // in holders
	standsFor int32 // how many documents it represents
}

func join(holders []holder) joiners {
	j := joiners{holders: holders, some: len(holders), done: -1}
	if len(holders) > followAll {
		j.some = followSome
	}
	j.pass()
	return j
}

// pass moves to the next one.
func (j *joiners) pass() {
	j.done++
	if j.done == j.some {
		j.document = math.MaxInt32
		return
	}
	j.place, j.standsFor = j.done, 1
	if j.some < len(j.holders) {
		// Each represents its neighbours. The choice among them is irregular, because
		// a regular one would miss documents that alternate.
		first := j.done * len(j.holders) / j.some
		n := (j.done+1)*len(j.holders)/j.some - first
		j.place = first + int(uint32(j.done+1)*2654435769>>16)%n
		j.standsFor = int32(n)
	}
	j.document = j.holders[j.place].document
}

// remember adds a token to the recent ones, and computes the weight of each document
// that another one represents.
func (r *reading) remember(token int32) {
	if len(r.recent) == recallTokens {
		copy(r.recent, r.recent[1:])
		r.recent = r.recent[:recallTokens-1]
	}
	r.recent = append(r.recent, token)
	weight, documents := 0.0, 0
	for i := range r.followed {
		if f := &r.followed[i]; f.standsFor > 1 {
			weight += f.weight
			documents += int(f.standsFor)
		}
	}
	if r.crowd = 0; documents > 0 {
		r.crowd = weight / float64(documents)
	}
}

// recall returns the levels of a document that was not followed, from the recent
// tokens. They stay valid until the next call.
func (r *reading) recall(document int32) []level {
	var held [recallTokens]holder
	from := len(r.recent)
	for ; from > 0; from-- {
		holders := r.m.holding(r.recent[from-1])
		at := seek(holders, 0, document)
		if at == len(holders) || holders[at].document != document {
			break
		}
		held[from-1] = holders[at]
	}
	levels, after := r.recalled[0][:0], r.recalled[1][:0]
	for _, h := range held[from:len(r.recent)] {
		after, _ = r.m.documents[document].read(levels, after[:0], h, 0, 0, 0)
		levels, after = after, levels
	}
	r.recalled[0], r.recalled[1] = levels, after
	return levels
}

// seek returns the first place at or after from of the document or a later one. Its
// steps double, so it is fast for near places and for long lists.
func seek(holders []holder, from int, document int32) int {
	step := 1
	for from+step <= len(holders) && holders[from+step-1].document < document {
		from += step
		step *= 2
	}
	to := min(from+step-1, len(holders))
	for from < to {
		middle := (from + to) / 2
		if holders[middle].document < document {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from
}
