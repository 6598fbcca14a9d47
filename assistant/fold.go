package assistant

import (
	_ "embed" // the decompositions
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
	const first, last, vowels, finals = 0xAC00, 0xD7A3, 21, 28
	if first <= r && r <= last { // a Hangul syllable, whose letters may also be written one by one
		r -= first
		to = append(to, 0x1100+r/(vowels*finals), 0x1161+r/finals%vowels)
		if final := r % finals; final > 0 {
			to = append(to, 0x11A7+final)
		}
		return to
	}
	if r > unicode.MaxASCII {
		if letters, ok := decompositions()[r]; ok {
			for _, letter := range letters {
				to = append(to, fold(letter))
			}
			return to
		}
	}
	return append(to, fold(r))
}

//go:embed decompositions.txt
var decompositionList string

// decompositions are the letters and digits of Unicode's compatibility decompositions
// (NFKD), without accents and punctuation. Each line of the list has the letters, a
// space, and the runes that decompose to them. TestDecompositions writes it.
var decompositions = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for line := range strings.Lines(decompositionList) {
		letters, runes, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		for _, r := range runes {
			table[r] = letters
		}
	}
	return table
})

// lookalikes maps a letter of another script, or of another form, to the Latin letter
// that it looks like.
var lookalikes = func() map[rune]rune {
	table := map[rune]rune{}
	for letter, alike := range map[rune]string{
		'a': "аАαΑᴀⱥɐ", 'b': "ЬвВβΒʙᏴƅƀɓ", 'c': "сСϲϹᴄƈ", 'd': "ԁᏧᴅđɗ", 'e': "еЕєЄεΕᴇɛҽ", 'f': "ϝϜғꜰƒ", 'g': "ɡԍɢǥɠցᏀ",
		'h': "һҺнНηΗʜħɦհᏂ", 'i': "іІιΙɪıӏ", 'j': "јЈϳͿᴊɉ", 'k': "кКκΚᴋƙҡ", 'l': "ʟłɫᏞ", 'm': "мМμΜᴍɱ", 'n': "пПνΝɴŋɲոռ",
		'o': "оОοΟσᴏøօ०๐", 'p': "рРρΡᴘƥ", 'q': "ԛԚզɋʠ", 'r': "гГʀɍɾᴦ", 's': "ѕЅꜱʂտႽ", 't': "тТτΤᴛŧƭ", 'u': "υᴜսцЦ", 'v': "ѵѴᴠʋ",
		'w': "ѡѠԝԜᴡωшШ", 'x': "хХχΧ", 'y': "уУүҮγΥʏƴ", 'z': "ΖζᴢƶʐᏃ",
	} {
		for _, r := range alike {
			table[r] = letter
		}
	}
	return table
}()

// fold maps a letter that has no decomposition.
func fold(r rune) rune {
	switch {
	case r < unicode.MaxASCII:
		return unicode.ToLower(r)
	case 0x1F150 <= r && r <= 0x1F189: // negative circled and squared letters
		if n := (r - 0x1F110) % 32; n < 26 {
			return 'a' + n
		}
	case 0x1F1E6 <= r && r <= 0x1F1FF: // regional indicators, which form flags
		return 'a' + r - 0x1F1E6
	}
	if alike, ok := lookalikes[r]; ok {
		return alike
	}
	// Of the runes that differ in case alone, the smallest.
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if alike, ok := lookalikes[next]; ok {
			return alike
		}
		least = min(least, next)
	}
	return unicode.ToLower(least)
}

// isColon reports whether a model may take r for a colon.
func isColon(r rune) bool {
	switch r {
	case ':', '：', '︓', '﹕', 'ː', '˸', '։', '׃', '܃', '܄', '᛬', '∶', '∷', '⩴', '⁚', 'ꓽ', '꞉', '︰', '፡', '፥', 'ः', 'ઃ', '᠃', '᠉':
		return true
	}
	return false
}

// isDash reports whether a model may take r for a dash in a ruled line.
func isDash(r rune) bool {
	switch r {
	case '−', '─', '━', '═', '⎯', '－', '﹣', 'ー', '―':
		return true
	}
	return r == '-' || unicode.Is(unicode.Pd, r)
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
	return unicode.Is(unicode.So, r) && decompositions()[r] == "" && fold(r) == r
}

// isDecoration reports whether r may be in or around a label, as in "**Human:**",
// "> Human:" and "[Human]:".
func isDecoration(r rune) bool {
	if r < unicode.MaxASCII {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	return isInvisible(r) || unicode.IsPunct(r) || unicode.In(r, unicode.Sc, unicode.Sk, unicode.Sm)
}
