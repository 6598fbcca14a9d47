package assistant

import "unicode"

// A model does not compare labels byte by byte as a program does: to it
// "HUMAN :", "Ｈｕｍａｎ：" and "Ηumаn:" (with a Greek and a Cyrillic letter) may
// all look like "Human:". fold maps runes that look alike to one of them. It need
// not be complete, nor right in every case: whatever it takes for a label by
// mistake gets one space more in the prompt, and loses it again.
func fold(r rune) rune {
	if r < unicode.MaxASCII {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	switch {
	case 0xFF01 <= r && r <= 0xFF5E: // fullwidth forms
		return fold(r - 0xFF01 + '!')
	case 0x1D400 <= r && r <= 0x1D6A3: // mathematical letters: 13 alphabets of 26 capitals and 26 small ones
		return 'a' + (r-0x1D400)%26
	case 0x1D7CE <= r && r <= 0x1D7FF: // mathematical digits, 5 sets
		return '0' + (r-0x1D7CE)%10
	case 0x24B6 <= r && r <= 0x24E9: // circled letters
		return 'a' + (r-0x24B6)%26
	case 0x249C <= r && r <= 0x24B5: // parenthesized letters
		return 'a' + r - 0x249C
	case 0x1F130 <= r && r <= 0x1F189: // squared and negative circled letters
		if n := (r - 0x1F130) % 32; n < 26 {
			return 'a' + n
		}
	}
	if alike, ok := lookalikes[r]; ok {
		return alike
	}
	// The smallest of the runes that differ in case alone, which makes the Kelvin
	// sign a "k" and the long s an "s".
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		if alike, ok := lookalikes[next]; ok {
			return alike
		}
		least = min(least, next)
	}
	if least < unicode.MaxASCII {
		return unicode.ToLower(least)
	}
	return least
}

// lookalikes are letters of other scripts, and accented or small-capital ones,
// that pass for a Latin letter.
var lookalikes = lookalikeTable()

func lookalikeTable() map[rune]rune {
	table := map[rune]rune{}
	for latin, alike := range map[rune]string{
		'a': "аАαΑᴀɑàáâãäåāăąạảⱥɐ",
		'b': "ЬвВβΒʙᏴƅƀɓ",
		'c': "сСϲϹᴄçćĉċčƈⅽⅭ",
		'd': "ԁᏧᴅďđɗⅾⅮ",
		'e': "еЕєЄεΕᴇèéêëēĕėęěẹɛҽ",
		'f': "ϝϜғꜰƒ",
		'g': "ɡԍɢĝğġģǥɠցᏀ",
		'h': "һҺнНηΗʜĥħɦհᏂհ",
		'i': "іІιΙɪıìíîïĩīĭįỉịⅰⅠӏ",
		'j': "јЈϳͿᴊĵɉ",
		'k': "кКκΚᴋķĸƙҡ",
		'l': "ⅼⅬʟĺļľŀłɫᏞ",
		'm': "мМμΜᴍⅿⅯɱ",
		'n': "пПνΝɴñńņňŉŋɲոռ",
		'o': "оОοΟσᴏòóôõöøōŏőơọօ०๐",
		'p': "рРρΡᴘƥ",
		'q': "ԛԚզɋʠ",
		'r': "гГʀŕŗřɍɾᴦ",
		's': "ѕЅꜱśŝşšșʂտႽ",
		't': "тТτΤᴛţťŧțƭ",
		'u': "υᴜùúûüũūŭůűųưụսцЦ",
		'v': "ѵѴᴠⅴⅤʋ",
		'w': "ѡѠԝԜᴡŵωшШ",
		'x': "хХχΧⅹⅩ",
		'y': "уУүҮγΥʏýÿŷƴ",
		'z': "ΖζᴢźżžƶʐᏃ",
	} {
		for _, r := range alike {
			table[r] = latin
		}
	}
	return table
}

// isColon reports whether a model may take r for a colon.
func isColon(r rune) bool {
	switch r {
	case ':', '：', '︓', '﹕', 'ː', '˸', '։', '׃', '܃', '܄', '᛬', '∶', '⁚', 'ꓽ', '꞉', '︰', '፡', '፥':
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

// isInvisible reports whether r leaves no mark of its own: spaces, controls,
// zero-width characters and marks that combine with what is before them.
func isInvisible(r rune) bool {
	if r < unicode.MaxASCII {
		return r <= ' '
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me, unicode.Zs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isDecoration reports whether r may stand around a label without hiding it, as
// in "**Human:**", "> Human:" and "[Human]:".
func isDecoration(r rune) bool {
	if r < unicode.MaxASCII {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	return isInvisible(r) || unicode.IsPunct(r) || unicode.In(r, unicode.Sc, unicode.Sk, unicode.Sm)
}
