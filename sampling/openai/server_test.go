package openai_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// The model of the test server: what comes next hangs on the last token
// alone, by a hash. Its vocabulary is the 256 bytes and these words, of which
// some are not whole runes.
var vocabulary = []string{" the", " owl", " sat", " on", " a", " wall", ".", "\n", " \xc3", "\xeb\x82", " tree", " and", " of"}

const (
	firstWord = 256
	beginning = -1 // the token that the server puts before each prompt
)

var endToken = firstWord + len(vocabulary)

func tokenText(id int) string {
	switch {
	case id == beginning:
		return "<s>"
	case id == endToken:
		return ""
	case id >= firstWord:
		return vocabulary[id-firstWord]
	}
	return string([]byte{byte(id)})
}

// tokenize reads a prompt as servers do, special tokens included.
func tokenize(text string) []int { return append([]int{beginning}, tokensOf(text, true)...) }

func tokensOf(text string, special bool) (ids []int) {
	for text != "" {
		if rest, ok := strings.CutPrefix(text, tokenText(beginning)); ok && special {
			ids, text = append(ids, beginning), rest
			continue
		}
		id := int(text[0])
		for i, word := range vocabulary {
			if len(word) > len(tokenText(id)) && strings.HasPrefix(text, word) {
				id = firstWord + i
			}
		}
		ids = append(ids, id)
		text = text[len(tokenText(id)):]
	}
	return ids
}

// nextToken returns the distribution after a token, which the caller does not
// change.
func nextToken(last int) []sampling.Candidate {
	all, ok := nextTokens.Load(last)
	if !ok {
		all, _ = nextTokens.LoadOrStore(last, computeNext(last))
	}
	return all.([]sampling.Candidate)
}

var nextTokens sync.Map

func computeNext(last int) []sampling.Candidate {
	all := make([]sampling.Candidate, endToken+1)
	total := 0.0
	for id := range all {
		h := fnv.New32a()
		fmt.Fprint(h, last, " ", id)
		logit := -12.0
		switch {
		case last == firstWord+8: // the first byte of é
			if id == 0xa9 {
				logit = 12
			}
		case last == firstWord+9: // the first two of 나
			if id == 0x98 {
				logit = 12
			}
		case id == endToken:
			logit = -1
		case id >= firstWord:
			logit = 4 * float64(h.Sum32()%1000) / 1000
		}
		all[id] = sampling.Candidate{ID: id, Logprob: logit}
		total += math.Exp(logit)
	}
	for i := range all {
		all[i].Logprob -= math.Log(total)
	}
	return all
}

// A flavour is a server's way of answering.
type flavour struct {
	dialect  openai.Dialect
	fields   string // all that it knows; any other field is refused
	maxStops int
	content  bool // log probabilities in the chat API's shape
	slots    int  // the most continuations at once; 0 is any number
	one      bool // draws one continuation whatever it is asked
	comments bool // keep-alives between the events
	crlf     bool
}

const plainFields = "model prompt max_tokens temperature top_p frequency_penalty presence_penalty seed stop stream stream_options "

var flavours = map[string]flavour{
	"OpenAI": {dialect: openai.OpenAI, fields: plainFields + "logprobs n echo", maxStops: 4},
	"llama.cpp": {dialect: openai.LlamaCpp, fields: plainFields + "logprobs n top_k min_p repeat_penalty repeat_last_n verbose grammar cache_prompt",
		maxStops: 1000, content: true, slots: 8, comments: true},
	"vLLM": {dialect: openai.VLLM, fields: plainFields + "logprobs n echo top_k min_p repetition_penalty include_stop_str_in_output structured_outputs " +
		"logprob_token_ids return_tokens_as_token_ids return_token_ids",
		maxStops: 1000, crlf: true},
}

type wireRequest struct {
	Prompt            prompts  `json:"prompt"`
	MaxTokens         *int     `json:"max_tokens"`
	Temperature       *float64 `json:"temperature"`
	TopP              *float64 `json:"top_p"`
	TopK              *int     `json:"top_k"`
	MinP              float64  `json:"min_p"`
	FrequencyPenalty  float64  `json:"frequency_penalty"`
	PresencePenalty   float64  `json:"presence_penalty"`
	RepetitionPenalty float64  `json:"repetition_penalty"`
	RepeatPenalty     float64  `json:"repeat_penalty"`
	Seed              uint64   `json:"seed"`
	Logprobs          *int     `json:"logprobs"`
	Stop              []string `json:"stop"`
	N                 int      `json:"n"`
	Echo              bool     `json:"echo"`
	Stream            bool     `json:"stream"`
	Verbose           bool     `json:"verbose"`
	TokenIDs          []int    `json:"logprob_token_ids"`
	AsIDs             bool     `json:"return_tokens_as_token_ids"`
	TellPrompt        bool     `json:"return_token_ids"`
	IncludeStop       bool     `json:"include_stop_str_in_output"`
	Grammar           string   `json:"grammar"`
	Structured        struct {
		Choice []string `json:"choice"`
		Regex  string   `json:"regex"`
	} `json:"structured_outputs"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
		Continuous   bool `json:"continuous_usage_stats"`
	} `json:"stream_options"`
}

// serve starts a server of the given flavour.
func serve(t testing.TB, f flavour) *httptest.Server {
	s := httptest.NewServer(serving(f))
	t.Cleanup(s.Close)
	return s
}

func serving(f flavour) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if beside(w, r, f, raw) {
			return
		}
		var fields map[string]json.RawMessage
		var req wireRequest
		if err := json.Unmarshal(raw, &fields); err != nil || json.Unmarshal(raw, &req) != nil {
			refuse(w, 400, "cannot read the body")
			return
		}
		for name := range fields {
			if !slices.Contains(strings.Fields(f.fields), name) {
				refuse(w, 400, "unknown field "+name)
				return
			}
		}
		switch {
		case req.TokenIDs != nil:
			req.TopP, req.TopK = new(1.0), new(0)
			answer(w, f, &req)
		case req.MaxTokens == nil || req.Temperature == nil || req.TopP == nil || *req.TopP == 0 || *req.MaxTokens < 1:
			refuse(w, 400, "a neutral value is missing, and this server's own defaults are not neutral")
		case strings.Contains(f.fields, "top_k") && req.TopK == nil:
			refuse(w, 400, "top_k is missing, and this server's own is 40")
		case len(req.Stop) > f.maxStops:
			refuse(w, 400, "too many stop sequences")
		case f.slots > 0 && req.N > f.slots:
			refuse(w, 400, fmt.Sprintf("Field 'n': Value must be between 1 <= value <= %d, but got %d", f.slots, req.N))
		default:
			answer(w, f, &req)
		}
	}
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":%q,"type":"invalid_request_error","code":%d}}`, words, status)
}

// A served is one continuation, drawn before anything is sent.
type served struct {
	tokens []int // those of the prompt too, where it is echoed
	text   []string
	probs  [][]sampling.Candidate // nil: not known
	reason string
	stop   string
	count  int
}

func (req *wireRequest) draw(prompt []int, choice int) (s served) {
	p := sampling.Params{
		Temperature: *req.Temperature, TopP: *req.TopP, MinP: req.MinP, Seed: req.Seed + uint64(choice),
		FrequencyPenalty: req.FrequencyPenalty, PresencePenalty: req.PresencePenalty,
		RepetitionPenalty: max(req.RepetitionPenalty, req.RepeatPenalty),
	}
	if req.TopK != nil {
		p.TopK = max(0, *req.TopK)
	}
	d := sampling.NewDecoder(&sampling.Request{Params: p, Constraint: req.constraint()}, prompt, tokenTexts)
	if req.Echo {
		for i, id := range prompt {
			var probs []sampling.Candidate
			if i > 0 {
				probs = nextToken(prompt[i-1])
			}
			s.add(id, tokenText(id), probs)
		}
		s.text[0] = "" // a special token is not in the text
	}
	last, all := prompt[len(prompt)-1], ""
	s.reason = "length"
	for s.count < *req.MaxTokens {
		probs := nextToken(last)
		next, ok := d.Next(slices.Clone(probs))
		if !ok {
			s.reason = "stop" // the constraint allows no more
			return s
		}
		last = next
		s.count++
		text := tokenText(last)
		all += text
		before, found := sampling.Cut(all, req.Stop)
		if found != "" {
			s.reason, s.stop = "stop", found
			over := len(all) - len(before)
			if req.IncludeStop {
				over -= len(found)
			}
			s.cutBack(&text, over)
			s.add(last, text, probs)
			return s
		}
		if last == endToken {
			s.reason = "stop"
			return s
		}
		s.add(last, text, probs)
	}
	return s
}

// tokenTexts are the texts of all tokens by their ids.
var tokenTexts = func() (all []string) {
	for id := range endToken + 1 {
		all = append(all, tokenText(id))
	}
	return all
}()

// constraint reads what the request asks for under its server's name.
func (req *wireRequest) constraint() sampling.Constraint {
	if req.Structured.Choice != nil {
		return sampling.OneOf(req.Structured.Choice...)
	}
	expr := req.Structured.Regex + fromGBNF(strings.TrimPrefix(req.Grammar, "root ::= "))
	if expr == "" {
		return sampling.Constraint{}
	}
	c, err := sampling.Matching(expr)
	if err != nil {
		panic(err)
	}
	return c
}

// fromGBNF turns a grammar of one rule into an expression: literals are quoted,
// and the spaces between the items mean nothing.
func fromGBNF(grammar string) string {
	var out strings.Builder
	for grammar = strings.TrimSpace(grammar); grammar != ""; {
		end := 1
		if close := map[byte]string{'"': "\"", '[': "]"}[grammar[0]]; close != "" {
			for !strings.HasPrefix(grammar[end:], close) {
				if grammar[end] == '\\' {
					end++
				}
				end++
			}
			end++
		}
		item := grammar[:end]
		grammar = grammar[end:]
		switch {
		case item == " ":
		case item[0] == '"':
			text, err := strconv.Unquote(item)
			if err != nil {
				panic(err)
			}
			out.WriteString("(?:" + regexp.QuoteMeta(text) + ")")
		default:
			out.WriteString(item)
		}
	}
	return out.String()
}

// cutBack takes the last over bytes away, as a server does that has held them
// back.
func (s *served) cutBack(text *string, over int) {
	n := min(over, len(*text))
	*text = (*text)[:len(*text)-n]
	for i := len(s.text) - 1; i >= 0 && over > n; i-- {
		m := min(over-n, len(s.text[i]))
		s.text[i] = s.text[i][:len(s.text[i])-m]
		over -= m
	}
}

func (s *served) add(id int, text string, probs []sampling.Candidate) {
	s.tokens, s.text, s.probs = append(s.tokens, id), append(s.text, text), append(s.probs, probs)
}

func answer(w http.ResponseWriter, f flavour, req *wireRequest) {
	n := max(1, req.N)
	if f.one {
		n = 1
	}
	var all []served
	prompt := 0
	for _, ids := range req.Prompt {
		prompt += len(ids)
		for i := range n {
			all = append(all, req.draw(ids, i))
		}
	}
	usage := func(drawn int) string {
		return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"prompt_tokens_details":{"cached_tokens":1}}`, prompt, drawn)
	}
	total := 0
	for i := range all {
		total += all[i].count
	}
	if !req.Stream {
		var choices []string
		for i := range all {
			choice := req.choice(f, &all[i], i, 0, len(all[i].tokens), true)
			if req.TellPrompt {
				choice = strings.TrimSuffix(choice, "}") + `,"prompt_token_ids":` + encoded(req.Prompt[i]) + "}"
			}
			choices = append(choices, choice)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"choices":[%s],"usage":%s%s}`, strings.Join(choices, ","), usage(total), req.verbose(&all[0]))
		return
	}
	newline := "\n"
	if f.crlf {
		newline = "\r\n"
	}
	flush := w.(http.Flusher).Flush
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(format string, args ...any) {
		if f.comments {
			io.WriteString(w, ": still here"+newline+newline)
		}
		fmt.Fprintf(w, "data: "+format+newline+newline, args...)
		flush()
	}
	for at := 0; ; at++ {
		open := false
		for i := range all {
			s := &all[i]
			if at > len(s.tokens) {
				continue
			}
			open = true
			last := at == len(s.tokens)
			extra := ""
			if req.StreamOptions.Continuous || f.content && last {
				extra = `,"usage":` + usage(min(s.count, at+1))
			}
			if last {
				extra += req.verbose(s)
			}
			send(`{"choices":[%s]%s}`, req.choice(f, s, i, at, min(at+1, len(s.tokens)), last), extra)
		}
		if !open {
			break
		}
	}
	if req.StreamOptions.IncludeUsage {
		send(`{"choices":[],"usage":%s}`, usage(total))
	}
	send("[DONE]")
}

func (req *wireRequest) verbose(s *served) string {
	kind := map[bool]string{true: "limit", false: "eos"}[s.reason == "length"]
	if !req.Verbose {
		return ""
	}
	if s.stop != "" {
		kind = "word"
	}
	return fmt.Sprintf(`,"__verbose":{"stop_type":%q,"stopping_word":%s}`, kind, rawString(s.stop))
}

// choice writes the tokens from one place to another.
func (req *wireRequest) choice(f flavour, s *served, index, from, to int, last bool) string {
	reason := "null"
	if last {
		reason = strconv.Quote(s.reason)
	}
	probs := "null"
	if req.Logprobs != nil && from < to && (!f.content || *req.Logprobs > 0) {
		if probs = s.logprobs(f, from, to, *req.Logprobs); req.AsIDs {
			probs = s.byID(req.TokenIDs)
		}
	}
	return fmt.Sprintf(`{"index":%d,"text":%s,"logprobs":%s,"finish_reason":%s}`, index, rawString(strings.Join(s.text[from:to], "")), probs, reason)
}

func (s *served) logprobs(f flavour, from, to, top int) string {
	var tokens, values, tops, content []string
	for i := from; i < to; i++ {
		text := rawString(tokenText(s.tokens[i]))
		if f.content {
			text = `"?","bytes":` + byteList(tokenText(s.tokens[i]))
		}
		if s.probs[i] == nil {
			tokens, values, tops = append(tokens, text), append(values, "null"), append(tops, "null")
			continue
		}
		best := slices.Clone(s.probs[i])
		slices.SortStableFunc(best, func(a, b sampling.Candidate) int { return int(math.Copysign(1, b.Logprob-a.Logprob)) })
		var list, object []string
		for _, c := range best[:top] {
			list = append(list, fmt.Sprintf(`{"token":"?","bytes":%s,"logprob":%v}`, byteList(tokenText(c.ID)), c.Logprob))
			object = append(object, fmt.Sprintf(`%s:%v`, rawString(tokenText(c.ID)), c.Logprob))
		}
		value := s.probs[i][s.tokens[i]].Logprob
		tokens, values = append(tokens, text), append(values, fmt.Sprint(value))
		tops = append(tops, "{"+strings.Join(object, ",")+"}")
		content = append(content, fmt.Sprintf(`{"token":%s,"logprob":%v,"top_logprobs":[%s]}`, text, value, strings.Join(list, ",")))
	}
	if f.content {
		return `{"content":[` + strings.Join(content, ",") + `]}`
	}
	return fmt.Sprintf(`{"tokens":[%s],"token_logprobs":[%s],"top_logprobs":[%s]}`, strings.Join(tokens, ","), strings.Join(values, ","), strings.Join(tops, ","))
}

func byteList(s string) string {
	var all []string
	for i := range len(s) {
		all = append(all, strconv.Itoa(int(s[i])))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// rawString writes a JSON string with its bytes as they are, as a server does
// that sends each token by itself.
func rawString(s string) string {
	out := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ':
			out = fmt.Appendf(out, "\\u%04x", c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
