package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus is where the pages are kept, seen from this folder.
var corpus = filepath.Join("..", "..", "corpus", "words")

func table(t *testing.T) []Row {
	t.Helper()
	rows, err := parseTable(words)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestTable holds the table to its rules, to its promised size, and to the
// pairs that the documentation shows.
func TestTable(t *testing.T) {
	rows := table(t)
	if len(rows) < 360 {
		t.Errorf("%d rows; the corpus promises at least 360", len(rows))
	}
	for _, want := range []struct{ english, language, cell string }{
		{"butterfly", "korean", "나비"},
		{"ocean", "korean", "바다"},
		{"whisper", "korean", "속삭임"},
		{"mountain", "korean", "산"},
		{"thunder", "korean", "천둥"},
		{"gentle", "korean", "온화한"},
		{"freedom", "korean", "자유"},
		{"umbrella", "korean", "우산"},
		{"cinnamon", "korean", "계피"},
		{"moonlight", "korean", "달빛"},
		{"teacher", "korean", "선생님"},
		{"morning", "korean", "아침"},
		{"sea otter", "french", "loutre de mer"},
		{"peppermint", "french", "menthe poivrée"},
		{"cheese", "french", "fromage"},
	} {
		i := slices.IndexFunc(rows, func(r Row) bool { return r[0] == want.english })
		if i < 0 {
			t.Errorf("no row for %q", want.english)
			continue
		}
		if got := rows[i][slices.Index(columns, want.language)]; got != want.cell {
			t.Errorf("%s in %s is %q, want %q", want.english, want.language, got, want.cell)
		}
	}
}

// TestTableRefused breaks each rule once, so that the rules are known to bite.
func TestTableRefused(t *testing.T) {
	const good = "sea otter\t해달\tloutre de mer\tSeeotter\tnutria marina\tラッコ\t海獭"
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	header := strings.Join(columns, "\t")
	if _, err := parseTable(header + "\n" + good + "\n"); err != nil {
		t.Fatalf("the row that the cases are made from is refused: %v", err)
	}
	for _, test := range []struct{ reason, text, want string }{
		{"no newline at the end", header + "\n" + good, "last line"},
		{"a column is missing from the header", "english\tkorean\n" + good + "\n", "words.tsv:1: header"},
		{"a field too few", header + "\n" + swap("\t海獭", "") + "\n", "words.tsv:2: 6 fields"},
		{"a field too many", header + "\n" + good + "\t\n", "8 fields"},
		{"an empty line", header + "\n\n" + good + "\n", "1 fields"},
		{"an empty cell", header + "\n" + swap("해달", "") + "\n", "korean \"\""},
		{"invalid UTF-8", header + "\n" + swap("해달", "\xff") + "\n", "korean"},
		{"a capital in English", header + "\n" + swap("sea", "Sea") + "\n", "english"},
		{"three English words", header + "\n" + swap("sea", "big sea") + "\n", "english"},
		{"the same English word twice", header + "\n" + good + "\n" + good + "\n", "english has 1 repeated"},
		{"a trailing space", header + "\n" + swap("marina", "marina ") + "\n", "spanish"},
		{"a carriage return", header + "\n" + swap("海獭", "海獭\r") + "\n", "chinese"},
		{"two answers", header + "\n" + swap("Seeotter", "Seeotter/Otter") + "\n", "german"},
		{"a gloss in parentheses", header + "\n" + swap("mer", "mer (animal)") + "\n", "french"},
		{"a colon", header + "\n" + swap("nutria", "nutria: ") + "\n", "spanish"},
		{"an arrow", header + "\n" + swap("loutre", "=> loutre") + "\n", "french"},
		{"Latin letters in Chinese", header + "\n" + swap("海獭", "haita") + "\n", "chinese"},
		{"kana in Chinese", header + "\n" + swap("海獭", "ラッコ") + "\n", "chinese"},
		{"Latin letters in Japanese", header + "\n" + swap("ラッコ", "rakko") + "\n", "japanese"},
		{"half-width kana", header + "\n" + swap("ラッコ", "ﾗｯｺ") + "\n", "japanese"},
		{"ideographs in Korean", header + "\n" + swap("해달", "海獺") + "\n", "korean"},
		{"Hangul taken apart", header + "\n" + swap("해", "\u1112\u1162") + "\n", "korean"},
		{"an accent on its own", header + "\n" + swap("mer", "me\u0301r") + "\n", "french"},
		{"voicing mark on its own", header + "\n" + swap("コ", "コ\u3099") + "\n", "japanese"},
		{"many words with one answer", header + "\n" + good + "\n" + swap("sea", "my") + "\n", "korean has 1 repeated"},
	} {
		_, err := parseTable(test.text)
		if err == nil {
			t.Errorf("%s: accepted", test.reason)
		} else if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %q does not say %q", test.reason, err, test.want)
		}
	}
}

// TestPagesOnDisk compares the corpus with what the command writes today.
func TestPagesOnDisk(t *testing.T) {
	fresh := t.TempDir()
	if err := write(fresh); err != nil {
		t.Fatal(err)
	}
	want, got := readPages(t, fresh), readPages(t, corpus)
	if len(want) != 7*6 {
		t.Errorf("%d pages written, want 7 for each of 6 languages", len(want))
	}
	for name, text := range want {
		if kept, ok := got[name]; !ok {
			t.Errorf("%s is missing; run go generate ./sampling/pocket", name)
		} else if kept != text {
			t.Errorf("%s is out of date; run go generate ./sampling/pocket", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not a page that the generator writes; delete it", name)
		}
	}
}

func readPages(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[e.Name()] = string(text)
	}
	return pages
}

// TestLayouts shows every layout with one row, as a reader would see it.
func TestLayouts(t *testing.T) {
	row := Row{"butterfly", "나비", "papillon", "Schmetterling", "mariposa", "蝶", "蝴蝶"}
	got := makePages([]Row{row})
	for name, want := range map[string]string{
		"korean-list-1.txt":    "butterfly: 나비\n",
		"korean-list-2.txt":    "English to Korean word list\n\nbutterfly: 나비\n",
		"korean-list-3.txt":    "Translate English to Korean.\n\nbutterfly: 나비\n",
		"korean-arrows.txt":    "Translate English to Korean:\nbutterfly => 나비\n",
		"korean-questions.txt": "Vocabulary quiz: Korean\n\nQ: butterfly\nA: 나비\n",
		"korean-drill.txt":     "Translate English to Korean.\n\nInput: butterfly\nOutput: 나비\n",
		"korean-notes.txt":     "Korean words of the day\n\nbutterfly - 나비\n",
		"french-arrows.txt":    "Translate English to French:\nbutterfly => papillon\n",
		"german-list-1.txt":    "butterfly: Schmetterling\n",
		"spanish-notes.txt":    "Spanish words of the day\n\nbutterfly - mariposa\n",
		"japanese-drill.txt":   "Translate English to Japanese.\n\nInput: butterfly\nOutput: 蝶\n",
		"chinese-list-2.txt":   "English to Chinese word list\n\nbutterfly: 蝴蝶\n",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestOrders shows that the order of one page does not foretell another's. In
// two independent orders of the same words, one pair on average stands side by
// side in both, and ten or more do once in about nine million; of the
// page's first words none should open many pages.
func TestOrders(t *testing.T) {
	rows := table(t)
	pages := slices.Sorted(maps.Keys(makePages(rows)))
	after := make([]map[string]string, len(pages)) // word -> the word below it
	opens := make(map[string]int)
	for i, name := range pages {
		ordered := shuffled(rows, name)
		opens[ordered[0][0]]++
		after[i] = make(map[string]string)
		for j, row := range ordered[1:] {
			after[i][ordered[j][0]] = row[0]
		}
		if len(after[i]) != len(rows)-1 {
			t.Errorf("%s does not have each of the %d words once", name, len(rows))
		}
	}
	for i := range pages {
		for j := range i {
			shared := 0
			for word, next := range after[i] {
				if after[j][word] == next {
					shared++
				}
			}
			if shared >= 10 {
				t.Errorf("%s and %s have %d pairs of neighbours in common", pages[i], pages[j], shared)
			}
		}
	}
	for word, n := range opens {
		if n > 3 {
			t.Errorf("%q opens %d of %d pages", word, n, len(pages))
		}
	}
}

// TestNoFolder: a folder that cannot be made is an error.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(file); err == nil {
		t.Error("no error")
	}
}
