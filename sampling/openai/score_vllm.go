package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/foreword-go/foreword/sampling"
)

// mostIDs is how many tokens vLLM reports in one request.
const mostIDs = 128

// scoreByID scores by the log probabilities of given tokens, a level at a time:
// the first tokens of all targets after the prompt, then their second tokens
// after the prompt and the first, and so on. Targets that begin alike share
// what they have in common.
//
//	level 1   prompt               " very" " bad"        (one request)
//	level 2   prompt " very"       " good" " bad"        (one request)
//
// It returns errByEcho where echo is the better way or the only one.
func (b *Backend) scoreByID(ctx context.Context, req *sampling.Request, texts []string) ([]sampling.Score, error) {
	targets := make([]target, len(texts))
	scores := make([]sampling.Score, len(texts))
	levels := 0
	for i, text := range texts {
		tokens, err := b.following(ctx, req.Prompt, text)
		if errors.Is(err, sampling.ErrUnsupported) || err == nil && tokens == nil {
			return nil, errByEcho
		}
		if err != nil {
			return nil, err
		}
		targets[i].tokens = tokens
		scores[i] = targets[i].score()
		levels = max(levels, len(tokens))
	}
	if echoIsCheaper(len(req.Prompt)/bytesPerToken, targets) {
		return nil, errByEcho
	}
	sent, err := b.plain(ctx, req)
	if err != nil {
		return nil, err
	}
	prompt, known := sent.Params.Extra["prompt"].([]int)
	for level := range levels {
		asked := newLevel(targets, level)
		if level > 0 && !known {
			tokens, err := b.tokens(ctx, req.Prompt, true, false)
			if err != nil {
				return nil, err
			}
			prompt, known = ids(tokens), true
		}
		for wanted := range slices.Chunk(asked.wanted, mostIDs) {
			body, err := b.idBody(sent, asked.prompts(prompt), wanted, level == 0 && levels > 1 && !known)
			if err != nil {
				return nil, err
			}
			ids, err := b.readIDs(ctx, body, asked)
			if err != nil {
				return nil, err
			}
			if ids != nil && !known {
				prompt, known = ids, true
			}
		}
		for i := range targets {
			if level < len(targets[i].tokens) {
				p, ok := asked.logprob(&targets[i])
				if !ok {
					b.learned.noTokenIDs.Store(true)
					return nil, errByEcho
				}
				scores[i].Logprob += p
				scores[i].Tokens[level].Logprob = p
			}
		}
	}
	return scores, nil
}

const (
	bytesPerToken = 4  // of English, roughly
	rereadTokens  = 32 // of a prompt that is in the prefix cache, what is read again
)

// echoIsCheaper compares what is read and is not in the prefix cache: echo reads
// the prompt anew for each target, and a request by ids the rest of a cache
// block for each place in a target.
func echoIsCheaper(prompt int, targets []target) bool {
	echo, byID, seen := 0, 0, map[string]bool{}
	for i := range targets {
		echo += prompt + len(targets[i].tokens)
		for n := range targets[i].tokens {
			if key := fmt.Sprint(ids(targets[i].tokens[:n])); !seen[key] {
				seen[key] = true
				byID += rereadTokens
			}
		}
	}
	return echo < byID
}

// A level is the same place in all targets: the different beginnings that they
// have before it, and the tokens that any of them has there.
type level struct {
	at     int
	paths  [][]int
	index  map[string]int
	wanted []int
	found  []map[string]float64 // of each path, by the token's name
}

func newLevel(targets []target, at int) *level {
	l := &level{at: at, index: map[string]int{}}
	for i := range targets {
		if at >= len(targets[i].tokens) {
			continue
		}
		path := ids(targets[i].tokens[:at])
		if key := fmt.Sprint(path); l.index[key] == 0 {
			l.paths = append(l.paths, path)
			l.found = append(l.found, map[string]float64{})
			l.index[key] = len(l.paths) // from 1
		}
		if id := targets[i].tokens[at].id; !slices.Contains(l.wanted, id) {
			l.wanted = append(l.wanted, id)
		}
	}
	return l
}

// prompts returns one prompt for each path, or nil for the prompt itself.
func (l *level) prompts(prompt []int) any {
	if l.at == 0 {
		return nil
	}
	all := make([][]int, len(l.paths))
	for i, path := range l.paths {
		all[i] = slices.Concat(prompt, path)
	}
	return all
}

func (l *level) logprob(t *target) (float64, bool) {
	path := l.found[l.index[fmt.Sprint(ids(t.tokens[:l.at]))]-1]
	p, ok := path[tokenName(t.tokens[l.at].id)]
	return p, ok
}

// tokenName is how vLLM calls a token under return_tokens_as_token_ids. By their
// texts two tokens may be one: all unfinished runes are "".
func tokenName(id int) string { return fmt.Sprintf("token_id:%d", id) }

func (b *Backend) idBody(req *sampling.Request, prompts any, wanted []int, tellPrompt bool) ([]byte, error) {
	w := fields{dialect: &b.dialect}
	w.set("model", "Config.Model", encode(b.model))
	extra := req.Params.Extra
	if prompts != nil {
		extra = without(extra, "prompt")
		w.set("prompt", "Request.Prompt", encode(prompts))
	} else if extra["prompt"] == nil {
		w.set("prompt", "Request.Prompt", encode(req.Prompt))
	}
	w.set("max_tokens", "Score", encode(1))
	w.set("temperature", "Score", encode(0))
	w.set("logprobs", "Score", encode(0))
	w.set("logprob_token_ids", "Score", encode(wanted))
	w.set("return_tokens_as_token_ids", "Score", encode(true))
	w.set("return_token_ids", "Score", encode(tellPrompt))
	w.extra(extra)
	return append(w.json, '}'), w.err
}

func without(extra map[string]any, field string) map[string]any {
	rest := map[string]any{}
	for name, value := range extra {
		if name != field {
			rest[name] = value
		}
	}
	return rest
}

// readIDs asks, and files what comes back. It returns the ids of the prompt
// where they were told.
func (b *Backend) readIDs(ctx context.Context, body []byte, l *level) (prompt []int, err error) {
	sent, err := b.call(ctx, b.base+"/completions", body)
	if e, ok := errors.AsType[*sampling.Error](err); ok && !errors.Is(err, sampling.ErrBudget) &&
		(e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) {
		return nil, errByEcho // a release that does not know the fields, or a fault that echo will have too
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Choices []struct {
			Index    int   `json:"index"`
			Prompt   []int `json:"prompt_token_ids"`
			Logprobs struct {
				Top []map[string]float64 `json:"top_logprobs"`
			} `json:"logprobs"`
		} `json:"choices"`
		Usage raw `json:"usage"`
	}
	if err := json.Unmarshal(sent, &answer); err != nil {
		return nil, b.misread(wrong("cannot read the log probabilities: %v", err))
	}
	spend(ctx, readUsage(answer.Usage))
	for _, c := range answer.Choices {
		if c.Index < 0 || c.Index >= len(l.found) || len(c.Logprobs.Top) == 0 {
			continue
		}
		for name, p := range c.Logprobs.Top[0] {
			l.found[c.Index][name] = p
		}
		if l.at == 0 {
			prompt = c.Prompt
		}
	}
	return prompt, nil
}
