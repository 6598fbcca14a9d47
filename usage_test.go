package foreword_test

import (
	"strings"
	"testing"
)

// TestHelp checks that the help of an example shows its usage and its flags.
func TestHelp(t *testing.T) {
	for _, name := range []string{"agree", "bare", "classify", "continue", "extract", "landmarks", "recite", "shots", "translate"} {
		help := runWell(t, name+" -h")
		for _, want := range []string{name + ": ", "\nUsage: " + name + " [flags]", "  go run ./examples/" + name, "\nFlags:\n", "  -backend name\n"} {
			if !strings.Contains(help, want) {
				t.Errorf("help does not hold %q:\n%s", want, help)
			}
		}
	}
}

// TestMistakes gives wrong command lines to the examples. Each must print one line on
// standard error and end with a status other than 0.
func TestMistakes(t *testing.T) {
	type mistakes map[string]string // words of the error, by the wrong arguments
	common := mistakes{
		`-colour green`:            "-colour",
		`-backend openai -model m`: "OPENAI_API_KEY",
	}
	for name, own := range map[string]mistakes{
		"agree": {`-n 1`: "draw at least 2", `-min-p -1`: "MinP is -1"},
		"bare": {
			`-max-tokens -1`: "MaxTokens is -1",
			`-backend chat`:  `unknown backend "chat"`,
			`-dialect chat`:  `unknown dialect "chat"`,
			`-dialect vllm`:  "-dialect goes with -backend openai",
			`-window -1`:     "-window is -1",
		},
		"classify":  {`""`: "input is empty", "\"one\n\ntwo\"": "an empty line"},
		"continue":  {`-n 0`: "drawing 0", `-n 1000000`: "at most 1,000", `-n x`: `value "x" for flag -n`, `-temperature NaN`: "Temperature is NaN", `-top-p 2`: "TopP is 2", `-max-tokens -1`: "MaxTokens is -1"},
		"extract":   {`""`: "input is empty"},
		"landmarks": {`-rounds 0`: "-rounds is 0", `-max-tokens -1 Rome`: "MaxTokens is -1"},
		"recite":    {`LICENSE`: `unexpected "LICENSE"`, `-file testdata/nothing.txt`: "no such file", `-prefix 0`: "at least 1 word", `-prefix 5000`: "the text has", `-length -1`: "Length is -1"},
		"shots":     {`-cases 0`: "-cases 0", `-cases 1000`: "there are 130 words", `-orders 0`: "-orders is 0", `-temperature -1 -o ""`: "Temperature is -1", `-model m`: "-model go with -backend", `-o no/such/folder/shots`: "no/such/folder"},
		"translate": {},
	} {
		for _, table := range []mistakes{common, own} {
			for args, want := range table {
				got := run(t, name+" "+args)
				if got.status <= 0 || got.stdout != "" {
					t.Errorf("%s %s: %+v, want a positive status and nothing on standard output", name, args, got)
				}
				if !strings.HasPrefix(got.stderr, name+": ") || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, want) {
					t.Errorf("%s %s: standard error is %q, want one line that says %q", name, args, got.stderr, want)
				}
			}
		}
	}
}
