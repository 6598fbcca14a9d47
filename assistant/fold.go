package assistant

import "unicode"

// appendFolded appends the runes by which r is compared: fold(r), or several for a
// ligature or a Hangul syllable, whose letters may also be written one by one: "사" as
// "\u1109\u1161".
func appendFolded(to []rune, r rune) []rune {
	const first, last, vowels, finals = 0xAC00, 0xD7A3, 21, 28
	if first <= r && r <= last {
		r -= first
		to = append(to, 0x1100+r/(vowels*finals), 0x1161+r/finals%vowels)
		if final := r % finals; final > 0 {
			to = append(to, 0x11A7+final)
		}
		return to
	}
	if letters, ok := ligatures[r]; ok {
		for _, letter := range letters {
			to = append(to, letter)
		}
		return to
	}
	return append(to, fold(r))
}

// ligatures are runes of several letters, in the form that fold returns.
var ligatures = map[rune]string{
	'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "st", 'ﬆ': "st",
	'Ĳ': "ij", 'ĳ': "ij", 'Ǉ': "lj", 'ǈ': "lj", 'ǉ': "lj", 'Ǌ': "nj", 'ǋ': "nj", 'ǌ': "nj", 'Ǳ': "dz", 'ǲ': "dz", 'ǳ': "dz",
}

// fold maps runes that look alike to one of them. A model may take "HUMAN :",
// "Ｈｕｍａｎ：" and "Ηumаn:" (with a Greek and a Cyrillic letter) for "Human:". The map
// need not be exact: a line that it takes for a label by mistake gets one space more in
// the prompt, and loses it again.
//
// What is promised is the exact label, in any letter case and in Unicode's
// compatibility forms. Of Unicode's other confusable letters many are missing.
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
	case 0x1F110 <= r && r <= 0x1F189: // parenthesized, squared and negative circled letters
		if n := (r - 0x1F110) % 32; n < 26 {
			return 'a' + n
		}
	case 0x1F1E6 <= r && r <= 0x1F1FF: // regional indicators, of which flags are made
		return 'a' + r - 0x1F1E6
	case 0x2460 <= r && r <= 0x249B: // circled and parenthesized digits, and those with a full stop
		if n := (r - 0x2460) % 20; n < 9 {
			return '1' + n
		}
	case 0x1FBF0 <= r && r <= 0x1FBF9: // digits of a display
		return '0' + r - 0x1FBF0
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

// isInvisible reports whether r cannot be seen alone: spaces, controls, zero-width
// characters and combining marks.
func isInvisible(r rune) bool {
	if r < unicode.MaxASCII {
		return r <= ' '
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me, unicode.Zs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isSymbol reports whether r is a picture, such as "●" or an emoji, and not a form of a
// letter.
func isSymbol(r rune) bool { return unicode.Is(unicode.So, r) && fold(r) == r }

// isDecoration reports whether r may be around or in a label without hiding it, as in
// "**Human:**", "> Human:" and "[Human]:".
func isDecoration(r rune) bool {
	if r < unicode.MaxASCII {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}
	return isInvisible(r) || unicode.IsPunct(r) || unicode.In(r, unicode.Sc, unicode.Sk, unicode.Sm)
}
