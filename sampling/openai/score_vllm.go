package openai

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// mostIDs is how many tokens vLLM reports in one request.
const mostIDs = 128

// askByID asks for the log probabilities of given tokens, a level at a time: the first
// tokens of all targets after the prompt, then their second tokens after the prompt and
// the first, and so on. Targets that begin alike share their beginning.
//
//	level 1   prompt               " very" " bad"        (one request)
//	level 2   prompt " very"       " good" " bad"        (one request)
//
// It returns errByEcho if echo is the better way or the only one.
func (s *scoring) askByID(ctx context.Context) error {
	b, levels := s.b, 0
	for _, text := range s.texts {
		tokens, err := b.following(ctx, s.req.Prompt, text)
		if errors.Is(err, sampling.ErrUnsupported) || err == nil && tokens == nil {
			return errByEcho
		}
		if err != nil {
			return err
		}
		s.targets = append(s.targets, target{tokens: tokens})
		levels = max(levels, len(tokens))
	}
	if s.echoIsCheaper() {
		return errByEcho
	}
	var prompt []int // the prompt's ids, where it is not sent as text
	var err error
	for level := range levels {
		if prompt == nil && (level > 0 || b.mayMisread(s.req.Prompt)) {
			if prompt, err = b.ids(ctx, s.req.Prompt); err != nil {
				return err
			}
		}
		if prompt, err = s.askLevel(ctx, prompt, level, level+1 < levels); err != nil {
			return err
		}
	}
	return nil
}

const (
	bytesPerToken = 4  // of English, roughly
	rereadTokens  = 32 // read again of a prompt that is in the prefix cache, roughly
)

// echoIsCheaper compares the tokens that are read and not in the prefix cache. Echo
// reads the prompt again for each target. A request by ids reads the rest of a cache
// block again for each place in a target.
func (s *scoring) echoIsCheaper() bool {
	echo, places := 0, map[string]bool{}
	for i := range s.targets {
		t := &s.targets[i]
		echo += len(s.req.Prompt)/bytesPerToken + len(t.tokens)
		for n := range t.tokens {
			places[t.place(n)] = true
		}
	}
	return echo < rereadTokens*len(places)
}

// askLevel asks for the tokens that the targets have at one place. Each different
// beginning that they have before it is a prompt of the request. At level 0 the ids of
// the prompt may be nil. If there are more levels, they are requested and returned.
func (s *scoring) askLevel(ctx context.Context, prompt []int, level int, more bool) ([]int, error) {
	var wanted []int
	var places []string
	var prompts [][]int
	for i := range s.targets {
		t := &s.targets[i]
		if level >= len(t.tokens) {
			continue
		}
		if place := t.place(level); !slices.Contains(places, place) {
			places = append(places, place)
			prompts = append(prompts, slices.Concat(prompt, ids(t.tokens[:level])))
		}
		if id := t.tokens[level].id; !slices.Contains(wanted, id) {
			wanted = append(wanted, id)
		}
	}
	fields := map[string]any{
		"prompt": prompts, "max_tokens": 1, "temperature": 0, "logprobs": 0, "return_token_ids": prompt == nil && more,
		// By their texts two tokens may be one: all unfinished runes are "".
		"return_tokens_as_token_ids": true,
	}
	if prompt == nil {
		fields["prompt"] = s.req.Prompt
	}
	for wanted := range slices.Chunk(wanted, mostIDs) {
		fields["logprob_token_ids"] = wanted
		var answer struct {
			Choices []struct {
				Index    int   `json:"index"`
				Prompt   []int `json:"prompt_token_ids"`
				Logprobs struct {
					Top []map[string]float64 `json:"top_logprobs"`
				} `json:"logprobs"`
			} `json:"choices"`
			Usage usage `json:"usage"`
		}
		err := s.b.call(ctx, s.b.base+"/completions", s.body(fields), &answer)
		if badRequest(err) {
			return nil, errByEcho // a release that does not know the fields, or a fault that echo will have too
		}
		if err != nil {
			return nil, err
		}
		s.spent = s.spent.Add(answer.Usage.Usage)
		for _, c := range answer.Choices {
			if c.Index < 0 || c.Index >= len(places) || len(c.Logprobs.Top) == 0 {
				continue
			}
			for name, p := range c.Logprobs.Top[0] {
				if id, err := strconv.Atoi(strings.TrimPrefix(name, "token_id:")); err == nil {
					s.known[token{places[c.Index], id}] = p
				}
			}
			if prompt == nil {
				prompt = c.Prompt
			}
		}
	}
	for i := range s.targets {
		if t := &s.targets[i]; level < len(t.tokens) && !s.knows(t, level) {
			s.b.learned.noTokenIDs.Store(true)
			return nil, errByEcho
		}
	}
	return prompt, nil
}
