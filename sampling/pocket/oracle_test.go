package pocket

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// An oracle works out the formulas of the package comment as they stand there,
// by looking through all documents for each context.
type oracle struct {
	texts   [][]int32 // each between two boundaries
	total   float64
	words   *vocabulary
	newline int32

	read    []int32 // the text read so far, from its boundary on
	weights []float64
}

func newOracle(m *Model, documents []string) *oracle {
	o := &oracle{words: m.words, newline: m.words.id("\n"), read: []int32{boundary}}
	for _, text := range documents {
		tokens := append(m.words.encode(text), boundary)
		o.texts = append(o.texts, tokens)
		o.total += float64(len(tokens) - 1)
		o.weights = append(o.weights, 1/float64(len(documents)))
	}
	return o
}

// anywhere is the probability of a token that a document lacks.
func (o *oracle) anywhere(x int32) float64 {
	fresh := float64(len(o.words.text)) / (float64(len(o.words.text)) + o.total)
	if x == unknown {
		return fresh
	}
	return (1-fresh)/float64(len(o.words.text)) + fresh*math.Pow(257, -float64(len(o.words.text[x])+1))
}

// line is how many tokens back the line began.
func (o *oracle) line() int {
	for i := len(o.read) - 1; ; i-- {
		if i == 0 || o.read[i] == o.newline {
			return len(o.read) - i
		}
	}
}

// expects is the probability of x in one document.
func (o *oracle) expects(text []int32, x int32) float64 {
	followers := text[1:]
	p, alien := count(followers, x)/float64(len(followers)), 0.2
	inLine, line, alike := -1.0, o.line(), 0
	whole := func() float64 { return (1-alien)*p + alien*o.anywhere(x) }
	var places []int
	for depth := 1; depth <= min(len(o.read), maxDepth); depth++ {
		context := o.read[len(o.read)-depth:]
		var found []int
		followers = nil
		for i := depth - 1; i+1 < len(text); i++ {
			if slices.Equal(text[i+1-depth:i+1], context) {
				found = append(found, i)
				followers = append(followers, text[i+1])
			}
		}
		if alike++; !slices.Equal(found, places) {
			if inLine < 0 && depth > line {
				inLine = whole()
			}
			alike = 1
		}
		if len(found) == 0 {
			break
		}
		places = found
		if alike <= 3 {
			different := float64(len(slices.Compact(slices.Sorted(slices.Values(followers)))))
			n, κ := float64(len(followers)), 0.2/float64(depth)
			p = (count(followers, x) + κ*math.Sqrt(different)*p) / (n + κ*math.Sqrt(different))
			alien *= κ * different / (n + κ*different)
		}
	}
	if inLine >= 0 {
		return 0.97*whole() + 0.03*inLine
	}
	return whole()
}

func count(tokens []int32, x int32) (n float64) {
	for _, token := range tokens {
		if token == x {
			n++
		}
	}
	return n
}

func (o *oracle) probability(x int32) (p float64) {
	for i, text := range o.texts {
		p += o.weights[i] * o.expects(text, x)
	}
	return p
}

func (o *oracle) accept(x int32) {
	total, holders := o.probability(x), 0.0
	for _, text := range o.texts {
		if slices.Contains(text, x) {
			holders++
		}
	}
	turn := 0.001
	if x == o.newline && x != unknown {
		turn = 0.003
	}
	if holders == 0 {
		turn = 0
	}
	kept := 0.0
	for i, text := range o.texts {
		w := (1 - turn) * o.weights[i] * o.expects(text, x) / total
		if slices.Contains(text, x) {
			w += turn / holders
		} else if w < 1e-9 {
			w = 0
		}
		o.weights[i] = w
		kept += w
	}
	for i := range o.weights {
		o.weights[i] /= kept
	}
	o.read = append(o.read, x)
}

func train(t testing.TB, documents []string) *Model {
	t.Helper()
	files := fstest.MapFS{}
	for i, text := range documents {
		files[fmt.Sprintf("%06d.txt", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := Train(files)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// compare reads prompt with a model and with the oracle and compares what they
// expect after each token.
func compare(t *testing.T, documents []string, prompt string) {
	t.Helper()
	m := train(t, documents)
	o := newOracle(m, documents)
	r := &reading{m: m}
	r.begin()
	spelled := 0.0
	for _, text := range m.words.text {
		spelled += math.Pow(257, -float64(len(text)+1))
	}
	prompts := append([]string{""}, tokens(prompt)...)
	for i, token := range prompts {
		if i > 0 {
			x := m.words.id(token)
			r.read(x)
			o.accept(x)
		}
		sum := 0.0
		for x := range int32(len(m.words.text)) {
			got, want := r.try(x), o.probability(x)
			if math.Abs(got-want) > 1e-9*want {
				t.Fatalf("documents %q\nbehind %q: P(%q) is %v, want %v", documents, prompts[:i+1], m.words.text[x], got, want)
			}
			sum += got
		}
		rest := r.try(unknown)
		if want := o.probability(unknown); math.Abs(rest-want) > 1e-9*want {
			t.Fatalf("documents %q\nbehind %q: P(unknown) is %v, want %v", documents, prompts[:i+1], rest, want)
		}
		if sum += rest * (1 - spelled); math.Abs(sum-1) > 1e-9 {
			t.Fatalf("documents %q\nbehind %q: the probabilities sum to %v", documents, prompts[:i+1], sum)
		}
	}
}

// dense makes text of few different tokens, none of which joins up with the one
// after it, so that contexts repeat.
func dense(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteString([]string{" a", " b", ".", "\n", " c", "-"}[int(c)%6])
	}
	return b.String()
}

func FuzzModel(f *testing.F) {
	f.Add([]byte("abcabcabd"), []byte("bcbcbbad"), []byte("aaaaaaaaaa"), []byte("abcabdaaaa"))
	f.Add([]byte("\x00\x02\x03\x00\x02\x03"), []byte("\x03\x03\x00"), []byte("\x01"), []byte("\x00\x02\x03\x05"))
	f.Add([]byte("dbgdbgdbg"), []byte("dbidbi"), []byte("dbjdbj"), []byte("bg~dbgd"))
	f.Fuzz(func(t *testing.T, a, b, c, prompt []byte) {
		var documents []string
		for _, data := range [][]byte{a, b, c, a[len(a)/2:]} {
			// One line break at the end is the file's, and files without text
			// are not documents.
			if text := strings.TrimRight(dense(data[:min(len(data), 60)]), "\n"); text != "" {
				documents = append(documents, text)
			}
		}
		if len(documents) > 0 {
			compare(t, documents, strings.ReplaceAll(dense(prompt[:min(len(prompt), 30)]), " c", " zz"))
		}
	})
}

func TestModelOnRepetition(t *testing.T) {
	long := strings.Repeat(" a", 300)
	for _, documents := range [][]string{
		{long},
		{long + " b" + long + " c", strings.Repeat(" a b", 150)},
		{strings.Repeat(" a b\n", 100) + strings.Repeat(" a", 20)},
	} {
		compare(t, documents, " b c"+strings.Repeat(" a", 8))
	}
	// Beyond maxDepth only the last tokens count; the oracle is slow there, so
	// look at the end alone.
	documents := []string{long + " b" + long + " c"}
	m := train(t, documents)
	o := newOracle(m, documents)
	r := &reading{m: m}
	r.begin()
	for range 290 {
		r.read(m.words.id(" a"))
		o.read = append(o.read, m.words.id(" a")) // one document: its weight stays 1
	}
	for x := range int32(len(m.words.text)) {
		if got, want := r.try(x), o.probability(x); math.Abs(got-want) > 1e-9*want {
			t.Errorf("P(%q) is %v, want %v", m.words.text[x], got, want)
		}
	}
}

// TestManyDocumentsSumToOne is about tokens that more documents hold than are
// followed, which the oracle knows nothing of.
func TestManyDocumentsSumToOne(t *testing.T) {
	var documents []string
	for i := range 3 * followAll {
		documents = append(documents, fmt.Sprintf("the %d cat\nthe %d dog the", i%100, i))
	}
	m := train(t, documents)
	r := &reading{m: m}
	r.begin()
	for _, token := range tokens("the 7 cat\nthe zz 7 dog the the 5") {
		r.read(m.words.id(token))
		sum, spelled := 0.0, 0.0
		for x := range int32(len(m.words.text)) {
			sum += r.try(x)
			spelled += math.Exp(logSpelling(m.words.text[x]))
		}
		if sum += r.try(unknown) * (1 - spelled); math.Abs(sum-1) > 1e-9 {
			t.Errorf("behind %q the probabilities sum to %v", token, sum)
		}
	}
}
