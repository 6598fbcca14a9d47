package cli

import (
	"flag"

	"github.com/foreword-go/foreword/sampling"
)

// ParamFlags defines flags for the fields of p, with the current values as defaults.
func ParamFlags(flags *flag.FlagSet, p *sampling.Params) {
	flags.IntVar(&p.MaxTokens, "max-tokens", p.MaxTokens, "maximum number of tokens to draw")
	flags.Float64Var(&p.Temperature, "temperature", p.Temperature, "0 takes the most likely token, 1 draws from the model's own distribution")
	flags.Float64Var(&p.TopP, "top-p", p.TopP, "nucleus sampling: keep the most likely tokens that sum to this probability; 0 is off")
	flags.IntVar(&p.TopK, "top-k", p.TopK, "keep this many of the most likely tokens; 0 is off")
	flags.Float64Var(&p.MinP, "min-p", p.MinP, "keep tokens with at least this share of the highest probability; 0 is off")
	flags.Uint64Var(&p.Seed, "seed", p.Seed, "seed of a draw, to repeat it; 0 is a new one each time")
}
