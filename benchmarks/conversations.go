package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"strings"

	bpe "github.com/pkoukk/tiktoken-go"
	"github.com/tmc/langchaingo/memory"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/tiktoken"
)

const (
	conversationWindow = 4096
	conversationBudget = conversationWindow - sampling.DefaultMaxTokens
)

// A rememberer gives the prompt for each turn of a dialogue: the persona, as
// many of the turns before as it keeps, and what the user says.
type rememberer struct {
	name string
	make func(turns assistant.Transcript, counter sampling.Counter) (next func(i int) (string, error), err error)
}

var rememberers = []rememberer{
	{"Conversation", func(turns assistant.Transcript, counter sampling.Counter) (func(int) (string, error), error) {
		c := assistant.Conversation{Persona: assistant.Helpful(), Model: sampling.Model{Window: conversationWindow, Counter: counter}}
		return func(i int) (string, error) {
			c.Transcript = turns[:i:i]
			prompt, err := c.Prompt(context.Background(), turns[i].User, assistant.ReplyOptions{})
			if err != nil {
				return "", err
			}
			return prompt.Text, nil
		}, nil
	}},
	{"the oldest turn dropped, one at a time", oneTurnAtATime},
	{"langchaingo, ConversationTokenBuffer", tokenBuffer},
}

const (
	atConversation = iota
	atOneTurn
	atTokenBuffer
)

// oneTurnAtATime is the usual way, with the same exact Counter and layout.
func oneTurnAtATime(turns assistant.Transcript, counter sampling.Counter) (func(int) (string, error), error) {
	c := assistant.Conversation{Persona: assistant.Helpful()}
	first := 0
	return func(i int) (string, error) {
		for ; ; first++ {
			c.Transcript = turns[first:i:i]
			prompt, err := c.Prompt(context.Background(), turns[i].User, assistant.ReplyOptions{})
			if err != nil {
				return "", err
			}
			tokens, err := counter.Count(context.Background(), prompt.Text)
			if err != nil {
				return "", err
			}
			if tokens <= conversationBudget || first == i {
				return prompt.Text, nil
			}
		}
	}, nil
}

// tokenBuffer is github.com/tmc/langchaingo's memory, which counts by itself. It
// is given the same persona in front and what then is left of the window.
func tokenBuffer(turns assistant.Transcript, counter sampling.Counter) (func(int) (string, error), error) {
	c := assistant.Conversation{Persona: assistant.Helpful()}
	prompt, err := c.Prompt(context.Background(), "?", assistant.ReplyOptions{})
	if err != nil {
		return nil, err
	}
	head := strings.TrimSuffix(prompt.Text, "Human: ?\n\nAssistant:")
	room := 0 // what the persona and the longest question need
	for i := range turns {
		tokens, err := counter.Count(context.Background(), head+"Human: "+turns[i].User+"\nAssistant:")
		if err != nil {
			return nil, err
		}
		room = max(room, tokens)
	}
	ctx := context.Background()
	buffer := memory.NewConversationTokenBuffer(nil, conversationBudget-room, memory.WithAIPrefix("Assistant"))
	return func(i int) (string, error) {
		if i > 0 {
			last := turns[i-1]
			if err := buffer.SaveContext(ctx, map[string]any{"user": last.User}, map[string]any{"reply": last.Reply}); err != nil {
				return "", err
			}
		}
		history, err := buffer.LoadMemoryVariables(ctx, nil)
		if err != nil {
			return "", err
		}
		before := history["history"].(string)
		if before != "" {
			before += "\n"
		}
		return head + before + "Human: " + turns[i].User + "\nAssistant:", nil
	}, nil
}

// dialogue is made of prose: questions of 5 to 30 words and replies of 10 to 80.
func dialogue(turns int) (assistant.Transcript, error) {
	text, err := prose()
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.NewReplacer("Human:", "", "Assistant:", "", "`", "").Replace(text))
	rng, at := rand.New(rand.NewPCG(8, 1)), 0
	take := func(n int) string {
		if at+n > len(words) {
			at = rng.IntN(100) // not word for word the same again
		}
		at += n
		return strings.Join(words[at-n:at], " ")
	}
	all := make(assistant.Transcript, turns)
	for i := range all {
		all[i] = assistant.Turn{User: take(5 + rng.IntN(26)), Reply: take(10 + rng.IntN(71))}
	}
	return all, nil
}

// quietly keeps langchaingo from logging, on each count, that it guesses it.
func quietly(f func() error) error {
	old := log.Writer()
	log.SetOutput(io.Discard)
	defer log.SetOutput(old)
	return f()
}

// A reading is what a server reads whose cache holds the last prompt and reply.
type reading struct {
	prompts, anew int // tokens of all prompts, and those of them that the cache does not have
	missed        int // prompts of which less than half was cached
	over          int // prompts that leave less than MaxTokens of the window
	longest       int // tokens
}

// readAll goes through a dialogue and works out what a server would read.
func readAll(r rememberer, turns assistant.Transcript, counter sampling.Counter, encoder *bpe.Tiktoken) (got reading, err error) {
	next, err := r.make(turns, counter)
	if err != nil {
		return got, err
	}
	var cached []int
	for i, turn := range turns {
		text, err := next(i)
		if err != nil {
			return got, err
		}
		tokens := encoder.EncodeOrdinary(text)
		same := 0
		for same < min(len(cached), len(tokens)) && cached[same] == tokens[same] {
			same++
		}
		got.prompts += len(tokens)
		got.anew += len(tokens) - same
		got.longest = max(got.longest, len(tokens))
		if i > 0 && same < len(tokens)/2 {
			got.missed++
		}
		if len(tokens) > conversationBudget {
			got.over++
		}
		cached = encoder.EncodeOrdinary(text + " " + turn.Reply)
	}
	return got, nil
}

// conversationsAgree wants of all the same turns until the window is full, and
// of each prompt ever after what was said last.
func conversationsAgree(*runner) error {
	return quietly(func() error {
		counter, err := tiktoken.For(encoding)
		if err != nil {
			return err
		}
		turns, err := dialogue(100)
		if err != nil {
			return err
		}
		var nexts []func(int) (string, error)
		for _, r := range rememberers {
			next, err := r.make(turns, counter)
			if err != nil {
				return err
			}
			nexts = append(nexts, next)
		}
		whole := true // nothing had to be dropped so far
		for i, turn := range turns {
			var first string
			for at, next := range nexts {
				text, err := next(i)
				if err != nil {
					return err
				}
				if at == 0 {
					first = text
					whole = whole && strings.Contains(text, turns[0].User)
				}
				if at == atOneTurn && whole && text != first {
					return fmt.Errorf("turn %d, %s: the prompt is another than the Conversation's", i, rememberers[at].name)
				}
				if !strings.HasSuffix(strings.ReplaceAll(text, "\n\n", "\n"), "\nHuman: "+turn.User+"\nAssistant:") {
					return fmt.Errorf("turn %d, %s: the prompt ends in %q", i, rememberers[at].name, ending(text))
				}
				for j := max(0, i-5); j <= i; j++ {
					if !strings.Contains(text, turns[j].User) || j < i && !strings.Contains(text, turns[j].Reply) {
						return fmt.Errorf("turn %d, %s: turn %d is not in the prompt", i, rememberers[at].name, j)
					}
				}
			}
		}
		if whole {
			return fmt.Errorf("%d turns do not fill the window", len(turns))
		}
		return nil
	})
}

func measureConversations(r *runner) (s *section, err error) {
	err = quietly(func() error {
		s, err = conversationsSection(r)
		return err
	})
	return s, err
}

func conversationsSection(r *runner) (*section, error) {
	counter, err := tiktoken.For(encoding)
	if err != nil {
		return nil, err
	}
	encoder, err := library()
	if err != nil {
		return nil, err
	}
	length := 500
	if r.quick {
		length = 60
	}
	turns, err := dialogue(length)
	if err != nil {
		return nil, err
	}
	r.say("conversations: %d turns", length)
	var readings []reading
	var benchmarks []benchmark
	for _, rememberer := range rememberers {
		got, err := readAll(rememberer, turns, counter, encoder)
		if err != nil {
			return nil, err
		}
		readings = append(readings, got)
		benchmarks = append(benchmarks, loop(rememberer.name, func() error {
			next, err := rememberer.make(turns, counter)
			for i := 0; i < len(turns) && err == nil; i++ {
				_, err = next(i)
			}
			return err
		}))
	}
	results, err := r.measure("conversations: making the prompts", benchmarks...)
	if err != nil {
		return nil, err
	}
	ours := readings[atConversation]
	t := table{Head: []string{"", "uncached tokens", "times Conversation", "prompts less than half cached", "mean prompt, tokens", "longest prompt", "prompts too long", "time for all prompts"}}
	for i, got := range readings {
		t.Rows = append(t.Rows, []string{
			rememberers[i].name, count(got.anew), significant(float64(got.anew) / float64(ours.anew)), count(got.missed),
			count(float64(got.prompts) / float64(length)), count(got.longest), count(got.over), newFigure(results[i].time).duration(),
		})
	}
	return &section{
		Title: "Conversations",
		Text: fmt.Sprintf(`A dialogue of %d turns with the persona Helpful, in a window of %s tokens, %d of them for the reply. A server's prefix cache
holds the last prompt and its reply. We count the other tokens of each prompt, which the server has to read, by tiktoken's %s.
When the window is full, a Conversation drops turns until two thirds of the room is free. The usual loop drops one turn at a time,
with the same exact Counter. langchaingo's token buffer drops single messages.`, length, count(conversationWindow), sampling.DefaultMaxTokens, encoding),
		Tables: []table{t},
		Notes: []string{fmt.Sprintf(`Token counts are the same in every run and have no interval. The price of fewer uncached tokens is a shorter memory: the mean prompt
of a Conversation has %s tokens, and that of the loop %s. langchaingo estimates one token for each four letters. Its limit is
the exact number of tokens that the persona and the longest question leave. A prompt is too long if it leaves less than %d tokens
for the reply.`,
			count(float64(ours.prompts)/float64(length)), count(float64(readings[atOneTurn].prompts)/float64(length)), sampling.DefaultMaxTokens)},
	}, nil
}
