package choose

import (
	"unicode"
	"unicode/utf8"
)

// eachTerm calls do with each term of a text, which is overwritten by the next one.
// Terms are what BM25 compares. A term is a word in lower case: letters, digits and
// marks in a row. In scripts that are written without spaces, and in Korean, whose
// particles are suffixes, it is each letter and each pair of neighbours. Full-width
// letters count as the plain ones.
//
// Worked example: "The 2 Cats: 샀다, 猫ｶﾌ" gives the, 2, cats, 샀, 샀다, 다, 猫, 猫ｶ,
// ｶ, ｶﾌ, ﾌ.
func eachTerm(text string, do func(term []byte)) {
	term := make([]byte, 0, 64)
	end := func() {
		if len(term) > 0 {
			do(term)
			term = term[:0]
		}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if spaceless(r) {
			end()
			second := i + unit(text[i:])
			do(append(term, text[i:second]...))
			if r, _ := utf8.DecodeRuneInString(text[second:]); spaceless(r) {
				do(append(term, text[i:second+unit(text[second:])]...))
			}
			i = second
			continue
		}
		i += size
		if '０' <= r && r <= 'ｚ' {
			r -= '０' - '0' // full-width
		}
		// A mark belongs to the letter before it.
		if unicode.IsLetter(r) || unicode.IsNumber(r) || len(term) > 0 && unicode.IsMark(r) {
			term = utf8.AppendRune(term, unicode.ToLower(r))
		} else {
			end()
		}
	}
	end()
}

// unit returns the length in bytes of the letter at the start of s with the
// marks on it: vowels in Thai, the voicing of kana.
func unit(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) && s[n] >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !unicode.IsMark(r) && r != 'ﾞ' && r != 'ﾟ' {
			break
		}
		n += size
	}
	return n
}

var spacelessScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// spaceless reports whether r is a letter or digit of a script that is compared by
// letters and pairs.
func spaceless(r rune) bool {
	switch {
	case r < 0x0E00: // Thai is the first of them
		return false
	case 0x4E00 <= r && r <= 0x9FFF, 0xAC00 <= r && r <= 0xD7A3: // most of Han and Hangul
		return true
	case r == 'ー' || r == 'ｰ' || r == 'ﾞ' || r == 'ﾟ': // of no script of their own
		return true
	}
	return unicode.In(r, spacelessScripts...) && (unicode.IsLetter(r) || unicode.IsNumber(r))
}
