package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A Report is the result of an evaluation.
type Report struct {
	Results   []Result // one for each case, in order
	Accuracy  float64  // the mean score, 0 to 1
	Low, High float64  // its 95 % Wilson interval; too wide where cases are partly right
	Invalid   int      // invalid answers, which count as wrong
	Abstained int      // cases without a label, which count as wrong

	// Usage is the sum over the cases, as the backend reports it. A backend that is
	// left at a stop sequence may report less.
	Usage sampling.Usage
	Cost  float64 // by EvaluateOptions.Price
	Time  time.Duration
}

// A Result is one case and its answer.
type Result struct {
	In, Want    string
	Got         string  // "" where the answer is invalid, and where the Predictor abstained
	Score       float64 // 0 is wrong, 1 is right
	Probability float64 // of the answer, by the Predictor; 0 where it gives none
	Abstained   bool
	Err         error // why the answer is invalid
	Usage       sampling.Usage
}

func (r *Report) add(one Result) {
	r.Results = append(r.Results, one)
	if one.Err != nil {
		r.Invalid++
	}
	if one.Abstained {
		r.Abstained++
	}
	r.Usage.PromptTokens += one.Usage.PromptTokens
	r.Usage.CompletionTokens += one.Usage.CompletionTokens
	r.Usage.CachedTokens += one.Usage.CachedTokens
}

// String gives the accuracy with its interval, in percent.
func (r *Report) String() string {
	return fmt.Sprintf("%.1f %% of %d cases (95 %% interval %.1f to %.1f)", 100*r.Accuracy, len(r.Results), 100*r.Low, 100*r.High)
}

// CachedShare is the share of the prompt tokens that the server's prefix cache
// held, 0 to 1.
func (r *Report) CachedShare() float64 {
	if r.Usage.PromptTokens == 0 {
		return 0
	}
	return float64(r.Usage.CachedTokens) / float64(r.Usage.PromptTokens)
}

// Selective returns the coverage and the accuracy of a Predictor that abstains
// below a probability: the share of cases that it answers, and their mean score,
// which is 0 where it answers none.
func (r *Report) Selective(threshold float64) (coverage, accuracy float64) {
	var answered []Result
	for _, one := range r.Results {
		if one.Err == nil && !one.Abstained && one.Probability >= threshold {
			answered = append(answered, one)
		}
	}
	if len(r.Results) == 0 {
		return 0, 0
	}
	return float64(len(answered)) / float64(len(r.Results)), mean(answered)
}

// mean is the mean score, and 0 of no cases.
func mean(results []Result) float64 {
	sum := 0.0
	for _, r := range results {
		sum += r.Score
	}
	return sum / float64(max(len(results), 1))
}

// WriteJSONL writes one line of JSON for each case, for other programs.
func (r *Report) WriteJSONL(w io.Writer) error {
	type line struct {
		Case             int     `json:"case"` // counting from 0
		In               string  `json:"in"`
		Want             string  `json:"want"`
		Got              string  `json:"got"`
		Score            float64 `json:"score"`
		Probability      float64 `json:"probability,omitempty"`
		Abstained        bool    `json:"abstained,omitempty"`
		Error            string  `json:"error,omitempty"`
		PromptTokens     int     `json:"prompt_tokens,omitempty"`
		CachedTokens     int     `json:"cached_tokens,omitempty"`
		CompletionTokens int     `json:"completion_tokens,omitempty"`
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i, one := range r.Results {
		l := line{
			Case: i, In: one.In, Want: one.Want, Got: one.Got, Score: one.Score, Probability: one.Probability, Abstained: one.Abstained,
			PromptTokens: one.Usage.PromptTokens, CachedTokens: one.Usage.CachedTokens, CompletionTokens: one.Usage.CompletionTokens,
		}
		if one.Err != nil {
			l.Error = one.Err.Error()
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
