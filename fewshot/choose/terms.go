package choose

import (
	"unicode"
	"unicode/utf8"
)

// terms cuts a text into what BM25 compares. A term is a word in lower case:
// letters, digits and marks in a row. In scripts that are written without
// spaces, and in Korean, whose particles are suffixes, it is each letter and each
// pair of neighbours. Full-width letters count as the plain ones.
//
// Worked example: "The 2 Cats: 샀다, 猫ｶﾌ" gives the, 2, cats, 샀, 샀다, 다, 猫, 猫ｶ,
// ｶ, ｶﾌ, ﾌ.
type terms struct {
	rest   string
	alone  bool // whether the letter at the front of rest was returned by itself
	buffer []byte
}

// of starts on a new text.
func (t *terms) of(text string) { t.rest, t.alone = text, false }

// next returns the next term, which is overwritten by the one after, or nil at
// the end.
func (t *terms) next() []byte {
	t.buffer = t.buffer[:0]
	i := 0
	for i < len(t.rest) {
		if c := t.rest[i]; c < utf8.RuneSelf {
			i++
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
				t.buffer = append(t.buffer, c)
			} else if len(t.buffer) > 0 {
				break
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(t.rest[i:])
		if spaceless(r) {
			if len(t.buffer) > 0 {
				break // a word ends here
			}
			i = t.pair(i)
			if len(t.buffer) > 0 {
				break
			}
			continue
		}
		i += size
		if '０' <= r && r <= 'ｚ' {
			r -= '０' - '0' // full-width
		}
		// A mark belongs to the letter before it.
		if unicode.IsLetter(r) || unicode.IsNumber(r) || len(t.buffer) > 0 && unicode.IsMark(r) {
			t.buffer = utf8.AppendRune(t.buffer, unicode.ToLower(r))
		} else if len(t.buffer) > 0 {
			break
		}
	}
	t.rest = t.rest[i:]
	if len(t.buffer) == 0 {
		return nil
	}
	return t.buffer
}

// pair appends the unit at i, and the next time the pair of it and the one after
// it, if there is one. It returns where to go on.
func (t *terms) pair(i int) int {
	second := i + unit(t.rest[i:])
	t.alone = !t.alone
	if t.alone {
		t.buffer = append(t.buffer, t.rest[i:second]...)
		return i
	}
	if r, _ := utf8.DecodeRuneInString(t.rest[second:]); spaceless(r) {
		t.buffer = append(t.buffer, t.rest[i:second+unit(t.rest[second:])]...)
	}
	return second
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
