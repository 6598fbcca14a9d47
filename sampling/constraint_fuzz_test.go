package sampling_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
)

// The oracle of all that follows is package regexp.
func oracleOf(expr string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + expr + `)\z`) }

// An author writes random expressions over an alphabet so small that random
// texts often match, and texts.
type author struct{ *rand.Rand }

func newAuthor(seed uint64) author { return author{rand.New(rand.NewPCG(seed, 7))} }

var (
	authorRunes   = []string{"a", "b", "é", "나", "\n", `"`, "]", "-", "^", `\`, "\x00", "😀"}
	authorClasses = []string{
		"[ab]", "[^a]", `[^"\\\n]`, ".", `\d`, `\W`, "[가-힣]", "[é-나b]", "(?i:k)", "(?i:É)", `[\]\-^]`, `[\x00-\x{10ffff}]`, `\p{Greek}`,
		`[\x{d7ff}-\x{e000}]`, `[^\x{80}-\x{10ffff}]`, "(?s:.)",
	}
	authorRepeats = []string{"*", "+", "?", "*?", "{2}", "{0,2}", "{1,3}", "{2,}", "{0}", "{1,}?"}
)

func (a author) of(list []string) string { return list[a.IntN(len(list))] }

func (a author) expr(depth int) string {
	switch n := a.IntN(10); {
	case depth == 0 || n < 3:
		if a.IntN(3) == 0 {
			return a.of(authorClasses)
		}
		return regexp.QuoteMeta(authorRunes[min(a.IntN(len(authorRunes)), a.IntN(len(authorRunes)))])
	case n < 6:
		return a.expr(depth-1) + a.expr(depth-1)
	case n < 8:
		alternatives := []string{a.expr(depth - 1), a.expr(depth - 1)}
		if a.IntN(4) == 0 {
			alternatives = append(alternatives, "")
		}
		return "(" + strings.Join(alternatives, "|") + ")"
	}
	return "(?:" + a.expr(depth-1) + ")" + a.of(authorRepeats)
}

// texts returns random texts, texts that lead through c, and these with a change.
func (a author) texts(c sampling.Constraint) (all []string) {
	for range 12 {
		text := ""
		for range a.IntN(6) {
			text += authorRunes[min(a.IntN(len(authorRunes)), a.IntN(len(authorRunes)))]
		}
		all = append(all, text)
		m, text := c.Start(), ""
		for range a.IntN(12) {
			r := a.of(append(authorRunes, "k", "K", "É", "α", "7"))
			if try := *m; try.Add(r) {
				*m, text = try, text+r
			}
			if m.Done() {
				all = append(all, text)
			}
		}
		all = append(all, text)
		if text != "" {
			i := a.IntN(len(text))
			all = append(all, text[:i]+a.of(authorRunes)+text[i:], text[:i], text+a.of(authorRunes))
		}
	}
	return all
}

// FuzzConstraintMatch compares Match and Matcher with package regexp.
func FuzzConstraintMatch(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		a := newAuthor(seed)
		expr := a.expr(1 + a.IntN(5))
		oracle := oracleOf(expr)
		c, err := sampling.Matching(expr)
		if err != nil {
			for _, text := range a.texts(sampling.Constraint{}) {
				if text != "" && oracle.MatchString(text) {
					t.Fatalf("%q is refused and matches %q: %v", expr, text, err)
				}
			}
			return
		}
		if _, err := sampling.Matching(c.Pattern()); err != nil {
			t.Errorf("the pattern of %q is refused: %v", expr, err)
		}
		pattern := oracleOf(c.Pattern())
		for _, text := range a.texts(c) {
			want := oracle.MatchString(text) && utf8.ValidString(text)
			if (c.Match(text) == nil) != want {
				t.Errorf("%q: Match(%q) is %v, want %v", expr, text, c.Match(text), want)
			}
			if utf8.ValidString(text) && pattern.MatchString(text) != want {
				t.Errorf("%q: its pattern %q says %v of %q, want %v", expr, c.Pattern(), !want, text, want)
			}
			byByte, whole := c.Start(), c.Start()
			alive := true
			for i := range len(text) {
				alive = byByte.Add(text[i : i+1])
				if want && !alive {
					t.Errorf("%q: %q cannot become %q", expr, text[:i+1], text)
				}
			}
			if got := whole.Add(text); text != "" && got != alive || byByte.Done() != want || whole.Done() != want {
				t.Errorf("%q: %q whole %v, %v; by bytes %v, %v; want %v", expr, text, got, whole.Done(), alive, byByte.Done(), want)
			}
			if alive {
				if end, ok := ending(*whole); !ok || !oracle.MatchString(text+end) {
					t.Errorf("%q: %q can go on, and its end is %q, %v", expr, text, end, ok)
				}
			}
		}
	})
}

// ending returns a shortest text with which m is done.
func ending(m sampling.Matcher) (string, bool) {
	type way struct {
		m    sampling.Matcher
		text string
	}
	seen := map[sampling.Matcher]bool{m: true}
	for queue := []way{{m, ""}}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		if w.m.Done() {
			return w.text, true
		}
		for b := range 256 {
			next := w.m
			if s := string([]byte{byte(b)}); next.Add(s) && !seen[next] {
				seen[next] = true
				queue = append(queue, way{next, w.text + s})
			}
		}
	}
	return "", false
}

// FuzzConstraintGBNF compares the grammar, as an independent reader takes it,
// with package regexp.
func FuzzConstraintGBNF(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		a := newAuthor(seed)
		expr := a.expr(1 + a.IntN(4))
		c, err := sampling.Matching(expr)
		if err != nil {
			return
		}
		if a.IntN(3) == 0 {
			before, after := a.of(authorRunes), a.of(authorRunes)
			c, expr = c.Wrap(before, after), regexp.QuoteMeta(before)+"(?:"+expr+")"+regexp.QuoteMeta(after)
		}
		oracle, g := oracleOf(expr), readGBNF(t, c.GBNF())
		for _, text := range a.texts(c) {
			if utf8.ValidString(text) && oracle.MatchString(text) != g.match(text) {
				t.Errorf("%q as %q says %v of %q", expr, c.GBNF(), g.match(text), text)
			}
		}
	})
}

// FuzzConstraintExpression gives anything at all for an expression: it is
// refused, or what it is translated to is bounded and agrees with regexp.
func FuzzConstraintExpression(f *testing.F) {
	for _, expr := range []string{
		"", "a", "(a|b)*c", `(?i)\p{Lu}+`, strings.Repeat("(a?)", 50) + strings.Repeat("a", 50), "((a*)*)*", "(((a{10}){10}){10})",
		strings.Repeat("(", 900), `\pL{9}`, "[[:^alpha:]]", `\Qa*\E`, "^$", "(?s).*", "x{0,1000}y{0,1000}", "\xff", `[^\x00-\x{10FFFF}]`,
	} {
		f.Add(expr, "aaab")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		c, err := sampling.Matching(expr)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		// A class of many ranges, such as \PL, is the worst.
		if most := 10000 + 8000*len(expr); len(c.Pattern()) > most || len(c.GBNF()) > most {
			t.Errorf("%d bytes became %d and %d", len(expr), len(c.Pattern()), len(c.GBNF()))
		}
		if len(text) > 1000 {
			text = text[:1000]
		}
		if strings.Contains(expr, `\Q`) {
			return // it would quote the end of the oracle's expression
		}
		want := utf8.ValidString(text) && oracleOf(expr).MatchString(text)
		if got := c.Match(text) == nil; got != want {
			t.Errorf("%q: Match(%q) is %v, want %v", expr, text, got, want)
		}
	})
}
