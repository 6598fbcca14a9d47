package sampling_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// ways are all ways to get an answer. Each returns what reached the caller as an
// answer or as a piece of one.
var ways = map[string]func(ctx context.Context, m sampling.Model, req *sampling.Request) (string, sampling.Reason, error){
	"Complete": func(ctx context.Context, m sampling.Model, req *sampling.Request) (string, sampling.Reason, error) {
		c, err := m.Complete(ctx, req)
		if err != nil {
			return "", 0, err // with the text that came, which is not an answer
		}
		return c.Text, c.Reason, nil
	},
	"Stream": func(ctx context.Context, m sampling.Model, req *sampling.Request) (string, sampling.Reason, error) {
		text, last, err := joined(m.Stream(ctx, req))
		return text, last.Reason, err
	},
	"Draw": func(ctx context.Context, m sampling.Model, req *sampling.Request) (text string, reason sampling.Reason, err error) {
		all, err := m.Draw(ctx, req, 3)
		for _, c := range all {
			text, reason = c.Text, c.Reason
		}
		return text, reason, err
	},
}

// drawing is a Script that is a Drawer, too.
func drawing(reply samplingtest.Reply) drawer {
	return drawer{&samplingtest.Script{Answer: samplingtest.Always(reply)}, func(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
		for range n {
			all = append(all, &sampling.Completion{Text: reply.Text, Reason: max(reply.Reason, sampling.EndOfText)})
		}
		return all, nil
	}}
}

func TestAnswersAreVerified(t *testing.T) {
	labels := sampling.OneOf(" positive", " negative", " neutral", " no", " none")
	for _, test := range []struct {
		why    string
		reply  samplingtest.Reply
		stop   []string
		want   string // of the answer
		reason sampling.Reason
		err    error
	}{
		{"a match", samplingtest.Reply{Text: " neutral"}, nil, " neutral", sampling.EndOfText, nil},
		{"before a stop", samplingtest.Reply{Text: " neutral\nReview:"}, []string{"\n"}, " neutral", sampling.StopSequence, nil},
		{"the server cut the stop off", samplingtest.Reply{Text: " no", Reason: sampling.StopSequence}, []string{"\n"}, " no", sampling.StopSequence, nil},
		{"no label", samplingtest.Reply{Text: " The review is"}, nil, "", 0, sampling.ErrConstraint},
		{"a label and more", samplingtest.Reply{Text: " positive!"}, []string{"\n"}, "", 0, sampling.ErrConstraint},
		{"without the boundary", samplingtest.Reply{Text: "positive"}, nil, "", 0, sampling.ErrConstraint},
		{"nothing", samplingtest.Reply{}, nil, "", 0, sampling.ErrConstraint},
		{"too early", samplingtest.Reply{Text: " posi"}, nil, "", 0, sampling.ErrConstraint},
		{"too early for a stop", samplingtest.Reply{Text: " posi\n"}, []string{"\n"}, "", 0, sampling.ErrConstraint},
		{"a stop in a label", samplingtest.Reply{Text: " positive"}, []string{"tive"}, "", 0, sampling.ErrInvalid},
		{"cut on its way", samplingtest.Reply{Text: " posi", Reason: sampling.TokenLimit}, nil, " posi", sampling.TokenLimit, nil},
		{"cut where it could go on", samplingtest.Reply{Text: " no", Reason: sampling.TokenLimit}, nil, " no", sampling.TokenLimit, nil},
		{"cut where nothing goes on", samplingtest.Reply{Text: " none", Reason: sampling.TokenLimit}, nil, " none", sampling.EndOfText, nil},
		{"cut on another way", samplingtest.Reply{Text: " pox", Reason: sampling.TokenLimit}, nil, "", 0, sampling.ErrConstraint},
		{"ended by a filter", samplingtest.Reply{Text: " posi", Reason: sampling.Filtered}, nil, " posi", sampling.Filtered, nil},
		{"not UTF-8", samplingtest.Reply{Text: " positive\xff"}, nil, "", 0, sampling.ErrConstraint},
	} {
		for name, ask := range ways {
			for size := range 4 {
				script := &samplingtest.Script{Answer: samplingtest.Always(test.reply), ChunkSize: size}
				backends := []sampling.Backend{script}
				if name == "Draw" {
					backends = append(backends, drawing(test.reply))
				}
				for _, b := range backends {
					text, reason, err := ask(t.Context(), sampling.Model{Backend: b}, &sampling.Request{Prompt: "p", Stop: test.stop, Constraint: labels})
					if !errors.Is(err, test.err) || err == nil && (text != test.want || reason != test.reason) {
						t.Errorf("%s, %s by %d: %q, %v, %v; want %q, %v, %v", test.why, name, size, text, reason, err, test.want, test.reason, test.err)
					}
					if m := labels.Start(); err != nil && !m.Add(text) {
						t.Errorf("%s, %s by %d: %q reached the caller", test.why, name, size, text)
					}
				}
			}
		}
	}
}

// The error comes with what the server said, also with what a stream kept back,
// and ends the work.
func TestViolation(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" pos. And much more"), ChunkSize: 2}
	c, err := sampling.Model{Backend: script}.Complete(t.Context(), &sampling.Request{Prompt: "p", Constraint: sampling.OneOf(" positive")})
	if !errors.Is(err, sampling.ErrConstraint) || c == nil || c.Text != " pos. " || !strings.Contains(err.Error(), "byte 4") {
		t.Errorf("%+v, %v", c, err)
	}
	if call := script.Calls()[0]; call.Chunks != 3 {
		t.Errorf("%d chunks were taken of %q", call.Chunks, call.Text)
	}

	// Draw keeps those that were finished, and the cost of the prompt.
	n := 0
	d := drawer{draw: func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
		return []*sampling.Completion{
			{Text: "c", Reason: sampling.EndOfText, Usage: sampling.Usage{PromptTokens: 5, CompletionTokens: 1, CachedTokens: 2}},
			{Text: "a", Reason: sampling.EndOfText, Usage: sampling.Usage{CompletionTokens: 1}},
			{Text: "b", Reason: sampling.EndOfText, Usage: sampling.Usage{CompletionTokens: 1}},
		}, nil
	}}
	all, err := sampling.Model{Backend: d}.Draw(t.Context(), &sampling.Request{Prompt: "p", Constraint: sampling.OneOf("a", "b")}, 3)
	for _, c := range all {
		if n++; c.Text == "c" {
			t.Error("an answer that violates the constraint was given out")
		}
	}
	if !errors.Is(err, sampling.ErrConstraint) || n != 2 {
		t.Fatalf("%d completions, %v", n, err)
	}
	want := []sampling.Usage{{PromptTokens: 5, CompletionTokens: 1, CachedTokens: 2}, {CompletionTokens: 1}}
	if got := []sampling.Usage{all[0].Usage, all[1].Usage}; !slices.Equal(got, want) {
		t.Errorf("the usage is %+v, want %+v", got, want)
	}
}

// A backend that does not say that it enforces a constraint is not asked.
func TestConstraintUnsupported(t *testing.T) {
	for _, test := range []struct {
		why string
		of  func(*samplingtest.Script) sampling.Backend
	}{
		{"not a Constrainer", func(s *samplingtest.Script) sampling.Backend { return sampling.BackendFunc(s.Sample) }},
		{"a wrapper around one", func(s *samplingtest.Script) sampling.Backend {
			return sampling.Forward{Backend: sampling.BackendFunc(s.Sample)}
		}},
		{"one that says no", func(s *samplingtest.Script) sampling.Backend { return refusing{s} }},
	} {
		for name, ask := range ways {
			script := &samplingtest.Script{Answer: samplingtest.Always("a")}
			m := sampling.Model{Backend: test.of(script), Window: 10, Counter: uncounted{t}}
			req := &sampling.Request{Prompt: "p", Constraint: sampling.OneOf("a")}
			if text, _, err := ask(t.Context(), m, req); !errors.Is(err, sampling.ErrUnsupported) || text != "" {
				t.Errorf("%s, %s: %q, %v", test.why, name, text, err)
			}
			if n := len(script.Calls()); n > 0 {
				t.Errorf("%s, %s: %d calls were made", test.why, name, n)
			}
		}
	}
}

type refusing struct{ *samplingtest.Script }

func (refusing) Constrains(c sampling.Constraint) error {
	return fmt.Errorf("this server: %w", sampling.ErrUnsupported)
}

// An uncounted fails the test when it is asked.
type uncounted struct{ t *testing.T }

func (u uncounted) Count(ctx context.Context, text string) (int, error) {
	u.t.Error("the tokens were counted first")
	return 1, nil
}

// FuzzVerified cuts a text into chunks as it likes: the same answer, or an error
// and no text that left the constraint.
func FuzzVerified(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		a := newAuthor(seed)
		expr := a.expr(1 + a.IntN(4))
		c, err := sampling.Matching(expr)
		if err != nil {
			return
		}
		stop := [][]string{nil, {"ab"}, {"\n", "나"}}[a.IntN(3)]
		invalid := (&sampling.Request{Constraint: c, Stop: stop}).Validate()
		for _, text := range a.texts(c) {
			text = strings.ToValidUTF8(text, "b")
			reason := []sampling.Reason{sampling.EndOfText, sampling.TokenLimit}[a.IntN(2)]
			before, found := sampling.Cut(text, stop)
			matches, extends := oracleOf(expr).MatchString(before), c.Start().Add(before)
			if invalid != nil {
				if matches {
					t.Errorf("%q allows %q, without a stop: %v", expr, before, invalid)
				}
				continue
			}
			script := &samplingtest.Script{Answer: samplingtest.InTurn(samplingtest.Reply{Text: text, Reason: reason}), ChunkSize: a.IntN(4)}
			got, last, err := joined(sampling.Model{Backend: script}.Stream(t.Context(), &sampling.Request{Constraint: c, Stop: stop}))
			good := matches || found == "" && reason == sampling.TokenLimit && extends
			// The limit may have cut within a stop after a match.
			for _, s := range stop {
				for n := 1; n < len(s) && !good && found == "" && reason == sampling.TokenLimit; n++ {
					if whole, half := strings.CutSuffix(before, s[:n]); half && oracleOf(expr).MatchString(whole) {
						before, good = whole, true
					}
				}
			}
			switch {
			case good && (err != nil || got != before):
				t.Errorf("%q, %q with %q: %q, %v", expr, text, stop, got, err)
			case !good && !errors.Is(err, sampling.ErrConstraint):
				t.Errorf("%q, %q with %q: %q, %v, %v", expr, text, stop, got, last, err)
			case !good && got != "" && !c.Start().Add(got):
				t.Errorf("%q, %q with %q: %q reached the caller", expr, text, stop, got)
			}
		}
	})
}

// TestHalfAStopAfterAMatch has the token limit cut a constrained answer within the
// stop sequence that closes it: whole, streamed and drawn.
func TestHalfAStopAfterAMatch(t *testing.T) {
	req := &sampling.Request{Constraint: sampling.OneOf("yes", "no"), Stop: []string{"###", "\n"}}
	for text, want := range map[string]string{"yes#": "yes", "no##": "no", "ye": "ye", "yes": "yes"} {
		for _, size := range []int{1, 2, 100} {
			script := &samplingtest.Script{Answer: samplingtest.Always(samplingtest.Reply{Text: text, Reason: sampling.TokenLimit}), ChunkSize: size}
			c, err := (sampling.Model{Backend: script}).Complete(t.Context(), req)
			if err != nil || c.Text != want {
				t.Errorf("%q in pieces of %d: %+v, %v; want %q", text, size, c, err, want)
			}
		}
	}
}
