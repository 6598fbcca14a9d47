package sampling_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func ExampleOneOf() {
	labels := sampling.OneOf("positive", "negative", "neutral")
	fmt.Println(labels.Match("neutral"))
	fmt.Println(labels.Match("nice"))
	fmt.Println(labels.Wrap(" ", "\n").Pattern())
	// Output:
	// <nil>
	// sampling: the constraint is violated: "nice" leaves it at byte 1, at "ice"
	//  (ne(gative|utral)|positive)\n
}

func ExampleMatching() {
	date, err := sampling.Matching(`\d{4}-\d{2}-\d{2}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := date.Start()
	for _, token := range []string{"2024", "-", "02-", "29"} {
		fmt.Println(m.Add(token), m.Done())
	}
	_, err = sampling.Matching(`(?=look)ahead`)
	fmt.Println(errors.Is(err, sampling.ErrInvalid))
	fmt.Print(date.GBNF())
	// Output:
	// true false
	// true false
	// true false
	// true true
	// true
	// root ::= [0-9]{4} "-" [0-9]{2} "-" [0-9]{2}
}

func matching(t testing.TB, expr string) sampling.Constraint {
	t.Helper()
	c, err := sampling.Matching(expr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMatchingTranslates(t *testing.T) {
	for _, test := range []struct{ why, expr, pattern, gbnf string }{
		{"anchors are dropped", `^a|b$`, `[ab]`, `[ab]`},
		{"anchors in groups too", `(^(?:ab|cd)$)`, `(ab|cd)`, `"ab" | "cd"`},
		{"two anchors", `^\Aab\z$`, `ab`, `"ab"`},
		{"captures and laziness mean nothing", `(?P<x>a+?)b*?`, `a+b*`, `"a"+ "b"*`},
		{"cases are written out", `(?i)ok`, `[Oo][Kk` + "\u212a]", `[Oo] [Kk` + "\u212a]"},
		{"classes too", `\w\s`, `[0-9A-Z_a-z][\t\n\x0C\r ]`, `[0-9A-Z_a-z] [\t\n\x0C\r ]`},
		{"the dot leaves out the line break", `.`, `[^\n]`, `[^\n]`},
		{"a negated class", `[^"\\\x00-\x1f]`, `[^"\\\x00-\x1F]`, `[^"\x5C\x00-\x1F]`},
		{"no digit follows a control character", `\x01b\x7f[\x01b][\x00-\x1f0-9][a-\x7f\x02]`, `[\x01]b[\x7F][b\x01][0-9\x00-\x1F][a-\x7F\x02]`, `"\x01b\x7F" [b\x01] [0-9\x00-\x1F] [a-\x7F\x02]`},
		{"a caret comes last", `[\^b][\^-b][^\^][\-\^]`, `[b^][_-b^][^^][\-^]`, `[\x5Eb] [\x5E-b] [^\x5E] [\x2D\x5E]`},
		{"special characters", `\[\]\^\-\\"[\[\]\^\-\\"]`, `\[\]\^-\\"["\-\[-^]`, `"[]^-\\\"" ["\x2D\x5B-\x5E]`},
		{"empty alternatives are optional", `(a||bc)d`, `(a|bc)?d`, `("a" | "bc")? "d"`},
		{"nothing empty is repeated", `(a*b?)*c`, `[ab]*c`, `[ab]* "c"`},
		{"a counted group", `(?:ab){2,3}(?:c{2}){3,}`, `(ab){2,3}(c{2}){3,}`, `"ab"{2,3} ("c"{2}){3,}`},
		{"laziness does not come back", `(?:(?:ab)+){2}`, `((ab)+){2}`, `("ab"+){2}`},
		{"what cannot match goes", `a|[^\x00-\x{10ffff}]b`, `a`, `"a"`},
		{"surrogates are not characters", `[\x{d000}-\x{e000}]`, "[\ud000-\ud7ff\ue000]", "[\ud000-\ud7ff\ue000]"},
	} {
		c := matching(t, test.expr)
		if got := c.Pattern(); got != test.pattern {
			t.Errorf("%s: %s has the pattern %s, want %s", test.why, test.expr, got, test.pattern)
		}
		if got := c.GBNF(); got != "root ::= "+test.gbnf+"\n" {
			t.Errorf("%s: %s has the grammar %s, want %s", test.why, test.expr, got, test.gbnf)
		}
	}
}

func TestMatchingRefuses(t *testing.T) {
	for _, test := range []struct{ why, expr string }{
		{"look-ahead", `(?=a)`}, {"look-behind", `(?<=a)b`}, {"a reference", `(a)\1`}, {"a group that is open", `(((`},
		{"no class", `[z-a]`}, {"nothing to repeat", `*a`}, {"not UTF-8", "\xff"},
		{"a word boundary", `a\b`}, {"no word boundary", `a\Bb`}, {"the start of a line", `(?m)^a`}, {"the end of a line", `(?m)a$`},
		{"an anchor in the middle", `a^b`}, {"an anchor before the end", `a$b`}, {"a repeated anchor", `(?:^a)*`}, {"after what may be empty", `a*^b`},
		{"no text", `[^\x00-\x{10ffff}]`}, {"no text at the end", `a[^\x00-\x{10ffff}]`}, {"surrogates alone", `[\x{d800}-\x{dfff}]`},
		{"empty", ``}, {"only the empty text", `^(?:)$`}, {"the empty text repeated", `(?:)*`},
		{"a count that is large", `a{1001}`}, {"nested counts", `((a{100}){100}){100}`}, {"many counts", strings.Repeat(`(?:a?){1000}`, 40)},
		{"deep nesting", strings.Repeat("(", 3000) + "a" + strings.Repeat(")", 3000)},
		{"a long expression for a short text", strings.Repeat("(?:)", 16<<10) + "a"}, {"a large class many times", `\p{L}{1000}`},
	} {
		c, err := sampling.Matching(test.expr)
		if !errors.Is(err, sampling.ErrInvalid) || !c.IsZero() {
			t.Errorf("%s: %v", test.why, err)
		} else if len(err.Error()) > 400 {
			t.Errorf("%s: the error has %d bytes", test.why, len(err.Error()))
		}
	}
}

func TestOneOf(t *testing.T) {
	chain := make([]string, 200) // each begins the next
	for i := range chain {
		chain[i] = strings.Repeat("ab", i+1)
	}
	for _, texts := range [][]string{
		{"yes"}, {"yes", "no"}, {"no", "none", "not", "", "n"}, {"나비", "나무", "낙타"}, {"é", "è", "e"},
		{`a"b\c`, "a\nb", "a.b", "a*"}, {"\x00", "\ufffd", "\U0010ffff"}, chain,
	} {
		c := sampling.OneOf(texts...)
		if !slices.Equal(c.Choices(), texts) {
			t.Errorf("%.80q came back as %.80q", texts, c.Choices())
		}
		if err := (&sampling.Request{Constraint: c}).Validate(); err != nil {
			t.Error(err)
		}
		depth, deepest := 0, 0
		for _, r := range c.Pattern() {
			switch r {
			case '(':
				depth++
			case ')':
				depth--
			}
			deepest = max(deepest, depth)
		}
		if deepest > 60 {
			t.Errorf("%d groups within one another for %.80q", deepest, texts)
		}
		pattern := regexp.MustCompile("^(?:" + c.Pattern() + ")$")
		grammar := readGBNF(t, c.GBNF())
		wrapped := c.Wrap(" ", "\n")
		for _, text := range texts {
			if c.Match(text) != nil || !pattern.MatchString(text) || !grammar.match(text) || wrapped.Match(" "+text+"\n") != nil {
				t.Errorf("%q of %.80q is refused", text, texts)
			}
			for _, other := range []string{text + "a", "a" + text, text + text, " " + text} {
				want := slices.Contains(texts, other)
				if (c.Match(other) == nil) != want || pattern.MatchString(other) != want || grammar.match(other) != want {
					t.Errorf("%q: want %v of %.80q", other, want, texts)
				}
			}
		}
		if got := wrapped.Choices()[0]; got != " "+texts[0]+"\n" {
			t.Errorf("wrapped it is %q", got)
		}
		if nested := strings.Count(c.GBNF(), "("); nested > 2*len(texts) {
			t.Errorf("%d groups for %d texts", nested, len(texts))
		}
	}
}

func TestOneOfRefuses(t *testing.T) {
	for _, c := range []sampling.Constraint{
		sampling.OneOf(), sampling.OneOf(""), sampling.OneOf("a", "b", "a"), sampling.OneOf("a", "\xff"),
		sampling.OneOf(strings.Repeat("a", 1<<20+1)), sampling.OneOf("a").Wrap("\xff", ""), sampling.OneOf().Wrap(" ", "\n"),
	} {
		if err := (&sampling.Request{Constraint: c}).Validate(); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%v", err)
		}
		if c.IsZero() || c.Match("") == nil || c.Match("a") == nil || c.Start().Add("a") || c.Start().Add("") || c.Start().Done() {
			t.Error("a list that is refused allows a text")
		}
		c.Pattern() // whatever they are, they do not panic
		c.GBNF()
	}
}

// A text with a stop sequence in it would always be cut.
func TestOneOfAgainstStops(t *testing.T) {
	c := sampling.OneOf("yes", "no. 1", "")
	for _, test := range []struct {
		stop []string
		err  error
	}{{nil, nil}, {[]string{"\n"}, nil}, {[]string{"\n", "."}, sampling.ErrInvalid}, {[]string{"no. 1"}, sampling.ErrInvalid}, {[]string{"yes!"}, nil}} {
		if err := (&sampling.Request{Stop: test.stop, Constraint: c}).Validate(); !errors.Is(err, test.err) {
			t.Errorf("%q: %v", test.stop, err)
		}
	}
}

func TestZeroConstraint(t *testing.T) {
	var c sampling.Constraint
	m := c.Start()
	if !c.IsZero() || !c.Wrap(" ", "\n").IsZero() || c.Match("\xff") != nil || !m.Add("x") || !m.Done() ||
		c.Choices() != nil || c.Pattern() != "" || c.GBNF() != "" {
		t.Error("the zero Constraint restricts something")
	}
}

func TestZeroMatcher(t *testing.T) {
	var m sampling.Matcher
	if !m.Done() || !m.Add("x\xff") || !m.Done() {
		t.Error("the zero Matcher restricts something")
	}
}

// A Constraint that no request may have allows no text, not even in a Decoder.
func TestRefusedConstraint(t *testing.T) {
	c := sampling.OneOf().Wrap(" ", "\n")
	if m := c.Start(); m.Done() || m.Add("") || m.Add("x") || m.Done() {
		t.Error("it allows a text")
	}
	for _, text := range []string{"", " \n"} {
		if err := c.Match(text); !errors.Is(err, sampling.ErrConstraint) {
			t.Errorf("%q: %v", text, err)
		}
	}
	d := sampling.NewDecoder(&sampling.Request{Constraint: c}, nil, []string{"", "x"})
	if id, ok := d.Next([]sampling.Candidate{{ID: 0}, {ID: 1}}); ok {
		t.Errorf("it allows token %d", id)
	}
}

// A piece may end within a character, and a copy reads on by itself.
func TestMatcherPieces(t *testing.T) {
	c := sampling.OneOf("나비", "나무 위")
	m := c.Start()
	for i, piece := range []string{"\xeb", "\x82\x98", "", "\xeb"} {
		if !m.Add(piece) || m.Done() {
			t.Fatalf("piece %d: %q is refused, or done", i, piece)
		}
	}
	other := *m
	if !m.Add("\xb9\x84") || !m.Done() || m.Add("x") || m.Add("") || m.Done() {
		t.Error("나비 is not done, or goes on")
	}
	if !other.Add("\xac\xb4 위") || !other.Done() {
		t.Error("the copy did not read on by itself")
	}
	if err := c.Match("나"); !errors.Is(err, sampling.ErrConstraint) {
		t.Error(err)
	}
}

// Many goroutines share a constraint, and the states that it has been in outgrow
// the cache: there are 2 to the 18 of them.
func TestConstraintConcurrently(t *testing.T) {
	c := matching(t, `[ab]*a[ab]{17}`)
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			random, text := rand.New(rand.NewPCG(seed, 1)), make([]byte, 30000)
			m := c.Start()
			for i := range text {
				text[i] = "ab"[random.IntN(2)]
				alive, want := m.Add(string(text[i:i+1])), i >= 17 && text[i-17] == 'a'
				if !alive || m.Done() != want {
					t.Errorf("seed %d: after %d letters the matcher says %v, %v; want %v", seed, i+1, alive, m.Done(), want)
					return
				}
			}
		})
	}
	wg.Wait()
}
