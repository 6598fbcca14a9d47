package cli

import (
	"flag"

	"github.com/foreword-go/foreword/sampling"
)

// ParamFlags defines flags for the fields of p, with the current values as defaults.
func ParamFlags(flags *flag.FlagSet, p *sampling.Params) {
	flags.IntVar(&p.MaxTokens, "max-tokens", p.MaxTokens, "how far the model goes on, in tokens")
	flags.Float64Var(&p.Temperature, "temperature", p.Temperature, "0 takes the likeliest token, 1 draws from the model's own distribution")
	flags.Float64Var(&p.TopP, "top-p", p.TopP, "nucleus sampling: keep the likeliest tokens that sum to this probability; 0 is off")
	flags.IntVar(&p.TopK, "top-k", p.TopK, "keep this many of the likeliest tokens; 0 is off")
	flags.Float64Var(&p.MinP, "min-p", p.MinP, "keep tokens at least this much as likely as the likeliest; 0 is off")
	flags.Uint64Var(&p.Seed, "seed", p.Seed, "repeats a draw; 0 is a fresh one each time")
}
