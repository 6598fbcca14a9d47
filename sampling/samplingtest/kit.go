package samplingtest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// TestBackend checks that a backend keeps the rules of [sampling.Backend], and
// those of [sampling.Counter], [sampling.Scorer] and [sampling.Drawer] where it
// implements them. Each rule is a subtest with a backend of its own from
// newBackend, which may use t to clean up behind it. It is the zero [Kit].
func TestBackend(t *testing.T, newBackend func(t *testing.T) sampling.Backend) {
	t.Helper()
	Kit{}.TestBackend(t, newBackend)
}

// A Kit is the conformance test with its settings. The zero Kit tests
// everything.
type Kit struct {
	// Prompt is the text that the samples continue. The model must have more
	// than one way to go on with it and must not end at once. "" is "Once upon
	// a time".
	Prompt string

	// MaxTokens is the length of the samples. 0 is 32. A smaller one is quicker
	// and sees less.
	MaxTokens int

	// Skip leaves rules out. Each comes with the reason, which the test prints:
	//
	//	Skip: map[samplingtest.Rule]string{
	//		samplingtest.Seeds: "the server has no seeds",
	//	}
	Skip map[Rule]string

	// Unsupported lists parameters of which the backend must say that it cannot
	// honour them: each set alone must give an error wrapping ErrUnsupported
	// and no text.
	Unsupported []sampling.Params

	// Patience is how long one sample may take before the kit takes it to hang.
	// 0 is 30 seconds.
	Patience time.Duration
}

const (
	defaultPrompt    = "Once upon a time"
	defaultMaxTokens = 32
	defaultPatience  = 30 * time.Second
)

// A Rule is one thing that a backend must do. Its text is the name of the
// subtest that checks it.
type Rule string

// The rules, in the order in which they are checked. Each stands with what it
// rests on: when that is broken the rule is not checked, so that one fault is
// reported once.
const (
	Answers     Rule = "answers"      // a plain greedy request is answered with text
	Reasons     Rule = "reasons"      // the last chunk and only the last has a Reason
	NoEcho      Rule = "no-echo"      // the prompt is not part of the text
	Greedy      Rule = "greedy"       // temperature 0 always gives the same text
	Seeds       Rule = "seeds"        // a seed repeats a sample, another one changes it
	MaxTokens   Rule = "max-tokens"   // no more tokens than asked for
	WholeRunes  Rule = "whole-runes"  // each chunk is whole runes
	Usages      Rule = "usage"        // what it cost adds up
	EmptyPrompt Rule = "empty-prompt" // no prompt is answered or refused
	Intact      Rule = "request"      // the request is not modified
	Cancel      Rule = "cancel"       // a cancelled context ends the sequence
	EarlyBreak  Rule = "early-break"  // nothing comes after the loop is left
	Goroutines  Rule = "goroutines"   // none outlives the loop
	Concurrency Rule = "concurrency"  // samples at the same time do not mix
	Stops       Rule = "stops"        // through Model, the text ends before a stop sequence
	TopK        Rule = "top-k"        // honoured or refused
	TopP        Rule = "top-p"        // honoured or refused
	MinP        Rule = "min-p"        // honoured or refused
	Penalties   Rule = "penalties"    // honoured or refused
	Logprobs    Rule = "logprobs"     // honoured or refused, and they add up
	Refusals    Rule = "refusals"     // what is not supported is an error and no text
	Counts      Rule = "counter"      // a Counter never counts too few
	Scores      Rule = "scorer"       // a Scorer tells likely from unlikely
	Draws       Rule = "drawer"       // a Drawer draws n
)

// A Failure is a rule that a backend broke.
type Failure struct {
	Rule Rule
	Doc  string // what the documentation of Backend and its companions asks for
	Got  string // what was seen
}

// Error gives the rule, what it asks for and what was seen.
func (f *Failure) Error() string {
	return fmt.Sprintf("rule %s is broken.\n\tThe rule: %s\n\tSeen: %s", f.Rule, f.Doc, f.Got)
}

// A rule is a Rule with its check. Rules run in the order of the table, and
// only when those that they need were kept.
type rule struct {
	name  Rule
	doc   string
	needs []Rule
	check func(*checker)
}

// rules is the table of all rules.
var rules = []rule{
	{Answers, "Sample yields the continuation of req.Prompt in pieces.", nil, (*checker).answers},
	{Reasons, "The last chunk, and only the last, carries a Reason other than Unfinished.", nil, (*checker).reasons},
	{NoEcho, "Sample yields the continuation and never the prompt itself.", nil, (*checker).noEcho},
	{Greedy, "The zero Params is greedy: the same request gives the same text, whatever was asked before.", nil, (*checker).greedy},
	{Seeds, "Seed makes a sample repeatable; another seed gives another sample.", []Rule{Greedy}, (*checker).seeds},
	{MaxTokens, "At most req.Params.MaxTokens tokens are drawn, and TokenLimit says that the limit was reached.", []Rule{Reasons, Greedy}, (*checker).maxTokens},
	{WholeRunes, "The Text of a Chunk ends in a whole rune.", nil, (*checker).wholeRunes},
	{Usages, "Usage is what the backend says it cost so far, in tokens.", nil, (*checker).usage},
	{EmptyPrompt, "An empty prompt, without stops or extra fields, is answered or refused with an error.", []Rule{Reasons}, (*checker).emptyPrompt},
	{Intact, "The request is not modified.", nil, (*checker).intact},
	{Cancel, "When ctx is cancelled the backend stops, and the sequence ends with an error wrapping ctx's own.", []Rule{Reasons}, (*checker).cancelled},
	{EarlyBreak, "When the consumer leaves its loop the backend stops and returns; it does not call yield again.", nil, (*checker).earlyBreak},
	{Goroutines, "No goroutine outlives the loop.", []Rule{EarlyBreak}, (*checker).goroutines},
	{Concurrency, "Sample may be called by many goroutines at once.", []Rule{Greedy}, (*checker).concurrency},
	{Stops, "The text may run past a stop sequence: Model cuts it. A backend passes the stops on only to save tokens.", []Rule{Reasons, Greedy, EarlyBreak}, (*checker).stops},
	{TopK, "No parameter is dropped in silence: TopK of 1 leaves the most likely token alone.", []Rule{Greedy}, (*checker).topK},
	{TopP, "No parameter is dropped in silence: a TopP near 0 leaves the most likely token alone.", []Rule{Greedy}, (*checker).topP},
	{MinP, "No parameter is dropped in silence: MinP of 1 leaves the most likely token alone.", []Rule{Greedy}, (*checker).minP},
	{Penalties, "No parameter is dropped in silence: an enormous penalty changes a text that repeats itself.", []Rule{Greedy}, (*checker).penalties},
	{Logprobs, "Params.Logprobs asks for each token's natural log probability and this many alternatives, the best first.", []Rule{Greedy}, (*checker).logprobs},
	{Refusals, "What the backend cannot do is an error wrapping ErrUnsupported, before anything is sent. An error ends the sequence.", nil, (*checker).refusals},
	{Counts, "A count that may be wrong must be too high, never too low.", nil, (*checker).counter},
	{Scores, "Score returns one Score for each continuation, in their order, rather than made-up numbers.", []Rule{Greedy, Logprobs}, (*checker).scorer},
	{Draws, "Draw returns n completions of the request.", []Rule{Greedy, MaxTokens, WholeRunes}, (*checker).drawer},
}

// TestBackend is the function of that name with the Kit's settings.
func (k Kit) TestBackend(t *testing.T, newBackend func(t *testing.T) sampling.Backend) {
	t.Helper()
	if err := k.checkSkips(); err != nil {
		t.Error(err)
	}
	broken := make(map[Rule]bool)
	for _, r := range rules {
		t.Run(string(r.name), func(t *testing.T) {
			if why := k.leaveOut(r, broken); why != "" {
				t.Skip(why)
			}
			c := k.run(r, newBackend(t))
			for _, f := range c.failures {
				t.Error(f)
			}
			broken[r.name] = len(c.failures) > 0
			if len(c.failures) == 0 && c.skip != "" {
				t.Skip(c.skip)
			}
		})
	}
}

// Check does what TestBackend does and returns the failures instead of failing
// the test. Each is a [*Failure]; errors.Join makes one error of them. t is for
// newBackend alone.
func (k Kit) Check(t *testing.T, newBackend func(t *testing.T) sampling.Backend) []error {
	t.Helper()
	var failures []error
	if err := k.checkSkips(); err != nil {
		failures = append(failures, err)
	}
	broken := make(map[Rule]bool)
	for _, r := range rules {
		if k.leaveOut(r, broken) != "" {
			continue
		}
		c := k.run(r, newBackend(t))
		for _, f := range c.failures {
			failures = append(failures, f)
		}
		broken[r.name] = len(c.failures) > 0
	}
	return failures
}

// checkSkips refuses skips that would leave something out by mistake.
func (k Kit) checkSkips() error {
	var errs []error
	for name, why := range k.Skip {
		known := false
		for _, r := range rules {
			known = known || r.name == name
		}
		if !known {
			errs = append(errs, fmt.Errorf("samplingtest: Kit.Skip names %q, which is no rule", name))
		}
		if strings.TrimSpace(why) == "" {
			errs = append(errs, fmt.Errorf("samplingtest: Kit.Skip leaves out %q without a reason; say why", name))
		}
	}
	return errors.Join(errs...)
}

// leaveOut returns why a rule is not to be checked, or "".
func (k Kit) leaveOut(r rule, broken map[Rule]bool) string {
	if why, ok := k.Skip[r.name]; ok {
		return "left out: " + why
	}
	for _, need := range append([]Rule{Answers}, r.needs...) {
		if broken[need] {
			return fmt.Sprintf("not checked, since rule %s is broken", need)
		}
	}
	return ""
}

func (k Kit) prompt() string          { return cmp.Or(k.Prompt, defaultPrompt) }
func (k Kit) maxTokens() int          { return cmp.Or(k.MaxTokens, defaultMaxTokens) }
func (k Kit) patience() time.Duration { return cmp.Or(k.Patience, defaultPatience) }
