package fewshot_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

// dense spells a text over an alphabet of the pieces that layouts are made of,
// one piece a byte, so that fuzzing meets separators, stops and their halves
// all the time.
func dense(data []byte) string {
	pieces := []string{"a", " ", "\n", ":", "Q: ", "A", "=>", "\t", "나", "\nOutput: ", "#", "---", "\r", "\u00a0", "\x00"}
	var b strings.Builder
	for _, c := range data {
		b.WriteString(pieces[int(c)%len(pieces)])
	}
	return b.String()
}

// formats are those of the package and some that tempt a layout to go wrong.
var formats = []fewshot.Format{
	fewshot.Lines, fewshot.Arrow, fewshot.QA, fewshot.Labeled,
	{Before: "\nQ: ", Between: "\nA:"},
	{Between: "\n", After: "\n---\n"},
	{Between: " ", After: "\n"},
	{Between: "aa ", After: "##"},
	{Before: "a", Between: "\t ", After: "aa"},
	{Before: "#", Between: ": ", After: "\n", Stop: []string{"a\n", "\n"}},
	{Between: "\x00", After: "\n"},
	fewshot.Fenced,
	{Before: "<a>", Between: "</a>\n<b>", After: "</b>\n"},
}

// FuzzLayout checks on every accepted pair what the package promises: each value
// stands verbatim in its place, Parse undoes the layout, no prompt ends in a
// space or a tab, and a model that repeats the column is stopped before it goes
// on.
func FuzzLayout(f *testing.F) {
	f.Add(uint8(0), []byte{0}, []byte{8}, []byte{0, 1, 0})
	f.Add(uint8(2), []byte{0, 2, 0}, []byte{0, 2, 4}, []byte{9})
	f.Add(uint8(6), []byte{0, 0}, []byte{10}, []byte{0})
	f.Fuzz(func(t *testing.T, format uint8, in, out, query []byte) {
		checkMended(t, formats[int(format)%len(formats)], in, out, query)
	})
}

// checkMended checks the values as they are, and then without what the format
// refuses: each case has a pair that is accepted.
func checkMended(t *testing.T, format fewshot.Format, in, out, query []byte) {
	t.Helper()
	checkLayout(t, format, dense(in), dense(out), dense(query))
	p, err := fewshot.Task[string, string]{Format: format}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	input := func(text string) bool { return p.Accepts(text, "bb") == nil }
	output := func(text string) bool { return p.Accepts("bb", text) == nil }
	if !checkLayout(t, format, mended(in, input), mended(out, output), mended(query, input)) {
		t.Errorf("%+v refuses the pair %q, %q and the query %q", format, mended(in, input), mended(out, output), mended(query, input))
	}
}

// mended spells a text and leaves out the pieces without which it is accepted.
func mended(data []byte, accepts func(string) bool) string {
	if len(data) > 50 {
		data = data[:50]
	}
	kept := []byte{}
	for i := range data {
		if next := append(slices.Clone(kept), data[i]); accepts("b" + dense(next) + "b") {
			kept = next
		}
	}
	for _, text := range []string{dense(kept), "b" + dense(kept), dense(kept) + "b"} {
		if accepts(text) {
			return text
		}
	}
	return "b" + dense(kept) + "b"
}

// TestLayout checks random pairs, on machines that never fuzz too.
func TestLayout(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	bytes := func() []byte {
		b := make([]byte, rng.IntN(8))
		for i := range b {
			b[i] = byte(rng.IntN(15))
		}
		return b
	}
	for range 1000 {
		checkMended(t, formats[rng.IntN(len(formats))], bytes(), bytes(), bytes())
	}
}

// checkLayout reports whether the pair and the query were accepted.
func checkLayout(t *testing.T, format fewshot.Format, in, out, query string) bool {
	t.Helper()
	task := fewshot.Task[string, string]{Format: format}
	task.Add(in, out)
	p, err := promptOf(t.Context(), task, sampling.Model{}, query)
	if err != nil {
		return false // refused: nothing was promised
	}
	if strings.HasSuffix(p.Text, " ") || strings.HasSuffix(p.Text, "\t") {
		t.Errorf("the prompt %q ends in white space", p.Text)
	}
	shot := format.Before + in + format.Between + out + format.After
	if query == in { // the example would give the answer away
		shot = ""
	}
	rest, ok := strings.CutPrefix(p.Text, shot)
	if !ok {
		t.Fatalf("the prompt %q does not begin with the shot %q", p.Text, shot)
	}
	if want := format.Before + query + strings.TrimRight(format.Between, " \t"); rest != want {
		t.Fatalf("the query stands as %q, want %q", rest, want)
	}
	shot = format.Before + in + format.Between + out + format.After
	if n := strings.Count(format.Before+in+format.Between, format.Between); strings.TrimSpace(format.Between) != "" && n != 1+strings.Count(format.Before, format.Between) {
		t.Errorf("the separator %q stands %d times in the shot's question %q", format.Between, n, in)
	}
	pad := strings.TrimPrefix(format.Between, strings.TrimRight(format.Between, " \t"))
	for _, completion := range []string{pad + out + format.After + format.Before, pad + out + format.After + shot, pad + out} {
		got, err := parseOf(task, completion)
		if err != nil || got != out {
			t.Errorf("Parse(%q) = %q, %v; want %q", completion, got, err, out)
		}
	}
	return true
}

// TestLayoutExhaustively runs the same check over every short combination, so
// that the property holds on machines that never fuzz.
func TestLayoutExhaustively(t *testing.T) {
	var texts []string
	for a := range byte(15) {
		texts = append(texts, dense([]byte{a}))
		for b := range byte(15) {
			texts = append(texts, dense([]byte{a, b}))
		}
	}
	for _, format := range formats {
		for i, in := range texts {
			checkLayout(t, format, in, texts[(i*7+3)%len(texts)], texts[(i*11+5)%len(texts)])
			checkLayout(t, format, "a", in, "a")
			checkLayout(t, format, "a", "a", in)
		}
	}
}

// FuzzQuote checks that with Quote every value is accepted and comes back.
func FuzzQuote(f *testing.F) {
	f.Add(uint8(0), []byte{0}, []byte{2})
	f.Add(uint8(3), []byte{9, 9}, []byte{})
	f.Fuzz(func(t *testing.T, format uint8, in, out []byte) {
		checkQuote(t, formats[int(format)%len(formats)], dense(in), dense(out))
	})
}

func checkQuote(t *testing.T, format fewshot.Format, in, out string) {
	t.Helper()
	format.Quote = true
	task := fewshot.Task[string, string]{Format: format}
	task.Add(in, out)
	p, err := promptOf(t.Context(), task, sampling.Model{}, in)
	if err != nil {
		t.Fatalf("in %q, out %q: %v", in, out, err)
	}
	for _, part := range p.Parts() {
		if part.Kind != fewshot.Output {
			continue
		}
		got, err := parseOf(task, " "+part.Text+format.After)
		if strings.TrimRight(format.Between, " \t") == format.Between {
			got, err = parseOf(task, part.Text+format.After)
		}
		if err != nil || got != out {
			t.Errorf("%q stands as %q and is read as %q, %v", out, part.Text, got, err)
		}
	}
}

func TestQuoteExhaustively(t *testing.T) {
	for _, format := range formats {
		for a := range byte(15) {
			for b := range byte(15) {
				checkQuote(t, format, dense([]byte{a, b}), dense([]byte{b, a}))
				checkQuote(t, format, "\""+dense([]byte{a}), "\""+dense([]byte{b, a, b}))
			}
		}
		checkQuote(t, format, "", "")
	}
	task := fewshot.Task[string, string]{Format: fewshot.Format{Between: ": ", After: "\n", Quote: true}}
	task.Add("a: b", "two\nlines")
	p, err := promptOf(t.Context(), task, sampling.Model{}, "plain")
	if err != nil {
		t.Fatal(err)
	}
	if want := `"a\u003a b": "two\nlines"` + "\nplain:"; p.Text != want {
		t.Errorf("the prompt is %q, want %q", p.Text, want)
	}
	if _, err := parseOf(task, ` "half`); err == nil {
		t.Errorf("half a JSON string: %v", err)
	}
	task.Add("\xff", "x")
	if _, err := promptOf(t.Context(), task, sampling.Model{}, "q"); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("JSON would change text that is not UTF-8: %v", err)
	}
}

// TestQuoteAlone has a Format that says no more than that values may be quoted.
func TestQuoteAlone(t *testing.T) {
	task := fewshot.Task[string, string]{Format: fewshot.Format{Quote: true}}
	task.Add("plain", "two\n\nlines")
	p, err := promptOf(t.Context(), task, sampling.Model{}, "q")
	if err != nil {
		t.Fatal(err)
	}
	if want := "Input: plain\nOutput: " + `"two\n\nlines"` + "\n\nInput: q\nOutput:"; p.Text != want {
		t.Errorf("the prompt is %q, want %q", p.Text, want)
	}
	task.Format.Quote = false
	if p, err := promptOf(t.Context(), task, sampling.Model{}, "q"); err == nil {
		t.Errorf("without Quote the value is refused, not %q", p.Text)
	}
}
