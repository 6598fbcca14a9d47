package tiktoken

import "strings"

// A splitter returns the length in bytes of the first piece of text, which is valid
// UTF-8 and not empty. Tokens never cross pieces.
//
// Each encoding defines its pieces by a regular expression. The library's backtracking
// engine is slower than 6 MB/s, and these functions find the same pieces at least ten
// times as fast. Tests compare them with the library: the class of every rune, every
// short text over the classes, and fuzzing.
//
// A pattern takes the first alternative that matches, and all its runs are greedy. So the
// piece follows from the classes of the next one or two runes, except for white space
// (see spaces) and the words of o200k_base (see cased).
type splitter func(text string) int

// splitGPT2 splits as r50k_base and p50k_base do:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func splitGPT2(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	i := leadingSpace(text)
	c, n := classAt(text, i)
	for _, classes := range [...]class{letter, number, others} {
		if c&classes != 0 {
			return skip(text, i+n, classes)
		}
	}
	return spaces(text, false)
}

// splitCL100K splits as cl100k_base does:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//	 ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func splitCL100K(text string) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	c, n := classAt(text, 0)
	switch {
	case c&letter != 0:
		return skip(text, n, letter)
	case c == number:
		return numbers(text)
	case c != newline:
		if end := skip(text, n, letter); end > n {
			return end
		}
	}
	if end := signs(text); end > 0 {
		return skip(text, end, newline)
	}
	return spaces(text, true)
}

// splitO200K splits as o200k_base does:
//
//	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
//	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
//	\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
func splitO200K(text string) int {
	if end := word(text); end > 0 {
		return end + contraction(text[end:], true)
	}
	if c, _ := classAt(text, 0); c == number {
		return numbers(text)
	}
	if end := signs(text); end > 0 {
		for end < len(text) && strings.IndexByte("\r\n/", text[end]) >= 0 {
			end++
		}
		return end
	}
	return spaces(text, true)
}

// word returns the length of the word at the start of text, or 0. It is what the first
// two alternatives of o200k_base match without the contraction. Each first tries with a
// leading rune that is not a letter.
func word(text string) int {
	c, n := classAt(text, 0)
	leads := c&(newline|letter|number) == 0
	if leads {
		if end := cased(text, n); end > n {
			return end
		}
	}
	if end := cased(text, 0); end > 0 {
		return end
	}
	// Nothing follows that the first alternative could end with, or it would have
	// matched. So the second finds only upper-case letters.
	if leads {
		if end := skip(text, n, upper); end > n {
			return end
		}
	}
	return skip(text, 0, upper)
}

// cased returns the end of U*W+ at text[i], or i if it does not match. U is upper,
// uncased and mark, and W is lower, uncased and mark.
//
// U* runs as far as it can. If a W follows, it is a lower-case letter, and W+ continues
// from there. If not, U* backs up to a rune that is also in W, and the match ends after
// that rune. So "ABCdef" is one match, "日AB" ends after 日, and "AB" has none.
func cased(text string, i int) int {
	end := i
	for {
		c, n := classAt(text, i)
		switch {
		case c == lower:
			return skip(text, i+n, lower|uncased|mark)
		case c == upper:
			i += n
		case c&(uncased|mark) != 0:
			i += n
			end = i
		default:
			return end
		}
	}
}

var contractions = [...]string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// contraction returns the length of the English contraction at the start of text, or 0.
func contraction(text string, foldCase bool) int {
	if text == "" || text[0] != '\'' {
		return 0
	}
	for _, c := range contractions {
		if n := len(c); n <= len(text) && (text[:n] == c || foldCase && strings.EqualFold(text[:n], c)) {
			return n
		}
	}
	return 0
}

// leadingSpace returns 1 if text begins with a space, which most alternatives include,
// and otherwise 0.
func leadingSpace(text string) int {
	if text[0] == ' ' {
		return 1
	}
	return 0
}

// numbers returns the length of up to three digits at the start of text.
func numbers(text string) int {
	end := 0
	for range 3 {
		c, n := classAt(text, end)
		if c != number {
			break
		}
		end += n
	}
	return end
}

// signs returns the length of a run of signs and marks with an optional space
// before it, or 0.
func signs(text string) int {
	i := leadingSpace(text)
	if end := skip(text, i, others); end > i {
		return end
	}
	return 0
}

// spaces returns the length of the first piece of the white space at the start of text.
// The last rune before a word or a sign belongs to that, as in \s+(?!\S), unless it is
// the only one. With lines, where \s*[\r\n]+ comes first, a piece ends after the last
// line break instead.
func spaces(text string, lines bool) int {
	end, last, line := 0, 0, 0
	for {
		c, n := classAt(text, end)
		if c&white == 0 {
			break
		}
		last = end
		end += n
		if c == newline {
			line = end
		}
	}
	switch {
	case lines && line > 0:
		return line
	case end < len(text) && last > 0:
		return last
	}
	return end
}
