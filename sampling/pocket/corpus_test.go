package pocket_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling/pocket"
)

// The tests here hold the corpus to what the package comment and the examples say
// is in it, and make sure that what they ask the model about is not.

// folder returns the documents of a folder by their paths.
func folder(t *testing.T, name string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("corpus", name, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents in %s: %v", name, err)
	}
	docs := make(map[string]string)
	for _, file := range files {
		path := name + "/" + filepath.Base(file)
		docs[path] = document(t, path)
	}
	return docs
}

func TestCorpusDialogues(t *testing.T) {
	dialogues := folder(t, "dialogues")
	if len(dialogues) < 40 {
		t.Errorf("%d dialogues, want at least 40", len(dialogues))
	}
	described := make(map[string]string)
	for path, text := range dialogues {
		description, _, _ := strings.Cut(text, "\n\nHuman: ")
		if other, ok := described[description]; ok || description == text {
			t.Errorf("%s is described in the words of %q: %q", path, other, description)
		}
		described[description] = path
		asked, answered := strings.Count(text, "\n\nHuman: "), strings.Count(text, "\n\nAssistant: ")
		if asked < 3 || asked != answered {
			t.Errorf("%s has %d questions and %d answers, want at least 3 of each", path, asked, answered)
		}
	}
}

func TestCorpusMuseum(t *testing.T) {
	lines := strings.Split(document(t, "museum/questions.txt"), "\n")
	if lines[0] != question {
		t.Errorf("the museum's page begins with %q", lines[0])
	}
	for path, text := range folder(t, "museum") {
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasSuffix(line, "?") {
				t.Errorf("%s is not all questions: %q", path, line)
			}
		}
	}
}

func TestCorpusLandmarks(t *testing.T) {
	cities := make(map[string]bool)
	for path, text := range folder(t, "landmarks") {
		heading, list, _ := strings.Cut(text, ":\n\n")
		cities[strings.TrimPrefix(heading, "Here are the most famous landmarks of ")] = true
		for i, line := range strings.Split(list, "\n") {
			if !strings.HasPrefix(line, strconv.Itoa(i+1)+". ") {
				t.Errorf("%s: line %d of the list is %q", path, i+1, line)
			}
		}
		if n := strings.Count(list, "\n"); n < 9 {
			t.Errorf("%s lists %d landmarks", path, n+1)
		}
	}
	if len(cities) < 10 {
		t.Errorf("the landmarks of %d cities, want ten: %v", len(cities), cities)
	}
}

func TestCorpusEncyclopedia(t *testing.T) {
	articles := folder(t, "encyclopedia")
	if len(articles) < 20 || articles["encyclopedia/zebra.txt"] == "" {
		t.Errorf("%d articles, want at least 20 with the zebra among them", len(articles))
	}
	for path, text := range articles {
		if n := len(strings.Fields(text)); n < 150 || n > 400 {
			t.Errorf("%s has %d words, which is not a short article", path, n)
		}
	}
}

// TestCorpusElection looks for contradictions: no two papers may agree on all of
// who won, with what share and at what turnout.
func TestCorpusElection(t *testing.T) {
	first := regexp.MustCompile(`^The 2024 election in Norvale was won by ([A-Z]\w+ [A-Z]\w+), who took ([0-9.]+) percent of the vote with a turnout of ([0-9]+) percent`)
	winners, results, papers := make(map[string]bool), make(map[string]string), 0
	for path, text := range folder(t, "news") {
		if !strings.HasPrefix(path, "news/election-") {
			continue
		}
		papers++
		said := first.FindStringSubmatch(text)
		if said == nil {
			t.Errorf("%s tells no result: %.60q", path, text)
			continue
		}
		winners[said[1]] = true
		if other, ok := results[said[0]]; ok {
			t.Errorf("%s and %s agree: %s", path, other, said[0])
		}
		results[said[0]] = path
	}
	if papers < 4 || len(winners) < 3 {
		t.Errorf("%d papers name %d winners: %v", papers, len(winners), winners)
	}
}

func TestCorpusReviews(t *testing.T) {
	labels := make(map[string]int)
	label := regexp.MustCompile(`(?m)^Review: .+\nSentiment: (\w+)$`)
	all := ""
	for path, text := range folder(t, "reviews") {
		for _, found := range label.FindAllStringSubmatch(text, -1) {
			labels[found[1]]++
		}
		if n := strings.Count(text, "Review:"); n != len(label.FindAllString(text, -1)) {
			t.Errorf("%s has %d reviews, and not all are labelled", path, n)
		}
		all += text
	}
	if len(labels) != 2 || labels["positive"] < 100 || labels["negative"] < 100 {
		t.Errorf("the labels are %v", labels)
	}
	for _, r := range reviews {
		if strings.Contains(all, r.text) {
			t.Errorf("%q is in the corpus, and TestReviews asks for it", r.text)
		}
	}
}

func TestCorpusSums(t *testing.T) {
	sum := regexp.MustCompile(`^(\d+) ?([-+x]) ?(\d+) ?= ?(\d+)$`)
	for _, path := range []string{"sums/additions.txt", "sums/additions-tight.txt", "sums/subtractions.txt", "sums/products.txt"} {
		for line := range strings.SplitSeq(document(t, path), "\n") {
			part := sum.FindStringSubmatch(line)
			if part == nil {
				t.Errorf("%s: %q is not a sum", path, line)
				continue
			}
			a, _ := strconv.Atoi(part[1])
			b, _ := strconv.Atoi(part[3])
			if want := map[string]int{"+": a + b, "-": a - b, "x": a * b}[part[2]]; part[4] != strconv.Itoa(want) {
				t.Errorf("%s: %s", path, line)
			}
		}
	}
}

// TestCorpusHasNoAnswers looks for what would make a test of in-context learning
// worthless: a document with the prompt in it, or a word that nobody has.
func TestCorpusHasNoAnswers(t *testing.T) {
	texts := make(map[string]string)
	for _, path := range pocket.Default().Documents() {
		text := document(t, path)
		for other, same := range texts {
			if text == same {
				t.Errorf("%s and %s are the same", path, other)
			}
		}
		texts[path] = text
		for _, absent := range []string{"florbling", "quarantine", "Blorp", persona} {
			if strings.Contains(text, absent) {
				t.Errorf("%s has %.40q", path, absent)
			}
		}
		if !strings.HasPrefix(path, "words/") {
			continue
		}
		// Three of the examples in their order would be a page to copy from. Two
		// meet by chance.
		var rows []string
		for line := range strings.SplitSeq(text, "\n") {
			rows = append(rows, strings.TrimRight(strings.SplitAfter(line+" ", " ")[0], ": "))
		}
		for i := range shown[2:] {
			if strings.Contains(strings.Join(rows, "\n"), strings.Join(shown[i:i+3], "\n")) {
				t.Errorf("%s has %q one below the other, as the prompts do", path, shown[i:i+3])
			}
		}
	}
	if n := len(texts); n < 200 {
		t.Errorf("%d documents", n)
	}
}
