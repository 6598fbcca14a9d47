package wrap

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// unknown returns the error for a question that was not recorded. It compares it
// with the recorded one that is most like it, since what is wrong is mostly a
// word in a prompt, or a parameter.
func (r *replayer) unknown(q *question) error {
	var nearest *recording
	var best []difference
	for _, t := range r.all {
		if t.ask.Method != q.Method {
			continue
		}
		if diffs := differences(q, t.ask); nearest == nil || weight(diffs) < weight(best) {
			nearest, best = t, diffs
		}
	}
	if nearest == nil {
		return fmt.Errorf("no %s was recorded", q.Method)
	}
	words := make([]string, len(best))
	for i, d := range best {
		words[i] = d.words
	}
	hint := "record it again"
	if len(best) == 1 && best[0].name == "seed" {
		hint = "give the request a seed, or set Replay.AnySeed"
	}
	return fmt.Errorf("this request was not recorded; the nearest, on line %d, has another %s; %s",
		nearest.line, strings.Join(words, ", another "), hint)
}

// A difference is one field in which two questions differ.
type difference struct {
	name   string
	words  string
	weight float64 // how much it sets them apart: 1 for a parameter
}

func weight(diffs []difference) float64 {
	sum := 0.0
	for _, d := range diffs {
		sum += d.weight
	}
	return sum
}

// differences lists the fields in which two questions of the same method differ,
// the prompt first.
func differences(asked, recorded *question) []difference {
	var diffs []difference
	if asked.Prompt != recorded.Prompt {
		diffs = append(diffs, textDifference("prompt", asked.Prompt, recorded.Prompt))
	}
	if asked.Constraint != recorded.Constraint {
		diffs = append(diffs, textDifference("constraint", asked.Constraint, recorded.Constraint))
	}
	add := func(name string, a, b any) {
		if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
			diffs = append(diffs, difference{name, fmt.Sprintf("%s (asked %s, recorded %s)", name, shorten(x), shorten(y)), 1})
		}
	}
	list := func(name string, a, b []string) {
		if !slices.Equal(a, b) {
			add(name, fmt.Sprintf("%q", a), fmt.Sprintf("%q", b))
		}
	}
	list("stop", asked.Stop, recorded.Stop)
	list("continuations", asked.Continuations, recorded.Continuations)
	add("n", asked.N, recorded.N)
	a, b := asked.Params, recorded.Params
	if a == nil {
		a = new(params)
	}
	if b == nil {
		b = new(params)
	}
	add("max_tokens", a.MaxTokens, b.MaxTokens)
	add("temperature", a.Temperature, b.Temperature)
	add("top_p", a.TopP, b.TopP)
	add("top_k", a.TopK, b.TopK)
	add("min_p", a.MinP, b.MinP)
	add("frequency_penalty", a.FrequencyPenalty, b.FrequencyPenalty)
	add("presence_penalty", a.PresencePenalty, b.PresencePenalty)
	add("repetition_penalty", a.RepetitionPenalty, b.RepetitionPenalty)
	add("logprobs", a.Logprobs, b.Logprobs)
	add("top_logprobs", a.TopLogprobs, b.TopLogprobs)
	add("extra", string(a.Extra), string(b.Extra))
	if a.Temperature != 0 || b.Temperature != 0 {
		add("seed", a.Seed, b.Seed)
	}
	return diffs
}

// textDifference shows the place where two texts part. The less they have in
// common, the more it weighs.
func textDifference(name, asked, recorded string) difference {
	at := 0
	for at < min(len(asked), len(recorded)) && asked[at] == recorded[at] {
		at++
	}
	for at > 0 && (at < len(asked) && !utf8.RuneStart(asked[at]) || at < len(recorded) && !utf8.RuneStart(recorded[at])) {
		at--
	}
	tail := 0
	for tail < min(len(asked), len(recorded))-at && asked[len(asked)-1-tail] == recorded[len(recorded)-1-tail] {
		tail++
	}
	common := float64(at+tail) / float64(max(len(asked), len(recorded)))
	return difference{name, fmt.Sprintf("%s (at byte %d: asked %s, recorded %s)", name, at, from(asked, at), from(recorded, at)), 3 - 2.5*common}
}

// shown is how many bytes of a difference an error shows.
const shown = 24

// from quotes what stands at a place.
func from(text string, at int) string {
	if at >= len(text) {
		return "the end"
	}
	return fmt.Sprintf("%q", shorten(text[at:]))
}

// shorten cuts a text that is long, between runes.
func shorten(text string) string {
	if len(text) <= shown {
		return text
	}
	n := shown
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
