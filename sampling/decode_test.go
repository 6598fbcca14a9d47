package sampling_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func ExampleDecoder() {
	words := []string{" Paris", " Lyon", " the"}
	next := func() []sampling.Candidate { // what a model would say comes next
		return []sampling.Candidate{{ID: 0, Logprob: math.Log(0.7)}, {ID: 1, Logprob: math.Log(0.2)}, {ID: 2, Logprob: math.Log(0.1)}}
	}
	greedy := sampling.NewDecoder(&sampling.Request{}, nil, nil)
	id, _ := greedy.Next(next())
	fmt.Printf("greedy: %q\n", words[id])

	counts := make([]int, len(words))
	nucleus := sampling.NewDecoder(&sampling.Request{Params: sampling.Params{Temperature: 1, TopP: 0.8, Seed: 1}}, nil, nil)
	for range 1000 {
		id, _ := nucleus.Next(next())
		counts[id]++
	}
	fmt.Println("in the nucleus:", counts[0] > 0, counts[1] > 0, counts[2] > 0)
	// Output:
	// greedy: " Paris"
	// in the nucleus: true true false
}

func decoder(p sampling.Params) *sampling.Decoder {
	return sampling.NewDecoder(&sampling.Request{Params: p}, nil, nil)
}

// candidates makes a list of logits by id; NaN leaves one out.
func candidates(logits ...float64) (all []sampling.Candidate) {
	for id, l := range logits {
		all = append(all, sampling.Candidate{ID: id, Logprob: l})
	}
	return all
}

// An oracle tells the exact distribution that a Decoder must draw from, step by
// step as Params describes them.
type oracle struct {
	p      sampling.Params
	prompt []int
	drawn  []int
}

func (o oracle) distribution(logits []sampling.Candidate) map[int]float64 {
	left := slices.DeleteFunc(slices.Clone(logits), func(c sampling.Candidate) bool {
		return math.IsNaN(c.Logprob) || math.IsInf(c.Logprob, -1)
	})
	for i := range left {
		c := &left[i]
		n := 0
		for _, id := range o.drawn {
			if id == c.ID {
				n++
			}
		}
		if o.p.RepetitionPenalty != 0 && (n > 0 || slices.Contains(o.prompt, c.ID)) {
			if c.Logprob > 0 {
				c.Logprob /= o.p.RepetitionPenalty
			} else {
				c.Logprob *= o.p.RepetitionPenalty
			}
		}
		c.Logprob -= float64(n) * o.p.FrequencyPenalty
		if n > 0 {
			c.Logprob -= o.p.PresencePenalty
		}
	}
	slices.SortFunc(left, func(a, b sampling.Candidate) int {
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.ID, b.ID))
	})
	if o.p.Temperature == 0 {
		return map[int]float64{left[0].ID: 1}
	}
	probs := make([]float64, len(left))
	for i, c := range left {
		probs[i] = math.Exp((c.Logprob - left[0].Logprob) / o.p.Temperature)
	}
	normalize(probs)
	if k := o.p.TopK; k > 0 {
		probs = probs[:min(k, len(probs))]
		normalize(probs)
	}
	if o.p.TopP > 0 {
		sum, n := 0.0, 0
		for sum < o.p.TopP && n < len(probs) {
			sum += probs[n]
			n++
		}
		probs = probs[:n]
		normalize(probs)
	}
	if o.p.MinP > 0 {
		best := probs[0]
		probs = slices.DeleteFunc(probs, func(p float64) bool { return p < o.p.MinP*best })
		normalize(probs)
	}
	want := make(map[int]float64)
	for i, p := range probs {
		want[left[i].ID] = p
	}
	return want
}

func normalize(probs []float64) {
	total := 0.0
	for _, p := range probs {
		total += p
	}
	for i := range probs {
		probs[i] /= total
	}
}

// fits fails when counts are not those of so many draws from a distribution, by
// the chi-square test. The seeds are fixed, so that it never fails by chance.
func fits(t *testing.T, what string, counts map[int]int, want map[int]float64) {
	t.Helper()
	draws := 0
	for id, n := range counts {
		draws += n
		if want[id] == 0 {
			t.Errorf("%s: token %d was drawn %d times and must not be", what, id, n)
		}
	}
	chi, cells := 0.0, 0
	for id, p := range want {
		expected := p * float64(draws)
		if expected < 5 {
			continue // too rare for the test
		}
		cells++
		d := float64(counts[id]) - expected
		chi += d * d / expected
	}
	// Some five standard deviations of chi-square with that many cells.
	freedom := float64(max(cells-1, 1))
	if limit := freedom + 5*math.Sqrt(2*freedom) + 8; chi > limit {
		t.Errorf("%s: chi-square is %.1f over %d cells, at most %.1f: drew %v, want %v", what, chi, cells, limit, counts, want)
	}
}

// draws counts n draws from the same logits.
func draws(p sampling.Params, logits []sampling.Candidate, n int) map[int]int {
	d := decoder(p)
	counts := make(map[int]int)
	for range n {
		id, ok := d.Next(slices.Clone(logits))
		if !ok {
			panic("nothing to draw")
		}
		counts[id]++
	}
	return counts
}

// sized returns the size of a test: large with FOREWORD_LONG, as in CI.
func sized(plain, large int) int {
	if os.Getenv("FOREWORD_LONG") != "" {
		return large
	}
	return plain
}

func TestDecoderDistribution(t *testing.T) {
	logits := candidates(2, 1.5, 1, 0.5, 0, -0.5, -1, -2, math.NaN(), math.Inf(-1))
	for _, p := range []sampling.Params{
		{Temperature: 1},
		{Temperature: 0.5},
		{Temperature: 3},
		{Temperature: 1, TopK: 3},
		{Temperature: 2, TopK: 1},
		{Temperature: 1, TopK: 100},
		{Temperature: 1, TopP: 0.6},
		{Temperature: 2, TopP: 0.9},
		{Temperature: 1, TopP: 1},
		{Temperature: 1, TopP: 1e-9},
		{Temperature: 1, MinP: 0.3},
		{Temperature: 0.7, MinP: 0.1},
		{Temperature: 1, MinP: 1},
		{Temperature: 1.5, TopK: 6, TopP: 0.8, MinP: 0.2},
		{Temperature: 1e-300}, // nothing but the best is left, and nothing overflows
		{Temperature: 1e300},  // everything is alike
	} {
		for seed := range uint64(sized(1, 3)) {
			p.Seed = seed + 1
			fits(t, fmt.Sprintf("%+v", p), draws(p, logits, 10000), oracle{p: p}.distribution(logits))
		}
	}
}

// TestDecoderAgainstOracle is about parameters and logits of all kinds at once.
func TestDecoderAgainstOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	maybe := func(x float64) float64 {
		if random.IntN(2) == 0 {
			return 0
		}
		return x
	}
	for range sized(50, 150) {
		logits := make([]sampling.Candidate, 1+random.IntN(12))
		for i := range logits {
			logits[i] = sampling.Candidate{ID: i * 3, Logprob: 3 * random.NormFloat64()}
		}
		p := sampling.Params{
			Temperature: 0.2 + 2*random.Float64(),
			TopP:        maybe(random.Float64()),
			TopK:        int(maybe(float64(1 + random.IntN(14)))),
			MinP:        maybe(random.Float64() * 0.5),
			Seed:        random.Uint64(),
		}
		fits(t, fmt.Sprintf("%+v on %v", p, logits), draws(p, logits, 4000), oracle{p: p}.distribution(logits))
	}
}

// Drawing from many candidates gives the token that sorting them would give, at
// any spread of the logits, with ties, and in any order of the candidates.
func TestDecoderEqualsSorting(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, logit := range map[string]func() float64{
		"wide":       func() float64 { return 3 * random.NormFloat64() },
		"flat":       func() float64 { return 0.01 * random.NormFloat64() },
		"nearly one": func() float64 { return -1e-12 * random.Float64() },
		"two values": func() float64 { return float64(random.IntN(2)) },
		"few values": func() float64 { return float64(random.IntN(9)) * math.Ln2 / 2 },
		"equal":      func() float64 { return 7 },
		"remote":     func() float64 { return -1e3 * math.Pow(random.Float64(), 9) },
	} {
		for seed := range uint64(sized(25, 100)) {
			logits := make([]sampling.Candidate, 1+random.IntN(3000))
			for i := range logits {
				logits[i] = sampling.Candidate{ID: i, Logprob: logit()}
			}
			p := sampling.Params{Temperature: 1, Seed: seed + 1}
			if p.TopP = random.Float64(); seed%4 == 0 {
				p.TopP, p.MinP = 0, 0.9*random.Float64()
			}
			if seed%3 == 0 {
				p.TopK = 1 + random.IntN(len(logits))
			}
			want := sorted(p, logits)
			if seed%2 == 0 {
				random.Shuffle(len(logits), func(i, j int) { logits[i], logits[j] = logits[j], logits[i] })
			}
			if got, _ := decoder(p).Next(logits); got != want {
				t.Errorf("%s: of %d candidates, %+v drew %d, want %d", name, len(logits), p, got, want)
			}
		}
	}
}

// sorted draws the first token of a Decoder from candidates in the order of their
// IDs, by sorting them.
func sorted(p sampling.Params, logits []sampling.Candidate) int {
	all := slices.Clone(logits)
	slices.SortStableFunc(all, func(a, b sampling.Candidate) int { return cmp.Compare(b.Logprob, a.Logprob) })
	if p.TopK > 0 {
		all = all[:min(p.TopK, len(all))]
	}
	best, total := all[0].Logprob, 0.0
	for i := range all {
		all[i].Logprob = math.Exp((all[i].Logprob - best) / p.Temperature)
		total += all[i].Logprob
	}
	slices.SortFunc(all, func(a, b sampling.Candidate) int { // weights tie where logits differ
		return cmp.Or(cmp.Compare(b.Logprob, a.Logprob), cmp.Compare(a.ID, b.ID))
	})
	kept, sum := 0, 0.0
	for kept < len(all) && all[kept].Logprob >= p.MinP && (p.TopP == 0 || sum < p.TopP*total) {
		sum += all[kept].Logprob
		kept++
	}
	at := rand.New(rand.NewPCG(p.Seed, 0x666f7265776f7264)).Float64() * sum
	for _, c := range all[:kept] {
		if at -= c.Logprob; at < 0 {
			return c.ID
		}
	}
	return all[kept-1].ID
}

// TestDecoderPenalties draws one token after a history, which many Decoders with
// different seeds have seen in the same way.
func TestDecoderPenalties(t *testing.T) {
	logits := candidates(1.2, 0.8, 0.3, 0, -0.4, -1.1)
	history := []int{0, 2, 0, 0, 4}
	for _, p := range []sampling.Params{
		{FrequencyPenalty: 0.5},
		{FrequencyPenalty: -0.3}, // encourages
		{PresencePenalty: 1},
		{PresencePenalty: -1},
		{FrequencyPenalty: 0.2, PresencePenalty: 0.4, RepetitionPenalty: 1.5},
		{RepetitionPenalty: 2},
		{RepetitionPenalty: 0.5},
		{RepetitionPenalty: 1}, // off
		{RepetitionPenalty: 1.3, TopK: 3},
	} {
		for _, temperature := range []float64{0, 1} {
			p.Temperature = temperature
			prompt := []int{1, 4, 4}
			counts := make(map[int]int)
			for seed := range uint64(sized(2000, 6000)) {
				p.Seed = seed
				d := sampling.NewDecoder(&sampling.Request{Params: p}, prompt, nil)
				for _, id := range history {
					if got, ok := d.Next(candidates(1, 1, 1, 1, 1, 1)[id : id+1]); got != id || !ok {
						t.Fatal(got, ok) // the only one there is
					}
				}
				id, _ := d.Next(slices.Clone(logits))
				counts[id]++
			}
			fits(t, fmt.Sprintf("%+v", p), counts, oracle{p, prompt, history}.distribution(logits))
		}
	}
}

func TestDecoderIsDeterministic(t *testing.T) {
	run := func(seed uint64) (ids []int) {
		d := decoder(sampling.Params{Temperature: 1, TopP: 0.9, FrequencyPenalty: 0.1, Seed: seed})
		for i := range 50 {
			id, _ := d.Next(candidates(0, float64(i%3), 1, 0.5, -1))
			ids = append(ids, id)
		}
		return ids
	}
	seen := make(map[string]bool)
	for seed := range uint64(20) {
		first := run(seed)
		if again := run(seed); !slices.Equal(first, again) {
			t.Errorf("seed %d drew %v and then %v", seed, first, again)
		}
		seen[fmt.Sprint(first)] = true
	}
	if len(seen) != 20 {
		t.Errorf("20 seeds drew %d different texts", len(seen))
	}
}

// With a truncation the order in which the candidates come does not matter, nor
// does it without temperature.
func TestDecoderOrder(t *testing.T) {
	logits := candidates(1, 3, 2, 3, 0)
	random := rand.New(rand.NewPCG(5, 6))
	for _, p := range []sampling.Params{{}, {Temperature: 1, TopK: 4, Seed: 3}, {Temperature: 1, TopP: 0.99, Seed: 3}, {Temperature: 1, MinP: 0.01, Seed: 3}} {
		want := -1
		for range 20 {
			shuffled := slices.Clone(logits)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			id, _ := decoder(p).Next(shuffled)
			if want >= 0 && id != want {
				t.Errorf("%+v drew %d from %v, and %d before", p, id, shuffled, want)
			}
			want = id
		}
	}
}

func TestDecoderOddCandidates(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		why    string
		logits []sampling.Candidate
		want   int // -1 for none
	}{
		{"none", nil, -1},
		{"none that is possible", candidates(nan, -inf, nan), -1},
		{"what is not a number is left out", candidates(nan, -5, nan), 1},
		{"what is impossible is left out", candidates(-inf, -1e300), 1},
		{"certain", candidates(3, inf, 7), 1},
		{"the smallest id of the best", []sampling.Candidate{{9, 1}, {4, 1}, {7, 1}, {2, 0}}, 4},
		{"the smallest id of the certain", []sampling.Candidate{{5, inf}, {3, inf}}, 3},
		{"one", candidates(-1e308), 0},
	} {
		id, ok := decoder(sampling.Params{}).Next(slices.Clone(test.logits))
		if ok != (test.want >= 0) || ok && id != test.want {
			t.Errorf("%s: greedy drew %d, %v, want %d", test.why, id, ok, test.want)
		}
		for seed := range uint64(50) {
			p := sampling.Params{Temperature: 1, TopK: 1, Seed: seed}
			if id, ok := decoder(p).Next(slices.Clone(test.logits)); ok != (test.want >= 0) || ok && id != test.want {
				t.Errorf("%s: the best of one drew %d, %v, want %d", test.why, id, ok, test.want)
			}
			p.TopK = 0
			id, ok := decoder(p).Next(slices.Clone(test.logits))
			if ok != (test.want >= 0) || ok && slices.ContainsFunc(test.logits, func(c sampling.Candidate) bool {
				return c.ID == id && (math.IsNaN(c.Logprob) || math.IsInf(c.Logprob, -1))
			}) {
				t.Errorf("%s: at temperature 1 it drew %d, %v", test.why, id, ok)
			}
		}
	}
	// IDs that repeat are a mistake of the backend, and still end.
	repeated := make([]sampling.Candidate, 500)
	for i := range repeated {
		repeated[i] = sampling.Candidate{ID: i % 2, Logprob: float64(i%4) / 4}
	}
	for id, n := range draws(sampling.Params{Temperature: 1, TopP: 0.9, Seed: 1}, repeated, 100) {
		if id > 1 {
			t.Errorf("token %d, which is not there, was drawn %d times", id, n)
		}
	}
	// Two that are certain share the place, and the others have none.
	fits(t, "certain", draws(sampling.Params{Temperature: 1, Seed: 1}, candidates(inf, 100, inf), 2000), map[int]float64{0: 0.5, 2: 0.5})
}

// TopP keeps the token that reaches it, and MinP the one that just equals it.
func TestDecoderBorders(t *testing.T) {
	halves := candidates(math.Log(0.5), math.Log(0.25), math.Log(0.125), math.Log(0.125))
	kept := func(p sampling.Params) int {
		p.Temperature, p.Seed = 1, 9
		return len(draws(p, halves, 2000))
	}
	for _, test := range []struct {
		p    sampling.Params
		want int
	}{
		{sampling.Params{TopP: 0.49}, 1},
		{sampling.Params{TopP: 0.5}, 1},
		{sampling.Params{TopP: 0.51}, 2},
		{sampling.Params{TopP: 0.75}, 2},
		{sampling.Params{TopP: 0.76}, 3},
		{sampling.Params{TopP: 0.99}, 4},
		{sampling.Params{MinP: 1}, 1},
		{sampling.Params{MinP: 0.5}, 2},
		{sampling.Params{MinP: 0.25}, 4},
		{sampling.Params{MinP: 0.26}, 2},
		{sampling.Params{TopK: 2, TopP: 0.66}, 1}, // of what TopK left, two thirds
		{sampling.Params{TopK: 2, TopP: 0.67}, 2},
		{sampling.Params{TopK: 3}, 3},
	} {
		if got := kept(test.p); got != test.want {
			t.Errorf("TopK %d, TopP %v, MinP %v kept %d tokens, want %d", test.p.TopK, test.p.TopP, test.p.MinP, got, test.want)
		}
	}
	many := make([]sampling.Candidate, 300) // the first 100 have half of the probability
	for i := range many {
		many[i] = sampling.Candidate{ID: i}
		if i >= 100 {
			many[i].Logprob = math.Log(0.5)
		}
	}
	slices.Reverse(many)
	for id := range draws(sampling.Params{Temperature: 1, TopP: 0.5, Seed: 1}, many, 5000) {
		if id >= 100 {
			t.Errorf("token %d is outside of the nucleus", id)
		}
	}
}

// With a constraint, what is drawn has the distribution of the tokens that keep
// to it, the end of the text is drawn only where it is met, and the stop
// sequence comes before it.
func TestDecoderConstraint(t *testing.T) {
	texts := []string{"yes", "no", "n", "o", "\n", "", "\xeb", "\x82\x98", "ye", "s\n", "maybe"}
	var logits []sampling.Candidate
	for id := range len(texts) + 1 { // one more than there are texts: padding
		logits = append(logits, sampling.Candidate{ID: id, Logprob: float64(id) / 3})
	}
	c := sampling.OneOf("yes", "no", "nono", "나")
	for _, test := range []struct {
		why     string
		stop    []string
		drawn   []int
		allowed []int
	}{
		{"at the start", nil, nil, []int{0, 1, 2, 6, 8}},
		{"in a word", nil, []int{2}, []int{3}},
		{"in a character", nil, []int{6}, []int{7}},
		{"the end or more", nil, []int{1}, []int{1, 2, 5}},
		{"nothing but the end", nil, []int{6, 7}, []int{5}},
		{"the stop closes it", []string{"\n", "###"}, []int{0}, []int{4}},
		{"with what is before it", []string{"\n"}, []int{8}, []int{9}},
		{"the stop or more", []string{"\n"}, []int{2, 3}, []int{1, 2, 4}},
		{"after the stop", []string{"\n"}, []int{8, 9}, []int{5}},
		{"no token goes on", []string{"#"}, []int{0}, nil},
	} {
		for _, p := range []sampling.Params{{}, {Temperature: 1}, {Temperature: 1, TopK: 2}, {Temperature: 1.5, TopP: 0.8}, {FrequencyPenalty: 1, Temperature: 0.5}} {
			counts := make(map[int]int)
			for seed := range uint64(1000) {
				p.Seed = seed + 1
				d := sampling.NewDecoder(&sampling.Request{Params: p, Constraint: c, Stop: test.stop}, nil, texts)
				for _, id := range test.drawn {
					if got, ok := d.Next([]sampling.Candidate{{ID: id}}); got != id || !ok {
						t.Fatalf("%s: drew %d, %v, want %d", test.why, got, ok, id)
					}
				}
				if id, ok := d.Next(slices.Clone(logits)); ok {
					counts[id]++
				}
			}
			var allowed []sampling.Candidate
			for _, id := range test.allowed {
				allowed = append(allowed, logits[id])
			}
			want := map[int]float64{}
			if len(allowed) > 0 {
				want = oracle{p: p, drawn: test.drawn}.distribution(allowed)
			}
			fits(t, fmt.Sprintf("%s, %+v", test.why, p), counts, want)
			if (len(counts) > 0) != (len(allowed) > 0) {
				t.Errorf("%s: %v was drawn of %v", test.why, counts, test.allowed)
			}
		}
	}
}
