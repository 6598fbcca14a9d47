package pocket

import (
	"fmt"
	"math"
	"sort"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// Constrains returns nil: the model enforces every constraint.
func (m *Model) Constrains(c sampling.Constraint) error { return nil }

// closed returns the constraint of a request with its first stop at the end, so
// that a constrained answer ends.
func closed(req *sampling.Request) sampling.Constraint {
	if len(req.Stop) == 0 {
		return req.Constraint
	}
	return req.Constraint.Wrap("", req.Stop[0])
}

const (
	// enough is the total probability of allowed expected tokens from which the others
	// need not be considered. Below it, unexpected tokens may be as likely.
	enough = 0.1

	// few is the number of allowed tokens whose exact probability is computed then.
	few = 32
)

// allowed returns the candidates that satisfy a constraint. If the model hardly expects
// any of them, it considers all tokens of the corpus. If none is allowed, it returns
// nil.
func (s *sampler) allowed(m *sampling.Matcher, candidates []sampling.Candidate) []sampling.Candidate {
	left, share := candidates[:0], 0.0
	for _, c := range candidates {
		if s.allows(*m, int32(c.ID)) {
			left = append(left, c)
			share += math.Exp(c.Logprob)
		}
	}
	if share >= enough {
		return left
	}
	s.unexpected = s.unexpected[:0]
	if m.Done() {
		s.unexpected = append(s.unexpected, boundary)
	}
	expected := len(left)
	s.m.words.walk(*m, s.m.words.sorted(), 0, func(id int32, after sampling.Matcher) bool {
		if s.m.words.mayEnd(id, after) {
			s.unexpected = append(s.unexpected, id)
		}
		return expected == 0 || len(s.unexpected) <= few
	})
	if expected > 0 && len(s.unexpected) > few {
		return left
	}
	left = left[:0]
	for _, id := range s.unexpected {
		c := sampling.Candidate{ID: int(id)}
		if n := len(s.unexpected); 1 < n && n <= few {
			c.Logprob = math.Log(s.try(id))
		}
		left = append(left, c)
	}
	s.candidates = left
	return left
}

// allows reports whether a token satisfies a constraint.
func (s *sampler) allows(m sampling.Matcher, id int32) bool {
	if id == boundary {
		return m.Done()
	}
	return m.Add(s.m.words.text[id]) && s.m.words.mayEnd(id, m)
}

// mayEnd reports whether the constraint allows the end of a token. After " a" in
// " alien" it does not, since no token continues the word " a" with "lien".
func (v *vocabulary) mayEnd(id int32, after sampling.Matcher) bool {
	last, _ := utf8.DecodeLastRuneInString(v.text[id])
	end := classOf(last)
	if end&(letter|mark|digit) == 0 || after.Done() {
		return true
	}
	for b, c := range ascii {
		if next := after; c&joins(end) == 0 && next.Add(string([]byte{byte(b)})) {
			return true
		}
	}
	return false
}

// walk calls found with the tokens that a constraint allows next, until found returns
// false. ids are sorted by text, share their first depth bytes, and m has read these.
func (v *vocabulary) walk(m sampling.Matcher, ids []int32, depth int, found func(id int32, after sampling.Matcher) bool) bool {
	for len(ids) > 0 {
		text := v.text[ids[0]]
		if len(text) == depth {
			if !found(ids[0], m) {
				return false
			}
			ids = ids[1:]
			continue
		}
		same := sort.Search(len(ids), func(i int) bool { return v.text[ids[i]][depth] > text[depth] })
		if next := m; next.Add(text[depth:depth+1]) && !v.walk(next, ids[:same], depth+1, found) {
			return false
		}
		ids = ids[same:]
	}
	return true
}

// spell draws one character that a constraint allows, with equal probabilities. ok is
// false if none is allowed.
func (s *sampler) spell(d *sampling.Decoder, m *sampling.Matcher) (text string, ok bool) {
	var bytes []byte
	for !utf8.FullRune(bytes) {
		s.candidates = s.candidates[:0]
		for b := range 256 {
			if next := *m; next.Add(string([]byte{byte(b)})) {
				s.candidates = append(s.candidates, sampling.Candidate{ID: len(s.m.words.text) + b})
			}
		}
		id, ok := d.Next(s.candidates)
		if !ok {
			return "", false
		}
		b := byte(id - len(s.m.words.text))
		bytes = append(bytes, b)
		m.Add(string([]byte{b}))
	}
	return string(bytes), true
}

// next draws a token and returns its text and ID: unknown if it was spelled.
func (s *sampler) next(d *sampling.Decoder, m *sampling.Matcher, candidates []sampling.Candidate) (text string, id int32, err error) {
	if m != nil {
		candidates = s.allowed(m, candidates)
	}
	if n, ok := d.Next(candidates); ok {
		text = s.m.words.text[n]
		if m != nil {
			m.Add(text)
		}
		return text, int32(n), nil
	}
	if m != nil {
		if text, ok := s.spell(d, m); ok {
			return text, unknown, nil
		}
	}
	return "", 0, fmt.Errorf("pocket: %w: no text satisfies it", sampling.ErrConstraint)
}
