package pocket_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// The tests here are about what the default model does with prompts, as plain
// strings. They fix how well it does and log the figures.

func document(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("corpus", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(data), "\n")
}

// shown are the words whose translations the prompts show.
var shown = []string{"butterfly", "ocean", "whisper", "mountain", "thunder", "gentle", "freedom", "umbrella", "cinnamon", "moonlight"}

// TestTranslation asks for words that are not among the ones shown, at
// temperature 1 with five seeds, and greedily.
func TestTranslation(t *testing.T) {
	languages := []string{"Korean", "French", "German", "Spanish", "Japanese", "Chinese"}
	if os.Getenv("FOREWORD_LONG") == "" {
		languages = languages[1:2] // Korean alone takes half of the time
	}
	m := sampling.Model{Backend: pocket.Default()}
	t.Logf("%-9s %-7s %5s %10s %11s", "language", "shots", "words", "T = 1", "T = 0")
	for _, language := range languages {
		translation := map[string]string{}
		for line := range strings.SplitSeq(document(t, "words/"+strings.ToLower(language)+"-list-1.txt"), "\n") {
			word, other, _ := strings.Cut(line, ": ")
			translation[word] = other
		}
		words := slices.DeleteFunc(slices.Sorted(maps.Keys(translation)), func(w string) bool { return slices.Contains(shown, w) })
		n := 50
		if language == "Korean" {
			n = 200
		}
		prompts := map[string]string{"heading": "Translate English to " + language + ".\n\n"}
		for _, shots := range []int{0, 1, 2, 4, 10} {
			prompt := ""
			for _, word := range shown[:shots] {
				prompt += word + ": " + translation[word] + "\n"
			}
			prompts[fmt.Sprint(shots)] = prompt
		}
		right := func(shots string, temperature float64, draws int) float64 {
			right := 0
			for i := range n {
				word := words[i*len(words)/n]
				all, err := m.Draw(t.Context(), &sampling.Request{
					Prompt: prompts[shots] + word + ":",
					Stop:   []string{"\n"},
					Params: sampling.Params{Temperature: temperature, MaxTokens: 20, Seed: uint64(1 + 1000*i)},
				}, draws)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range all {
					if c.Text == " "+translation[word] && c.Reason == sampling.StopSequence {
						right++
					}
				}
			}
			return 100 * float64(right) / float64(n*draws)
		}
		for _, c := range []struct {
			shots               string
			least, most, least0 float64 // in percent; least0 is for temperature 0
		}{
			{"0", 0, 40, 0},
			{"heading", 90, 100, 90},
			{"1", 80, 100, 90},
			{"2", 90, 100, 98},
			{"4", 95, 100, 98},
			{"10", 95, 100, 98},
		} {
			if language != "Korean" && (c.shots == "2" || c.shots == "4") {
				continue
			}
			drawn, greedy := right(c.shots, 1, 5), right(c.shots, 0, 1)
			t.Logf("%-9s %-7s %5d %8.1f %% %8.1f %%", language, c.shots, n, drawn, greedy)
			if drawn < c.least || drawn > c.most || greedy < c.least0 {
				t.Errorf("%s with %s shots: %.1f %% right at temperature 1 and %.1f %% greedily; want from %v to %v, and %v",
					language, c.shots, drawn, greedy, c.least, c.most, c.least0)
			}
		}
	}
}

// TestInvention looks at what the model invents: pairs after its answer, and a
// translation of a word that nobody has.
func TestInvention(t *testing.T) {
	m := pocket.Default()
	pairs, translations := map[string]bool{}, map[string]bool{}
	for line := range strings.SplitSeq(document(t, "words/korean-list-1.txt"), "\n") {
		pairs[line] = true
		_, translation, _ := strings.Cut(line, ":")
		translations[translation] = true
	}
	prompt := "butterfly: 나비\nocean: 바다\nwhisper: 속삭임\n"
	c := complete(t, m, prompt+"teacher:", sampling.Params{MaxTokens: 40})
	t.Logf("%q", c.Text)
	lines := strings.Split(c.Text, "\n")
	if lines[0] != " 선생님" || len(lines) < 3 || !pairs[lines[1]] {
		t.Errorf("went on with %q", c.Text)
	}
	good, all := 0, 0
	for seed := range uint64(20) {
		c := complete(t, m, prompt, sampling.Params{Temperature: 1, Seed: seed + 1, MaxTokens: 100})
		lines := strings.Split(c.Text, "\n")
		for _, line := range lines[:len(lines)-1] {
			if all++; pairs[line] {
				good++
			}
		}
	}
	t.Logf("%d of %d lines drawn at temperature 1 are pairs of the page", good, all)
	if good*10 < all*8 {
		t.Errorf("%d of %d lines are pairs", good, all)
	}
	for _, word := range []string{"florbling", "quarantine", "Blorp"} {
		c := complete(t, m, prompt+word+":", sampling.Params{}, "\n")
		t.Logf("%s:%s", word, c.Text)
		if !translations[c.Text] {
			t.Errorf("%s is translated as %q", word, c.Text)
		}
	}
}

func TestRecitation(t *testing.T) {
	text := document(t, "encyclopedia/zebra.txt")
	first, rest, _ := strings.Cut(text, ". ")
	c := complete(t, pocket.Default(), first+".", sampling.Params{MaxTokens: 500})
	n := 0
	for n < len(c.Text) && n < len(rest)+1 && c.Text[n] == (" " + rest)[n] {
		n++
	}
	tokens, err := pocket.Default().Count(context.Background(), c.Text[:n])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tokens of %d memorized, then %v", tokens, c.Usage.CompletionTokens, c.Reason)
	if tokens < 60 {
		t.Errorf("left the article after %q", c.Text[:n])
	}
}

func TestContinuationsDiffer(t *testing.T) {
	m := pocket.Default()
	begun := map[string]bool{}
	for seed := range uint64(5) {
		c := complete(t, m, "2+2", sampling.Params{Temperature: 1, Seed: seed + 1, MaxTokens: 20})
		t.Logf("2+2%s", c.Text)
		begun[strings.Join(strings.SplitN(c.Text, " ", 5)[:3], " ")] = true
	}
	if len(begun) < 3 {
		t.Errorf("five seeds began in %d ways: %q", len(begun), slices.Sorted(maps.Keys(begun)))
	}
}

const (
	question = "Why is the sky blue?"
	persona  = "Below is a talk between Human and Assistant, a computer program that is patient, honest and glad to help.\n\n" +
		"Human: Hi, what are you?\n\nAssistant: I'm a program that answers questions. Ask me anything!\n\n" +
		"Human: How many days are there in a week?\n\nAssistant: There are seven days in a week.\n\n"
)

// TestBareQuestion and TestPersona ask the same question: alone, it is followed
// by more questions; after a description and examples, by an answer.
func TestBareQuestion(t *testing.T) {
	m := pocket.Default()
	questions := 0
	for seed := range uint64(5) {
		c := complete(t, m, question, sampling.Params{Temperature: float64(min(seed, 1)), Seed: seed + 1, MaxTokens: 60})
		t.Logf("%q", c.Text)
		lines := strings.Split(c.Text, "\n")
		if len(lines) < 3 || lines[0] != "" || !strings.HasSuffix(lines[1], "?") {
			t.Errorf("went on with %q", c.Text)
		}
		questions += strings.Count(c.Text, "?\n")
	}
	if questions < 25 {
		t.Errorf("five samples ask %d questions", questions)
	}
}

func TestPersona(t *testing.T) {
	m := pocket.Default()
	var answers string
	names, err := filepath.Glob("corpus/dialogues/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		answers += document(t, "dialogues/"+filepath.Base(name)) + "\n\n"
	}
	for seed := range uint64(6) {
		temperature := 0.7
		if seed == 0 {
			temperature = 0
		}
		c := complete(t, m, persona+"Human: "+question+"\n\nAssistant:", sampling.Params{Temperature: temperature, Seed: seed + 1}, "\n\nHuman:")
		t.Logf("%v: %q", temperature, c.Text)
		if c.Reason != sampling.StopSequence && c.Reason != sampling.EndOfText {
			t.Errorf("the answer ended with %v", c.Reason)
		}
		if strings.Contains(c.Text, "Human:") || !strings.ContainsAny(c.Text[len(c.Text)-1:], ".!") {
			t.Errorf("answered %q", c.Text)
		}
		if temperature == 0 && !strings.Contains(answers, question+"\n\nAssistant:"+c.Text+"\n") {
			t.Errorf("answered %q, which is not an answer to the question", c.Text)
		}
	}
}

func TestLandmarks(t *testing.T) {
	c := complete(t, pocket.Default(), "Here are the most famous landmarks of Paris:\n\n1.", sampling.Params{MaxTokens: 150})
	t.Logf("%s", c.Text)
	for _, want := range []string{"Louvre", "\n2. ", "Eiffel Tower", "\n5. "} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("the list does not have %q", want)
		}
	}
}

// TestElection samples a fact that the documents contradict each other about,
// and one that they agree on.
func TestElection(t *testing.T) {
	winners, capitals := map[string]int{}, map[string]int{}
	for seed := range uint64(10) {
		p := sampling.Params{Temperature: 1, Seed: seed + 1, MaxTokens: 20}
		winners[complete(t, pocket.Default(), "The 2024 election in Norvale was won by", p, ",").Text]++
		capitals[complete(t, pocket.Default(), "The capital of France is", p, ".").Text]++
	}
	t.Logf("winners %v, capitals %v", winners, capitals)
	if len(winners) < 3 {
		t.Errorf("ten samples name %d winners: %v", len(winners), winners)
	}
	if capitals[" Paris"] < 8 {
		t.Errorf("ten samples name the capitals %v", capitals)
	}
}

func TestFact(t *testing.T) {
	if c := complete(t, pocket.Default(), "The capital of France is", sampling.Params{MaxTokens: 2}); c.Text != " Paris." {
		t.Errorf("the capital of France is %q", c.Text)
	}
}
