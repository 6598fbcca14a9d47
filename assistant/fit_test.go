package assistant_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

// words is a Counter that cuts text as byte-level vocabularies do before they
// look for pairs: a word of up to eight letters with the space before it, signs,
// and line breaks, of which several are one token only at the end of a text. It
// also puts a token at the beginning of every text, as many vocabularies do.
type words struct{ texts map[string]int }

func (w *words) Count(ctx context.Context, text string) (int, error) {
	if w.texts != nil {
		w.texts[text]++
	}
	n := 1
	for ; text != ""; n++ {
		text = text[wordLen(text):]
	}
	return n, nil
}

func wordLen(text string) int {
	letter := func(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80 }
	if text[0] == '\n' {
		if strings.Trim(text[:min(len(text), 8)], "\n") == "" {
			return min(len(text), 8)
		}
		return 1
	}
	n := 0
	if text[0] == ' ' {
		n = 1
	}
	for n < len(text) && n < 9 && letter(text[n]) {
		n++
	}
	return max(1, n)
}

// longTalk is a conversation of n turns of about 60 tokens, long and short.
func longTalk(n int) assistant.Transcript {
	turns := make(assistant.Transcript, n)
	for i := range turns {
		turns[i] = assistant.Turn{
			User:  fmt.Sprintf("Question %d: what should I know about the %s of this town?", i+1, []string{"bridges", "markets", "old walls and gates", "trams"}[i%4]),
			Reply: strings.TrimSpace(strings.Repeat("They are older than they look, and most visitors walk by. ", 1+i%5)) + fmt.Sprintf(" See page %d.", i*7),
		}
	}
	return turns
}

// asks returns the prompts of a conversation, turn by turn, as it went on.
func asks(t testing.TB, c *assistant.Conversation, turns assistant.Transcript) (prompts []string, dropped []int) {
	for i := range turns {
		c.Transcript = turns[:i]
		p, err := c.Prompt(t.Context(), turns[i].User, assistant.ReplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n, _ := c.Model.Counter.Count(context.Background(), p.Text)
		if p.Tokens != n {
			t.Fatalf("prompt %d says it has %d tokens and has %d", i, p.Tokens, n)
		}
		prompts, dropped = append(prompts, p.Text), append(dropped, len(p.Dropped))
	}
	return prompts, dropped
}

// shared returns the share of prompt tokens in the prefix that a
// prompt has in common with the one before it.
func shared(t testing.TB, counter sampling.Counter, prompts []string) float64 {
	count := func(text string) float64 {
		n, err := counter.Count(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		return float64(n)
	}
	var same, all float64
	before := ""
	for _, p := range prompts {
		n := 0
		for n < min(len(p), len(before)) && p[n] == before[n] {
			n++
		}
		same += count(strings.ToValidUTF8(p[:n], ""))
		all += count(p)
		before = p
	}
	return same / all
}

// inWindow is a conversation with 2,048 real tokens to itself.
func inWindow(t testing.TB) *assistant.Conversation {
	counter, err := tiktoken.For("cl100k_base")
	if err != nil {
		t.Fatal(err)
	}
	return &assistant.Conversation{Persona: assistant.Helpful(), Model: sampling.Model{Window: 2048, Counter: counter}}
}

// oneAtATime returns the prompts of the same conversation when a turn is
// dropped only when it has to be.
func oneAtATime(t testing.TB, c *assistant.Conversation, turns assistant.Transcript) (prompts []string) {
	budget, err := c.Model.PromptBudget(c.Params)
	if err != nil {
		t.Fatal(err)
	}
	unlimited := *c
	unlimited.Model.Window = 0
	first := 0
	for i := range turns {
		for {
			unlimited.Transcript = turns[first:i]
			p, err := unlimited.Prompt(t.Context(), turns[i].User, assistant.ReplyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			tokens, err := c.Model.Count(t.Context(), p.Text)
			if err != nil {
				t.Fatal(err)
			}
			if tokens <= budget {
				prompts = append(prompts, p.Text)
				break
			}
			first++
		}
	}
	return prompts
}

func TestPrefixIsShared(t *testing.T) {
	c := inWindow(t)
	turns := longTalk(200)
	prompts, dropped := asks(t, c, turns)
	blocks, single := shared(t, c.Model.Counter, prompts), shared(t, c.Model.Counter, oneAtATime(t, c, turns))
	t.Logf("%.1f %% of the prompts' tokens are in the prefix; %.1f %% when dropping one turn at a time", 100*blocks, 100*single)
	if blocks < 0.9 || blocks < 1.5*single {
		t.Errorf("%.3f of the tokens are in the prefix, %.3f when dropping one turn at a time", blocks, single)
	}
	for i := range prompts[1:] {
		switch {
		case dropped[i+1] < dropped[i]:
			t.Errorf("prompt %d shows turns again that prompt %d had dropped", i+1, i)
		case dropped[i+1] == dropped[i] && !strings.HasPrefix(prompts[i+1], prompts[i]):
			t.Errorf("prompt %d does not begin with prompt %d", i+1, i)
		}
		if dropped[i+1] > dropped[i] && dropped[i+1]-dropped[i] < 3 {
			t.Errorf("prompt %d drops %d turns: no block", i+1, dropped[i+1]-dropped[i])
		}
		if !strings.HasPrefix(prompts[i+1], prompts[0][:strings.LastIndex(prompts[0], "\n\nHuman:")]) {
			t.Errorf("prompt %d does not begin with the whole persona", i+1)
		}
	}
}

// A conversation that is taken up again, or was copied, has the same prompts.
func TestFittingHasNoMemory(t *testing.T) {
	turns := longTalk(60)
	c := &assistant.Conversation{Persona: assistant.Helpful(), Model: sampling.Model{Window: 1500, Counter: &words{}}}
	prompts, _ := asks(t, c, turns)
	for i := range turns {
		again := &assistant.Conversation{Persona: assistant.Helpful(), Model: c.Model, Transcript: turns[:i]}
		copied := *c
		copied.Transcript = turns[:i]
		for _, c := range []*assistant.Conversation{again, &copied} {
			if p, err := c.Prompt(t.Context(), turns[i].User, assistant.ReplyOptions{}); err != nil || p.Text != prompts[i] {
				t.Fatalf("prompt %d differs: %v", i, err)
			}
		}
	}
}

func TestTurnsAreCountedOnce(t *testing.T) {
	counter := &words{texts: map[string]int{}}
	c := &assistant.Conversation{Persona: assistant.Helpful(), Model: sampling.Model{Window: 2048, Counter: counter}}
	turns := longTalk(100)
	for i := range turns {
		c.Transcript = turns[:i]
		p, err := c.Prompt(t.Context(), turns[i].User, assistant.ReplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		delete(counter.texts, p.Text) // the prompt itself is counted as a whole
	}
	all := 0
	for text, n := range counter.texts {
		all += n
		if n > 1 {
			t.Errorf("counted %d times: %.60q", n, text)
		}
	}
	if all > 2*len(turns)+4 { // question and turn; the persona, a label and nothing
		t.Errorf("%d texts were counted for %d turns", all, len(turns))
	}
}

// perByte counts bytes for a backend that may be anything, also a function, which
// cannot be compared with the one of the prompt before.
type perByte struct{ sampling.Backend }

func (perByte) Count(ctx context.Context, text string) (int, error) { return len(text), nil }

func TestCounterThatCannotBeCompared(t *testing.T) {
	script := &samplingtest.Script{Answer: samplingtest.InTurn(" Hello.", " Hello.")}
	c := assistant.Conversation{Model: sampling.Model{Backend: perByte{sampling.BackendFunc(script.Sample)}, Window: 1000}}
	for range 2 {
		if _, err := c.Reply(t.Context(), "Hi", assistant.ReplyOptions{}); err != nil {
			t.Error(err)
		}
	}
}

func TestPromptSaysItsBudget(t *testing.T) {
	c := assistant.Conversation{Params: sampling.Params{MaxTokens: 100}}
	for window, want := range map[int]int{0: 0, 1000: 900} { // a Window of 0 is unlimited
		c.Model.Window = window
		if p, err := c.Prompt(t.Context(), "Hi", assistant.ReplyOptions{}); err != nil || p.Budget != want {
			t.Errorf("window %d: %+v, %v; want a budget of %d", window, p, err, want)
		}
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	model := sampling.Model{Window: 1024, Counter: &words{}}
	c := &assistant.Conversation{Persona: assistant.Helpful(), Model: model}
	long := strings.Repeat("word ", 600)
	_, err := c.Prompt(t.Context(), long, assistant.ReplyOptions{})
	if !errors.Is(err, sampling.ErrBudget) || !strings.Contains(err.Error(), "606") {
		t.Errorf("a text that is too long: %v", err)
	}
	// Nothing else may give way, and what was said before does.
	c.Transcript = assistant.Transcript{{User: long, Reply: long}, {User: "a", Reply: "b"}, {User: "c", Reply: long}}
	p, err := c.Prompt(t.Context(), "d", assistant.ReplyOptions{})
	if err != nil || cmp.Diff([]int{0, 1, 2}, p.Dropped) != "" || p.Shots != nil {
		t.Errorf("turns that are too long: %v, %+v", err, p)
	}
	c.Transcript = c.Transcript[:2]
	if p, err = c.Prompt(t.Context(), "d", assistant.ReplyOptions{}); err != nil || cmp.Diff([]int{0}, p.Dropped) != "" || cmp.Diff([]int{1}, p.Shots) != "" {
		t.Errorf("a turn that is too long before one that is not: %v, %+v", err, p)
	}

	persona := assistant.Helpful()
	persona.Description = long
	if err := persona.Validate(t.Context(), model); !errors.Is(err, sampling.ErrBudget) || !strings.Contains(err.Error(), "768") {
		t.Errorf("a persona that is too long: %v", err)
	}
	if err := persona.Validate(t.Context(), sampling.Model{}); err != nil {
		t.Errorf("without a window: %v", err)
	}
	c = &assistant.Conversation{Model: sampling.Model{Window: 1024}} // where bytes count
	_, err = c.Prompt(t.Context(), long, assistant.ReplyOptions{})
	for _, err := range []error{err, persona.Validate(t.Context(), c.Model)} {
		if !errors.Is(err, sampling.ErrBudget) || !strings.Contains(err.Error(), "Model.Counter") {
			t.Errorf("without a Counter: %v", err)
		}
	}
	if err := new(assistant.Persona).Validate(t.Context(), model); err != nil {
		t.Errorf("the zero persona: %v", err)
	}
}

// A Counter that counts more for the whole than for the parts makes the sum
// wrong; the prompt has to fit all the same.
type lumpy struct{ words }

func (l *lumpy) Count(ctx context.Context, text string) (int, error) {
	n, err := l.words.Count(context.Background(), text)
	return n + n*n/4000, err
}

func TestPromptsNeverOverflow(t *testing.T) {
	for _, counter := range []sampling.Counter{&words{}, &lumpy{}, nil} {
		for window := 400; window < 3000; window += 171 {
			c := &assistant.Conversation{
				Persona: assistant.Persona{Description: "A guide."},
				Model:   sampling.Model{Window: window, Counter: counter, Backend: &samplingtest.Script{Answer: samplingtest.Always(" fine")}},
				Params:  sampling.Params{MaxTokens: 100},
			}
			turns := longTalk(40)
			for i := range turns {
				c.Transcript = slices.Clone(turns[:i])
				p, err := c.Prompt(t.Context(), turns[i].User, assistant.ReplyOptions{Prefill: "Well,"})
				if err != nil {
					t.Fatal(err)
				}
				if p.Tokens > window-100 {
					t.Errorf("window %d: prompt %d has %d tokens", window, i, p.Tokens)
				}
				if len(p.Dropped)+len(p.Shots) != i {
					t.Errorf("window %d: of %d turns %d are shown and %d dropped", window, i, len(p.Shots), len(p.Dropped))
				}
			}
			if _, err := c.Reply(t.Context(), "a", assistant.ReplyOptions{Prefill: "Well,"}); err != nil {
				t.Errorf("window %d: %v", window, err)
			}
		}
	}
}

// BenchmarkPrompts asks for the prompts of a conversation of 200 turns in a
// window of 2,048 tokens. prefix-% is the share of prompt tokens that are in
// the prefix shared with the prompt before, and so come out of a server's cache.
func BenchmarkPrompts(b *testing.B) {
	turns := longTalk(200)
	c := inWindow(b)
	for _, way := range []struct {
		name    string
		prompts func() []string
	}{
		{"blocks", func() []string { p, _ := asks(b, c, turns); return p }},
		{"one-at-a-time", func() []string { return oneAtATime(b, c, turns) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			var prompts []string
			for b.Loop() {
				prompts = way.prompts()
			}
			b.ReportMetric(100*shared(b, c.Model.Counter, prompts), "prefix-%")
			b.ReportMetric(float64(len(prompts)), "prompts/op")
		})
	}
}

// crowd counts the more for each line, the more lines there are, so that the parts
// add up to less than the whole, and the first proposal does not fit.
type crowd struct{}

func (crowd) Count(ctx context.Context, text string) (int, error) {
	lines := strings.Count(text, "\n")
	return len(text)/4 + lines*lines/8, nil
}

func TestPartsThatAddUpToLess(t *testing.T) {
	c := &assistant.Conversation{Persona: assistant.Helpful(), Transcript: longTalk(40), Model: sampling.Model{Counter: crowd{}}}
	for c.Model.Window = 1500; c.Model.Window < 3000; c.Model.Window += 100 {
		p, err := c.Prompt(t.Context(), "And now?", assistant.ReplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Dropped) == 0 || p.Tokens > p.Budget {
			t.Errorf("window %d: %d dropped, %d tokens of %d", c.Model.Window, len(p.Dropped), p.Tokens, p.Budget)
		}
		same := &assistant.Conversation{Persona: c.Persona, Transcript: c.Transcript[len(p.Dropped):]}
		if want, err := same.Prompt(t.Context(), "And now?", assistant.ReplyOptions{}); err != nil || p.Text != want.Text {
			t.Errorf("window %d: what was tried before is in the prompt: %v\n%s", c.Model.Window, err, cmp.Diff(want.Text, p.Text))
		}
	}
}
