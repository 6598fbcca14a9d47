package samplingtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/sampling"
)

// A Kit is the conformance test with its settings. The zero Kit tests everything.
type Kit struct {
	// Prompt is the text that the samples continue. The model must have several likely
	// continuations and must not end at once. "" is "Once upon a time".
	Prompt string

	// MaxTokens is the length of the samples. 0 is 32. A smaller number is faster and
	// finds less.
	MaxTokens int

	// Skip maps the names of rules to skip, which are those of the subtests, to the
	// reason, which the test prints:
	//
	//	Skip: map[string]string{"seeds": "the server has no seeds"}
	Skip map[string]string

	// Unsupported lists parameters that the backend must refuse: each alone must give
	// an error wrapping ErrUnsupported and no text.
	Unsupported []sampling.Params

	// Timeout is the maximum time of one call. 0 is 30 seconds. If a call takes longer
	// and returns when it is cancelled, the subtest is skipped, since a busy server is
	// not a broken backend.
	Timeout time.Duration
}

// A rule is one thing that a backend must do. Rules run in the order of the table, and
// only if the rules that they need were kept, so that one fault is reported once.
type rule struct {
	name  string
	doc   string // as the documentation has it
	needs []string
	check func(*checker)
}

// rules is the table of all rules.
var rules = []rule{
	{"answers", "Sample yields the continuation of req.Prompt in pieces.", nil, (*checker).answers},
	{"reasons", "The last chunk, and only the last, carries a Reason other than Unfinished.", nil, (*checker).reasons},
	{"no-echo", "Sample yields the continuation and never the prompt itself.", nil, (*checker).noEcho},
	{"greedy", "The zero Params is greedy: the same request gives the same text, whatever was asked before.", nil, (*checker).greedy},
	{"seeds", "Seed makes a sample repeatable; another seed gives another sample.", []string{"greedy"}, (*checker).seeds},
	{"max-tokens", "At most req.Params.MaxTokens tokens are drawn, and TokenLimit says that the limit was reached.", []string{"reasons", "greedy"}, (*checker).maxTokens},
	{"whole-runes", "The Text of a Chunk ends in a whole rune.", nil, (*checker).wholeRunes},
	{"usage", "Usage is what the backend says it cost so far, in tokens.", nil, (*checker).usage},
	{"empty-prompt", "An empty prompt, without stops or extra fields, is answered or refused with an error.", []string{"reasons"}, (*checker).emptyPrompt},
	{"request", "The request is not modified.", nil, (*checker).intact},
	{"cancel", "When ctx is cancelled the backend stops, and the sequence ends with an error wrapping ctx's own.", []string{"reasons"}, (*checker).cancelled},
	{"early-break", "When the consumer leaves its loop the backend stops and returns; it does not call yield again.", nil, (*checker).earlyBreak},
	{"goroutines", "No goroutine outlives the loop.", []string{"early-break"}, (*checker).goroutines},
	{"concurrency", "Sample may be called by many goroutines at once, and what others ask does not change a greedy answer.", []string{"greedy"}, (*checker).concurrency},
	{"stops", "The text may run past a stop sequence: Model cuts it, whole and in a stream. A backend passes the stops on only to save tokens.", []string{"reasons", "greedy", "early-break"}, (*checker).stops},
	{"top-k", "No parameter is dropped in silence: TopK of 1 leaves the most likely token alone.", []string{"greedy"}, (*checker).topK},
	{"top-p", "No parameter is dropped in silence: a TopP near 0 leaves the most likely token alone.", []string{"greedy"}, (*checker).topP},
	{"min-p", "No parameter is dropped in silence: MinP of 1 leaves the most likely token alone.", []string{"greedy"}, (*checker).minP},
	{"penalties", "No parameter is dropped in silence: an enormous penalty changes a text that repeats itself.", []string{"greedy"}, (*checker).penalties},
	{"logprobs", "Params.Logprobs asks for each token's natural log probability and this many alternatives, the best first.", []string{"greedy"}, (*checker).logprobs},
	{"refusals", "What the backend cannot do is an error wrapping ErrUnsupported, before anything is sent. An error ends the sequence.", nil, (*checker).refusals},
	{"counter", "A count that may be wrong must be too high, never too low.", nil, (*checker).counter},
	{"scorer", "Score returns one Score for each continuation, in their order, rather than made-up numbers.", []string{"greedy", "logprobs"}, (*checker).scorer},
	{"describer", "Describe says the same of the same backend each time. A field that was not told is zero.", nil, (*checker).describer},
	{"drawer", "Draw returns n completions of the request.", []string{"greedy", "max-tokens", "whole-runes"}, (*checker).drawer},
	{"constrainer", "A constraint is enforced or refused with an error wrapping ErrUnsupported, and never ignored. The first stop closes it.", []string{"stops", "drawer"}, (*checker).constrainer},
}

// TestBackend checks that a backend keeps the rules of [sampling.Backend], and
// those of [sampling.Counter], [sampling.Scorer], [sampling.Drawer],
// [sampling.Describer] and [sampling.Constrainer] if it implements them. Test a
// wrapper around a backend that keeps the rules. Each rule is a subtest with its own
// backend from newBackend, which may use t to clean up.
func (k Kit) TestBackend(t *testing.T, newBackend func(t *testing.T) sampling.Backend) {
	t.Helper()
	if err := k.checkSkips(); err != nil {
		t.Error(err)
	}
	broken := make(map[string]bool)
	for _, r := range rules {
		c := &checker{kit: k, rule: r}
		kept := t.Run(r.name, func(t *testing.T) {
			if why := k.leaveOut(r, broken); why != "" {
				t.Skip(why)
			}
			c.t, c.backend.Backend = t, newBackend(t)
			c.check()
		})
		broken[r.name] = !kept || c.undecided
	}
}

// checkSkips refuses unknown rules and missing reasons.
func (k Kit) checkSkips() error {
	var errs []error
	for name, why := range k.Skip {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == name }) {
			errs = append(errs, fmt.Errorf("samplingtest: Kit.Skip names %q, which is not a rule", name))
		}
		if strings.TrimSpace(why) == "" {
			errs = append(errs, fmt.Errorf("samplingtest: Kit.Skip leaves out %q without a reason; say why", name))
		}
	}
	return errors.Join(errs...)
}

// leaveOut returns why a rule is skipped, or "".
func (k Kit) leaveOut(r rule, broken map[string]bool) string {
	if why, ok := k.Skip[r.name]; ok {
		return "left out: " + why
	}
	for _, need := range append([]string{"answers"}, r.needs...) {
		if broken[need] {
			return fmt.Sprintf("not checked, since rule %s is broken or not decided", need)
		}
	}
	return ""
}
