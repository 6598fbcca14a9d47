package eval

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/foreword-go/foreword/sampling"
)

// A Report is the result of an evaluation.
type Report struct {
	Results  []Result // one for each case, in order
	Accuracy float64  // the mean score, 0 to 1
	Invalid  int      // invalid answers, which count as wrong

	// Usage is the sum over the cases, as the backend reports it. A backend that is
	// left at a stop sequence may report less. CachedShare is the share that the
	// server's prefix cache had, and [sampling.Price] gives the cost.
	Usage sampling.Usage
}

// A Result is one case and its answer.
type Result struct {
	In          string         `json:"in"`
	Want        string         `json:"want"`
	Got         string         `json:"got"`                   // "" where the answer is invalid, and where the Predictor abstained
	Score       float64        `json:"score"`                 // 0 is wrong, 1 is right
	Probability float64        `json:"probability,omitempty"` // of the answer, by the Predictor; 0 where it gives none
	Abstained   bool           `json:"abstained,omitempty"`
	Err         error          `json:"-"` // why the answer is invalid
	Usage       sampling.Usage `json:"-"`
}

// String gives the accuracy with its 95 % [Wilson] interval, in percent, and how many
// answers were invalid, if any. The interval is too wide where answers are partly right.
func (r *Report) String() string {
	low, high := Wilson(r.Accuracy, len(r.Results))
	text := fmt.Sprintf("%.1f %% of %d cases (95 %% interval %.1f to %.1f)", 100*r.Accuracy, len(r.Results), 100*low, 100*high)
	if r.Invalid > 0 {
		text += fmt.Sprintf(", %d invalid", r.Invalid)
	}
	return text
}

// Selective returns the coverage and the accuracy of a Predictor that abstains
// below a probability: the share of cases that it answers, and their mean score,
// which is 0 where it answers none.
func (r *Report) Selective(threshold float64) (coverage, accuracy float64) {
	answered, score := 0, 0.0
	for _, one := range r.Results {
		if one.labelled() && one.Probability >= threshold {
			answered++
			score += one.Score
		}
	}
	return ratio(answered, len(r.Results)), score / float64(max(answered, 1))
}

// WriteJSONL writes one line of JSON for each case, for other programs.
func (r *Report) WriteJSONL(w io.Writer) error {
	type usage struct {
		PromptTokens     int `json:"prompt_tokens,omitempty"`
		CompletionTokens int `json:"completion_tokens,omitempty"`
		CachedTokens     int `json:"cached_tokens,omitempty"`
	}
	type line struct {
		Case int `json:"case"` // counting from 0
		Result
		Error string `json:"error,omitempty"`
		usage
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i, one := range r.Results {
		l := line{Case: i, Result: one, usage: usage(one.Usage)}
		if one.Err != nil {
			l.Error = one.Err.Error()
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
