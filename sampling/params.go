package sampling

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// DefaultMaxTokens is the limit when Params.MaxTokens is 0. There is always a
// limit, because a base model does not know when to stop.
const DefaultMaxTokens = 256

// Params decide how tokens are drawn. The zero Params decodes greedily, up to
// [DefaultMaxTokens]. Zeros are sent to every server that knows the field, so
// that the server's own defaults never apply.
type Params struct {
	// MaxTokens limits the completion, in tokens. 0 is DefaultMaxTokens.
	MaxTokens int

	// Temperature divides the logits. 0 is greedy, and 1 the model's own
	// distribution.
	Temperature float64

	// TopP keeps the most likely tokens whose probabilities sum to at least TopP
	// (nucleus sampling, Holtzman et al. 2019). 0 and 1 are off.
	TopP float64

	// TopK keeps the K most likely tokens. 0 is off.
	TopK int

	// MinP keeps the tokens that are at least MinP times as likely as the most
	// likely one (Nguyen et al. 2024). 0 is off.
	MinP float64

	// FrequencyPenalty is subtracted from a token's logit for each time that the
	// completion has the token, PresencePenalty once. Negative values encourage
	// repetition. 0 is off.
	FrequencyPenalty, PresencePenalty float64

	// RepetitionPenalty divides the positive logits, and multiplies the negative
	// ones, of tokens in the prompt or the completion (Keskar et al. 2019). 0
	// and 1 are off.
	RepetitionPenalty float64

	// Seed makes a sample repeatable if the backend supports it. 0 draws a fresh
	// seed for each call, which the Completion reports.
	Seed uint64

	// Logprobs asks for the log probability of each drawn token, TopLogprobs for
	// those of the most likely tokens at its position. TopLogprobs needs Logprobs.
	Logprobs    bool
	TopLogprobs int

	// Extra holds fields of this server's own, sent as they are.
	Extra map[string]any
}

// validate returns an error that names the first field with a negative value, NaN,
// or a TopP or MinP above 1.
func (p *Params) validate() error {
	if p.TopLogprobs > 0 && !p.Logprobs {
		return fmt.Errorf("%w: Params.TopLogprobs is %d without Params.Logprobs; set Logprobs too", ErrInvalid, p.TopLogprobs)
	}
	const most = math.MaxFloat64
	for _, f := range []struct {
		name     string
		value    float64
		min, max float64
		zero     string
		other    string
	}{
		{"MaxTokens", float64(p.MaxTokens), 0, most, fmt.Sprintf("the default of %d", DefaultMaxTokens), "a positive number"},
		{"TopK", float64(p.TopK), 0, most, "no limit", "a positive number"},
		{"TopLogprobs", float64(p.TopLogprobs), 0, most, "none", "a positive number"},
		{"Temperature", p.Temperature, 0, most, "greedy decoding", "a positive number"},
		{"TopP", p.TopP, 0, 1, "off", "a number up to 1"},
		{"MinP", p.MinP, 0, 1, "off", "a number up to 1"},
		{"RepetitionPenalty", p.RepetitionPenalty, 0, most, "off", "a positive number"},
		{"FrequencyPenalty", p.FrequencyPenalty, -most, most, "off", "a finite number"},
		{"PresencePenalty", p.PresencePenalty, -most, most, "off", "a finite number"},
	} {
		// The negated form also catches NaN, which compares as false.
		if !(f.value >= f.min && f.value <= f.max) {
			return fmt.Errorf("%w: Params.%s is %.15g; use 0 for %s, or %s", ErrInvalid, f.name, f.value, f.zero, f.other)
		}
	}
	return nil
}

// Validate returns an error wrapping [ErrInvalid] for wrong parameters, text that
// is not UTF-8, empty or repeated stop sequences, and an invalid Constraint. It
// refuses a stop sequence that cuts a text of [OneOf], or every text of the
// Constraint. Model calls it before anything is sent.
func (r *Request) Validate() error {
	if r == nil {
		return fmt.Errorf("%w: the request is nil; pass &sampling.Request{Prompt: ...}", ErrInvalid)
	}
	if i := invalidUTF8(r.Prompt); i >= 0 {
		return fmt.Errorf("%w: Prompt is not valid UTF-8 at byte %d; convert it, or replace the bytes with strings.ToValidUTF8", ErrInvalid, i)
	}
	if err := validateStops(r.Stop); err != nil {
		return err
	}
	if err := r.Constraint.validate(r.Stop); err != nil {
		return err
	}
	return r.Params.validate()
}

func validateStops(stops []string) error {
	for i, s := range stops {
		if s == "" {
			return fmt.Errorf("%w: Stop[%d] is empty and would end every text at once; leave it out", ErrInvalid, i)
		}
		if j := invalidUTF8(s); j >= 0 {
			return fmt.Errorf("%w: Stop[%d] is not valid UTF-8 at byte %d; a stop sequence is text", ErrInvalid, i, j)
		}
		if j := slices.Index(stops[:i], s); j >= 0 {
			return fmt.Errorf("%w: Stop[%d] repeats Stop[%d], %q; leave one out", ErrInvalid, i, j, s)
		}
	}
	return nil
}

// invalidUTF8 returns the offset of the first byte that is not part of valid
// UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}
