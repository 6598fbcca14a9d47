package openai_test

import (
	"flag"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

var classified = flag.Int("cases", 16, "how many cases TestRealServerClassifier has")

// review makes a text for each number.
func review(i int) string {
	of := func(words ...string) string {
		word := words[i%len(words)]
		i /= len(words)
		return word
	}
	return fmt.Sprintf("The %s was %s and %s, %s.", of("film", "soup", "hotel", "book", "service"), of("dull", "lovely", "cold", "fine"),
		of("too long", "full of charm", "hard to bear", "well made", "not worth the money"), of("my sister said", "I think", "as always"))
}

// A Classifier on a real server gives the probabilities of the full distribution:
// on vLLM those of echo, which takes a request for each label and reads all of the
// prompt each time; on llama.cpp those of every token of the vocabulary.
func TestRealServerClassifier(t *testing.T) {
	onRealServers(t, func(t *testing.T, s realServer) {
		for _, labels := range [][]string{{"positive", "negative"}, {"very positive", "very negative", "rather positive", "rather negative"}} {
			t.Run(labels[0], func(t *testing.T) { s.classify(t, labels) })
		}
	})
}

func (s realServer) classify(t *testing.T, labels []string) {
	task := fewshot.Task[string, string]{Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"}}
	for i := range 8 {
		task.Add(review(7*i+3)+" "+review(5*i+1), labels[i%len(labels)])
	}
	classifier, err := fewshot.NewClassifier(task.MustCompile(), labels, fewshot.ClassifierOptions[string]{})
	if err != nil {
		t.Fatal(err)
	}
	if s.config.Dialect.Native() != openai.VLLM.Native() {
		m := sampling.Model{Backend: s.backend(t, nil)}
		for i := range 2 {
			got, err := classifier.Classify(t.Context(), m, review(i))
			if err != nil {
				t.Fatal(err)
			}
			want, total := make([]float64, len(labels)), 0.0
			for j, label := range labels {
				want[j] = math.Exp(s.byVocabulary(t, got.Prompt.Text, " "+label))
				total += want[j]
			}
			for j := range labels {
				// Quantized weights give other numbers when a prompt is read in other pieces.
				if math.Abs(want[j]/total-got.Probabilities[j]) > 0.05 || got.Method != fewshot.ByScore {
					t.Errorf("%q: %v %v, want %v of %v", labels[j], got.Probabilities, got.Method, want, total)
				}
			}
		}
		return
	}
	d := s.config.Dialect
	d = d.WithoutNative() // without it Score knows echo alone
	ways := []*way{{name: "by echo", config: s.config}, {name: "by token ids", config: s.config}}
	ways[0].config.Dialect = d
	for i := 0; i < *classified; i += 16 { // in turn, so that both have the same neighbours
		for _, w := range ways {
			w.classify(t, s, classifier, i, min(i+16, *classified))
		}
	}
	worst := 0.0
	for i, echo := range ways[0].answers {
		ids := ways[1].answers[i]
		for j := range labels {
			worst = max(worst, math.Abs(echo.Probabilities[j]-ids.Probabilities[j]))
		}
		if echo.Label != ids.Label || worst > 1e-3 {
			t.Errorf("%q: %+v by echo and %+v by token ids", review(i), echo, ids)
		}
	}
	for _, w := range ways {
		t.Logf("%s: %d cases, %d requests, %v, %.0f %% of %.0f prompt tokens looked up were in the prefix cache", w.name, len(w.answers), w.requests.Load(), w.took.Round(time.Millisecond), 100*w.hits/max(1, w.queries), w.queries)
	}
	t.Logf("the probabilities are at most %.2g apart", worst)
}

// A way is one of two ways to score, with what it took.
type way struct {
	name          string
	config        openai.Config
	backend       *openai.Backend
	answers       []*fewshot.Classification[string]
	requests      atomic.Int64
	took          time.Duration
	hits, queries float64
}

func (w *way) classify(t *testing.T, s realServer, c *fewshot.Classifier[string, string], from, to int) {
	if w.backend == nil {
		w.config.HTTPClient = &http.Client{Transport: w}
		w.backend = newReal(t, w.config, false)
	}
	m := sampling.Model{Backend: w.backend}
	hits, queries, began := s.metricOf(t, "vllm:prefix_cache_hits_total"), s.metricOf(t, "vllm:prefix_cache_queries_total"), time.Now()
	answers := make([]*fewshot.Classification[string], to-from)
	var all sync.WaitGroup
	slots := make(chan bool, 8)
	for i := range answers {
		all.Go(func() {
			slots <- true
			defer func() { <-slots }()
			var err error
			if answers[i], err = c.Classify(t.Context(), m, review(from+i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	w.took += time.Since(began)
	w.hits += s.metricOf(t, "vllm:prefix_cache_hits_total") - hits
	w.queries += s.metricOf(t, "vllm:prefix_cache_queries_total") - queries
	w.answers = append(w.answers, answers...)
}

// RoundTrip counts requests.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	return http.DefaultTransport.RoundTrip(r)
}
