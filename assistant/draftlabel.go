package assistant

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A label is a line that may name a speaker.
type label struct {
	line int
	name string // as it is written
	key  string // as it is compared
	rest string // what follows it on the line
	tag  bool   // it is a tag, which may have another to end the text
}

// close takes away the tag that ends a text.
func (l *label) close(text string) string {
	if l.tag {
		text = strings.TrimSpace(strings.TrimSuffix(text, "</"+l.name+">"))
	}
	return text
}

// lazily compiles a regular expression when it is first used. Most programs read
// no drafts, and these take some milliseconds together.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// What labels are made of: what lists, headings and quotes begin with; what makes
// text bold; a name of at most five words; a number, or how something is said.
const (
	lead   = `^\s*(?:[-*+•>]\s+|#{1,6}\s*|\d{1,3}[.)]\s+|\|\s*)*`
	begin  = `[*_\[<("']{0,4}`
	naming = `([\pL][\pL\pN.'’-]*(?: [\pL\pN][\pL\pN.'’-]*){0,4}?)`
	aside  = `\s*(?:\(?#?\d{1,3}\)?|\([^()]{1,40}\))?`
	end    = `[*_\]>)"']{0,4}`
)

// The forms of labels. A heading or a bold line needs no colon. Dashes, and tags
// with a text behind them, are looked for where nothing else names two speakers:
// lines of other kinds begin like them too.
var (
	colonLabel = lazily(lead + begin + naming + aside + end + `\s*[:：]\s*[*_\]>)]{0,4}(?:\s+(.*)|()|([^\s/].*))$`)
	bareLabel  = lazily(`^\s*(?:#{1,6}\s*[*_\[<]{0,3}|\*\*|__|\[|<\|?)` + naming + `\s*(?:\(?#?\d{1,3}\)?)?[*_\]>|]{0,4}\s*$`)
	tagLabel   = lazily(`^\s*(?:\[|<\|?)` + naming + `(?:\]|\|?>)\s*(\S.*)$`)
	dashLabel  = lazily(lead + begin + naming + aside + end + `(?:\s+[-–—]+|—)\s+(.*)$`)
)

// cast returns the labels of a text and which two take turns, or no labels.
func cast(lines []string) (labels []label, user, name label) {
	forms := []func() *regexp.Regexp{colonLabel, bareLabel}
	for range 2 {
		labels = findLabels(lines, forms)
		if user, name, ok := speakers(labels); ok {
			return labels, user, name
		}
		forms = append(forms, tagLabel, dashLabel)
	}
	return nil, user, name
}

func findLabels(lines []string, forms []func() *regexp.Regexp) []label {
	var labels []label
	var code fenceState
	for i, line := range lines {
		if code.step(line) {
			continue
		}
		for _, form := range forms {
			if m := form().FindStringSubmatch(line); m != nil {
				labels = append(labels, label{
					line: i, name: m[1], key: string(skeleton(m[1])), rest: strings.Join(m[2:], ""),
					tag: strings.HasPrefix(strings.TrimSpace(line), "<"),
				})
				break
			}
		}
	}
	return labels
}

// askers and answerers are names that need no context to be told apart by.
var (
	askers    = []string{"human", "user", "q", "question", "query", "visitor", "customer", "student", "guest", "client", "patient", "caller", "reader", "you", "me", "person", "prompt", "input", "interviewer", "child", "player", "traveller", "traveler"}
	answerers = []string{"assistant", "ai assistant", "ai", "a", "answer", "bot", "chatbot", "model", "response", "reply", "output", "teacher", "tutor", "expert", "helper", "agent", "guide"}
)

func known(names []string, key string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return string(skeleton(n)) == key })
}

// speakers returns the two labels that take turns most often, the one who asks
// first. Names that are known for one of the two sides decide a draw, and who
// asks where the assistant begins; otherwise whoever speaks first asks.
func speakers(labels []label) (user, name label, ok bool) {
	first := map[string]int{} // where each name stands for the first time
	often := map[string]int{}
	var names []label
	for i, l := range labels {
		if _, seen := first[l.key]; !seen && l.key != "" {
			first[l.key] = i
			names = append(names, l)
		}
		often[l.key]++
	}
	// The two are among the names that stand there most often, and looking at
	// every pair would take long.
	const most = 12
	slices.SortStableFunc(names, func(a, b label) int { return often[b.key] - often[a.key] })
	names = names[:min(len(names), most)]
	slices.SortFunc(names, func(a, b label) int { return first[a.key] - first[b.key] })
	best := 0
	for i, a := range names {
		for _, b := range names[i+1:] {
			turns, last := 0, ""
			for _, l := range labels[first[a.key]:] {
				if l.key == a.key || l.key == b.key {
					if last == a.key && l.key == b.key {
						turns++
					}
					last = l.key
				}
			}
			score := 4 * turns
			asks, answers := a, b
			if known(answerers, a.key) && !known(answerers, b.key) || known(askers, b.key) && !known(askers, a.key) {
				asks, answers = b, a
			}
			if known(askers, asks.key) {
				score++
			}
			if known(answerers, answers.key) {
				score++
			}
			if score > best && turns > 0 && (turns > 1 || score >= 6) {
				best, user, name, ok = score, asks, answers, true
			}
		}
	}
	return user, name, ok
}
