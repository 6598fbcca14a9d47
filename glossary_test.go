package foreword_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGlossary fails when a term of the glossary is not in the other documents,
// or is not linked from one.
func TestGlossary(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var glossary, others string
	for _, file := range append(files, "README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file == filepath.Join("docs", "glossary.md") {
			glossary = string(text)
		} else {
			others += strings.ToLower(strings.Join(strings.Fields(string(text)), " "))
		}
	}
	ids := map[string]bool{}
	var terms []string
	for _, entry := range regexp.MustCompile(`(?m)^- <a id="([\w-]+)"></a>\*\*(.+?)\*\*`).FindAllStringSubmatch(glossary, -1) {
		id, term := entry[1], entry[2]
		ids[id], terms = true, append(terms, strings.ToLower(term))
		if !strings.Contains(others, strings.ToLower(term)) {
			t.Errorf("%q is not in the documents", term)
		}
		if !strings.Contains(others, "glossary.md#"+id+")") {
			t.Errorf("no document links to the glossary's %q", term)
		}
	}
	if len(terms) != strings.Count(glossary, "\n- ") || !slices.IsSorted(terms) {
		t.Errorf("the glossary's terms are not one a line in alphabetical order: %q", terms)
	}
	for _, to := range regexp.MustCompile(`glossary\.md#([\w-]+)`).FindAllStringSubmatch(others, -1) {
		if !ids[to[1]] {
			t.Errorf("the glossary has no %q", to[1])
		}
	}
}
