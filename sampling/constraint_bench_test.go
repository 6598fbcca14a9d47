package sampling_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func TestMatcherAllocations(t *testing.T) {
	c := matching(t, `\{"name":"([^"\\\x00-\x1f]|\\.)*","tags":\[("\w+"(,"\w+")*)?\]\}`)
	text := `{"name":"나비 \"x\" and a long name indeed","tags":["a","bc","def"]}`
	pieces := strings.SplitAfter(text, " ")
	read := func() {
		m := *c.Start()
		for _, p := range pieces {
			if !m.Add(p) {
				t.Fatal(p)
			}
		}
		if !m.Done() {
			t.Fatal("not done")
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n > 1 { // Start's own
		t.Errorf("a text in %d pieces allocates %v times", len(pieces), n)
	}
}

// The machine is linear where a backtracking engine is exponential, and its cache
// is bounded where a deterministic automaton would be.
func BenchmarkMatcher(b *testing.B) {
	for _, test := range []struct{ name, expr, text string }{
		{"struct", `\{"name":"([^"\\\x00-\x1f]|\\.)*"\}`, `{"name":"` + strings.Repeat("나비 and ", 400) + `"}`},
		{"exponential", `(?:a|b)*a(?:a|b){18}`, strings.Repeat("abbabaaabab", 400)},
		{"hostile", strings.Repeat(`(?:a?){1000}`, 30), strings.Repeat("a", 4000)},
	} {
		c := matching(b, test.expr)
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(test.text)))
			b.ReportAllocs()
			for b.Loop() {
				c.Start().Add(test.text)
			}
		})
	}
}

// BenchmarkMatching makes a constraint of a struct with 20 fields, and matches
// with it for the first time.
func BenchmarkMatching(b *testing.B) {
	var fields, members []string
	for i := range 20 {
		kind := []string{`"([^"\\\x00-\x1f]|\\.)*"`, `-?(0|[1-9][0-9]*)`, `(true|false)`, `\[("[a-z]+"(,"[a-z]+")*)?\]`}[i%4]
		fields = append(fields, fmt.Sprintf(`"field%d":%s`, i, kind))
		members = append(members, fmt.Sprintf(`"field%d":%s`, i, []string{`"text"`, "-12", "true", `["a","b"]`}[i%4]))
	}
	expr, text := `\{`+strings.Join(fields, ",")+`\}`, "{"+strings.Join(members, ",")+"}"
	for _, test := range []struct {
		name string
		then func(sampling.Constraint) error
	}{
		{"parse", func(sampling.Constraint) error { return nil }},
		{"match", func(c sampling.Constraint) error { return c.Match(text) }},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := test.then(matching(b, expr)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOneOf(b *testing.B) {
	texts := make([]string, 5000)
	for i := range texts {
		texts[i] = fmt.Sprintf("label number %d of the list", i*7919%100003)
	}
	for b.Loop() {
		sampling.OneOf(texts...).GBNF()
	}
}
