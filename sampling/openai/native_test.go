package openai_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// prompts are the prompts of a request as tokens: a text, a list of ids with
// texts between them, or several of either.
type prompts [][]int

func (p *prompts) UnmarshalJSON(raw []byte) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if several := !slices.ContainsFunc(list, func(v any) bool { _, number := v.(float64); return number }); several {
		for _, one := range list {
			parts, ok := one.([]any)
			if !ok {
				parts = []any{one}
			}
			*p = append(*p, promptIDs(parts))
		}
		return nil
	}
	*p = prompts{promptIDs(list)}
	return nil
}

func promptIDs(parts []any) (ids []int) {
	for i, part := range parts {
		switch part := part.(type) {
		case float64:
			ids = append(ids, int(part))
		case string:
			if i == 0 {
				ids = append(ids, beginning)
			}
			ids = append(ids, tokensOf(part, true)...)
		}
	}
	return ids
}

// beside answers at the addresses of a server's own, and reports whether the
// request was for one of them.
func beside(w http.ResponseWriter, r *http.Request, f flavour, raw []byte) bool {
	var req struct {
		Content string       `json:"content"`
		Text    prompts      `json:"prompt"`
		Begin   bool         `json:"add_special"`
		BeginV  bool         `json:"add_special_tokens"`
		Special bool         `json:"parse_special"`
		Pieces  bool         `json:"with_pieces"`
		Strings bool         `json:"return_token_strs"`
		Tokens  []int        `json:"tokens"`
		N       int          `json:"n_predict"`
		Probs   int          `json:"n_probs"`
		Grammar string       `json:"grammar"`
		Bias    [][2]float64 `json:"logit_bias"`
		After   bool         `json:"post_sampling_probs"`
	}
	json.Unmarshal(raw, &req)
	vllm := f.dialect.Native() == openai.VLLM.Native()
	switch at := f.dialect.Native() + " " + r.URL.Path; at {
	case "llama.cpp /tokenize", "vLLM /tokenize":
		ids := append([]int{beginning}, tokensOf(req.Content, req.Special)...)
		if vllm {
			ids = req.Text[0]
		}
		if !req.Begin && !req.BeginV {
			ids = ids[1:]
		}
		tokens, strs := []any{}, []string{}
		for _, id := range ids {
			strs = append(strs, spell(tokenText(id)))
			switch piece := any(tokenText(id)); {
			case !req.Pieces:
				tokens = append(tokens, id)
			case utf8.ValidString(tokenText(id)):
				tokens = append(tokens, map[string]any{"id": id, "piece": piece})
			default:
				tokens = append(tokens, map[string]any{"id": id, "piece": json.RawMessage(byteList(tokenText(id)))})
			}
		}
		answer := map[string]any{"tokens": tokens}
		if vllm && req.Strings {
			answer["token_strs"] = strs
		}
		w.Write([]byte(encoded(answer)))
	case "vLLM /detokenize":
		text := ""
		for _, id := range req.Tokens {
			text += tokenText(id)
		}
		w.Write([]byte(encoded(map[string]any{"prompt": text})))
	case "llama.cpp /completion":
		forced(w, req.Text[0], req.N, req.Probs, req.Grammar, req.Bias, req.After)
	case "llama.cpp /props":
		fmt.Fprint(w, `{"default_generation_settings":{"n_ctx":512},"total_slots":4,"model_alias":"any","model_path":"/models/toy.gguf","build_info":"b11549-0c1e570"}`)
	case "vLLM /version":
		fmt.Fprint(w, `{"version":"0.32.0"}`)
	default:
		if r.URL.Path != "/v1/models" {
			return false
		}
		fmt.Fprint(w, `{"object":"list","data":[{"id":"other","max_model_len":1},{"id":"toy","root":"org/toy","max_model_len":2048}]}`)
	}
	return true
}

// forced is llama.cpp's native endpoint: a grammar of tokens decides what is
// drawn, or a bias does. What is not whole runes fails in a grammar, and is held
// back elsewhere.
func forced(w http.ResponseWriter, prompt []int, n, top int, grammar string, bias [][2]float64, after bool) {
	var list []int
	for _, word := range strings.Fields(grammar) {
		if id, err := strconv.Atoi(strings.Trim(word, "<[]>")); err == nil {
			list = append(list, id)
		}
	}
	var steps []string
	for i := range n {
		probs := slices.Clone(nextToken(prompt[len(prompt)-1]))
		if after {
			total := 0.0
			for j := range probs {
				for _, b := range bias {
					if int(b[0]) == probs[j].ID {
						probs[j].Logprob += b[1]
					}
				}
				total += math.Exp(probs[j].Logprob)
			}
			for j := range probs {
				probs[j].Logprob -= math.Log(total)
			}
		}
		best := slices.Clone(probs)
		slices.SortStableFunc(best, func(a, b sampling.Candidate) int { return int(math.Copysign(1, b.Logprob-a.Logprob)) })
		id := best[0].ID
		switch {
		case list != nil:
			if id = list[i]; !utf8.ValidString(tokenText(id)) {
				refuse(w, 500, "got exception: Unexpected empty grammar stack")
				return
			}
		case len(bias) == 1:
			id = int(bias[0][0])
		}
		prompt = append(slices.Clone(prompt), id)
		if text := tokenText(id); text != "" && !utf8.FullRuneInString(text[max(0, len(text)-1):]) || strings.HasSuffix(text, "\xeb\x82") {
			continue // an unfinished rune, whose end is waited for
		}
		var tops []string
		name, tail := "logprob", "top_logprobs"
		if after {
			name, tail = "prob", "top_probs"
		}
		write := func(c sampling.Candidate) string {
			p := c.Logprob
			if after {
				p = math.Exp(p)
			}
			return fmt.Sprintf(`"id":%d,"bytes":%s,%q:%v`, c.ID, byteList(tokenText(c.ID)), name, p)
		}
		for _, c := range best[:min(top, len(best))] {
			tops = append(tops, "{"+write(c)+"}")
		}
		steps = append(steps, fmt.Sprintf(`{%s,%q:[%s]}`, write(probs[id]), tail, strings.Join(tops, ",")))
	}
	fmt.Fprintf(w, `{"content":"","completion_probabilities":[%s],"tokens_evaluated":%d,"tokens_predicted":%d,"timings":{"cache_n":1}}`, strings.Join(steps, ","), len(prompt)-n, n)
}

// byID writes what vLLM says of given tokens.
func (s *served) byID(wanted []int) string {
	var list []string
	for _, id := range wanted {
		list = append(list, fmt.Sprintf(`"token_id:%d":%v`, id, s.probs[0][id].Logprob))
	}
	return fmt.Sprintf(`{"tokens":["token_id:%d"],"token_logprobs":[%v],"top_logprobs":[{%s}]}`,
		s.tokens[0], s.probs[0][s.tokens[0]].Logprob, strings.Join(list, ","))
}

// spell writes a token as GPT-2's vocabulary does, by the table in its encoder.
func spell(token string) string {
	if token == tokenText(beginning) {
		return token
	}
	var out strings.Builder
	for i := range len(token) {
		switch c := rune(token[i]); {
		case c <= ' ':
			out.WriteRune(256 + c)
		case c <= '~' || c >= 0xae || c >= 0xa1 && c <= 0xac:
			out.WriteRune(c)
		case c == 0xad:
			out.WriteRune(256 + 33 + 34)
		default:
			out.WriteRune(256 + 33 + c - 127)
		}
	}
	return out.String()
}

func encoded(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
