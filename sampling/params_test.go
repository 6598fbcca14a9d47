package sampling_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// Every message names the field or the byte.
func TestValidate(t *testing.T) {
	type params = sampling.Params
	nan, inf := math.NaN(), math.Inf(1)
	of := func(p params) *sampling.Request { return &sampling.Request{Prompt: "p", Params: p} }
	stops := func(s ...string) *sampling.Request { return &sampling.Request{Stop: s} }
	for _, test := range []struct {
		req  *sampling.Request
		want string // "" when it is valid
	}{
		{&sampling.Request{}, ""},
		{of(params{MaxTokens: 1, Temperature: 2, TopP: 1, TopK: 1, MinP: 1, RepetitionPenalty: 1, Logprobs: true, TopLogprobs: 5, Seed: math.MaxUint64}), ""},
		{of(params{FrequencyPenalty: -2, PresencePenalty: 2}), ""},
		{of(params{Temperature: math.SmallestNonzeroFloat64, TopP: 0.5, MinP: 1e-9, MaxTokens: math.MaxInt}), ""},
		{stops("\n", "\n\n", "é", "\uFFFD"), ""},
		{&sampling.Request{Prompt: "\uFFFD, \x00 and 나비"}, ""},

		{nil, "request"},
		{of(params{MaxTokens: -1}), "Params.MaxTokens"},
		{of(params{TopK: -40}), "Params.TopK"},
		{of(params{Logprobs: true, TopLogprobs: -1}), "Params.TopLogprobs"},
		{of(params{TopLogprobs: 3}), "Params.TopLogprobs"},
		{of(params{Temperature: -0.5}), "Params.Temperature"},
		{of(params{Temperature: nan}), "Params.Temperature"},
		{of(params{Temperature: inf}), "Params.Temperature"},
		{of(params{TopP: 1.5}), "Params.TopP"},
		{of(params{TopP: -0.1}), "Params.TopP"},
		{of(params{TopP: nan}), "Params.TopP"},
		{of(params{MinP: 2}), "Params.MinP"},
		{of(params{MinP: -2}), "Params.MinP"},
		{of(params{RepetitionPenalty: -1}), "Params.RepetitionPenalty"},
		{of(params{RepetitionPenalty: inf}), "Params.RepetitionPenalty"},
		{of(params{FrequencyPenalty: inf}), "Params.FrequencyPenalty"},
		{of(params{FrequencyPenalty: nan}), "Params.FrequencyPenalty"},
		{of(params{PresencePenalty: -inf}), "Params.PresencePenalty"},

		{&sampling.Request{Prompt: "ab\xffc"}, "byte 2"},
		{&sampling.Request{Prompt: "\xff"}, "byte 0"},
		{&sampling.Request{Prompt: "\uFFFD\xc3"}, "byte 3"},
		{stops("\n", ""), "Stop[1]"},
		{stops("\xc3"), "Stop[0]"},
		{stops("a", "b\xc3"), "byte 1"},
		{stops("a", "b", "a"), "Stop[2]"},
	} {
		err := test.req.Validate()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v is refused: %v", test.req, err)
		case test.want == "":
		case err == nil:
			t.Errorf("%+v is accepted; want %q", test.req, test.want)
		case !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), test.want):
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	// The first fault is reported.
	if err := of(params{MaxTokens: -1, TopP: 7}).Validate(); err == nil || !strings.Contains(err.Error(), "MaxTokens") || strings.Contains(err.Error(), "TopP") {
		t.Error(err)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("p", "a", "b", 0.5)
	f.Add("\xff", "", "b", -1.0)
	f.Fuzz(func(t *testing.T, prompt, stop1, stop2 string, x float64) {
		req := &sampling.Request{Prompt: prompt, Stop: []string{stop1, stop2}, Params: sampling.Params{Temperature: x}}
		bad := !validText(prompt) || !validText(stop1) || !validText(stop2) ||
			stop1 == "" || stop2 == "" || stop1 == stop2 ||
			math.IsNaN(x) || math.IsInf(x, 0) || x < 0
		if err := req.Validate(); bad != (err != nil) {
			t.Errorf("%+v: %v", req, err)
		}
	})
}

// validText looks for replacement characters that stand for a single byte.
func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }
