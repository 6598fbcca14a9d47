package choose

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/foreword-go/foreword/fewshot"
)

func termsOf(text string) []string {
	var all []string
	eachTerm(text, func(term []byte) { all = append(all, string(term)) })
	return all
}

func TestTerms(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // parted by spaces
	}{
		{"words", "The 2 cats' snake_case, gpt4!", "the 2 cats snake case gpt4"},
		{"the ends of the alphabet", "AZaz09@[`{/:", "azaz09"},
		{"nothing", " ?!… ", ""},
		{"letters beyond ASCII", "Ärger ÉTÉ ΟΔΟΣ Привет", "ärger été οδοσ привет"},
		{"a letter and its mark apart", "E\u0301te\u0301", "e\u0301te\u0301"},
		{"a mark without a letter", "\u0301 a", "a"},
		{"Hindi keeps its vowels", "नमस्ते दुनिया", "नमस्ते दुनिया"},
		{"Arabic with digits of its own", "سلام ١٢", "سلام ١٢"},
		{"Korean, particles and all", "선생님은 책을", "선 선생 생 생님 님 님은 은 책 책을 을"},
		{"one syllable", "산 강", "산 강"},
		{"Chinese without spaces", "我喜欢猫。你呢？", "我 我喜 喜 喜欢 欢 欢猫 猫 你 你呢 呢"},
		{"Japanese, in three scripts", "猫のコーヒー", "猫 猫の の のコ コ コー ー ーヒ ヒ ヒー ー"},
		{"half-width kana with their voicing", "ｶﾞｷﾞ", "ｶﾞ ｶﾞｷﾞ ｷﾞ"},
		{"kana with their voicing apart", "か\u3099き\u3099く", "か\u3099 か\u3099き\u3099 き\u3099 き\u3099く く"},
		{"Thai, vowels above and below", "ที่นี่ดี", "ที่ ที่นี่ นี่ นี่ดี ดี"},
		{"Chinese among other words", "iPhone手机15号 ok", "iphone 手 手机 机 15 号 ok"},
		{"full-width letters", "ＡＢＣ１２　ｘ", "abc12 x"},
		{"bytes that are not text", "a\xffb 가\xff나", "a b 가 나"},
		{"the example of the comment", "The 2 Cats: 샀다, 猫ｶﾌ", "the 2 cats 샀 샀다 다 猫 猫ｶ ｶ ｶﾌ ﾌ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(termsOf(tt.text), " "); got != tt.want {
				t.Errorf("%q has the terms\n%s, want\n%s", tt.text, got, tt.want)
			}
		})
	}
}

// slowTerms is the same rule, said in three passes over whole letters.
func slowTerms(text string) []string {
	type letter struct {
		text string
		row  bool // of a script compared by pairs
	}
	var runs [][]letter
	begin := true
	for _, r := range text {
		voicing := r == 'ﾞ' || r == 'ﾟ'
		if !begin {
			run := runs[len(runs)-1]
			if last := &run[len(run)-1]; unicode.IsMark(r) || voicing && last.row {
				last.text += string(r)
				continue
			}
		}
		row := unicode.IsLetter(r) || unicode.IsNumber(r)
		row = row && (voicing || r == 'ー' || r == 'ｰ' || unicode.In(r, spacelessScripts...))
		switch {
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			begin = true
			continue
		case begin || runs[len(runs)-1][0].row != row:
			runs = append(runs, nil)
		}
		begin = false
		if '０' <= r && r <= 'ｚ' {
			r -= 0xFEE0
		}
		if !row {
			r = unicode.ToLower(r)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], letter{string(r), row})
	}
	var all []string
	for _, run := range runs {
		switch {
		case !run[0].row:
			word := ""
			for _, l := range run {
				word += l.text
			}
			all = append(all, word)
		default:
			for i, l := range run {
				if all = append(all, l.text); i+1 < len(run) {
					all = append(all, l.text+run[i+1].text)
				}
			}
		}
	}
	return all
}

var denseLetters = []string{"a", "B", "1", " ", "é", "Σ", "e\u0301", "\u0301", "가", "나", "猫", "々", "か", "\u3099", "ー", "ｶ", "ﾞ", "ท", "ี", "Ａ", "。", "\xff"}

func denseText(rng *rand.Rand, letters []string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(letters[rng.IntN(len(letters))])
	}
	return b.String()
}

func FuzzTerms(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		f.Add(denseText(rng, denseLetters, rng.IntN(12)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := termsOf(text), slowTerms(text); !slices.Equal(got, want) {
			t.Fatalf("%q has the terms %q, want %q", text, got, want)
		}
	})
}

// TestOneLetterOfAWord: a query of one letter finds the words that contain it.
func TestOneLetterOfAWord(t *testing.T) {
	for query, want := range map[string]string{"猫": "黒猫", "산": "등산을 가다", "犬": "子犬が好き"} {
		pool := []fewshot.Example[string, string]{{In: "椅子", Out: "a"}, {In: "물", Out: "b"}, {In: want, Out: "c"}, {In: "魚", Out: "d"}}
		pick, err := BM25(1)(pool)
		if err != nil {
			t.Fatal(err)
		}
		if picks, err := pick(t.Context(), query); err != nil || pool[picks.Chosen[0]].In != want {
			t.Errorf("%q finds %+v, %v", query, picks, err)
		}
	}
}
