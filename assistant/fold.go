package assistant

import (
	_ "embed" // the lists
	"slices"
	"strings"
	"sync"
	"unicode"
)

// appendFolded appends the letters by which r is compared. A model may read "HUMAN :",
// "Ｈｕｍａｎ：" and "Ηumаn:" (with a Greek and a Cyrillic letter) as "Human:". The result
// need not be exact: a line that is taken for a label by mistake gets one more space in
// the prompt, and loses it again.
//
// The promise is the exact label, in any letter case and in Unicode's compatibility
// forms. Most other look-alikes are missing.
func appendFolded(to []rune, r rune) []rune {
	if r <= unicode.MaxASCII {
		return append(to, unicode.ToLower(r))
	}
	const first, last, vowels, finals = 0xAC00, 0xD7A3, 21, 28
	if first <= r && r <= last { // a Hangul syllable, whose letters may also be written one by one
		r -= first
		to = append(to, 0x1100+r/(vowels*finals), 0x1161+r/finals%vowels)
		if final := r % finals; final > 0 {
			to = append(to, 0x11A7+final)
		}
		return to
	}
	if letters, ok := folded()[r]; ok {
		for _, letter := range letters {
			to = appendFolded(to, letter)
		}
		return to
	}
	// Of the runes that differ in case alone, the smallest.
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if letters := folded()[next]; len(letters) == 1 {
			return append(to, rune(letters[0]))
		}
		least = min(least, next)
	}
	return append(to, unicode.ToLower(least))
}

var (
	// lookalikes are letters that look like a Latin one: of other scripts, in circles,
	// and those that form flags.
	//
	//go:embed lookalikes.txt
	lookalikes string

	// decompositions are the letters and digits of Unicode's compatibility
	// decompositions (NFKD), without accents and punctuation. TestDecompositions writes
	// the list.
	//
	//go:embed decompositions.txt
	decompositions string
)

// folded maps runes to the letters that they look like. Each line of a list has the
// letters, a space, and the runes.
var folded = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for line := range strings.Lines(lookalikes + decompositions) {
		letters, runes, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		for _, r := range runes {
			table[r] = letters
		}
	}
	return table
})

// isColon reports whether a model may take r for a colon.
func isColon(r rune) bool {
	return strings.ContainsRune(":：︓﹕ː˸։׃܃܄᛬∶∷⩴⁚ꓽ꞉︰፡፥ःઃ᠃᠉", r)
}

// isDash reports whether a model may take r for a dash in a ruled line.
func isDash(r rune) bool {
	return strings.ContainsRune("-−─━═⎯－﹣ー―", r) || unicode.Is(unicode.Pd, r)
}

// isBacktick reports whether a model may take r for a backtick.
func isBacktick(r rune) bool { return r == '`' || r == '｀' }

// isInvisible reports whether r is a space, a control, a zero-width character or a
// combining mark.
func isInvisible(r rune) bool {
	if r < unicode.MaxASCII {
		return r <= ' '
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me, unicode.Zs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isSymbol reports whether r is a picture, such as "●" or an emoji, and not a form of a
// letter.
func isSymbol(r rune) bool {
	var folded [3]rune
	return unicode.Is(unicode.So, r) && slices.Equal(appendFolded(folded[:0], r), []rune{r})
}

// isDecoration reports whether r may be in or around a label, as in "**Human:**",
// "> Human:" and "[Human]:".
func isDecoration(r rune) bool {
	if r < unicode.MaxASCII {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	return isInvisible(r) || unicode.IsPunct(r) || unicode.In(r, unicode.Sc, unicode.Sk, unicode.Sm)
}
