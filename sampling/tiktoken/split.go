package tiktoken

import "strings"

// A splitter returns the length in bytes of the first piece of text, which must
// not be empty and must be valid UTF-8. Tokens never reach across pieces.
//
// The encodings define their pieces by a regular expression each. The library
// runs it on a backtracking engine, which keeps it below 6 MB/s; the functions
// here find the same pieces by hand, so that counting is ten and more times as
// fast. That they are the same is tested against the library: the class of every
// rune, every short text over the classes, and fuzzing.
//
// A pattern takes the first alternative that matches, and all of its runs are
// greedy. Since each alternative begins with what it may begin with and runs as
// far as it can, the piece follows from the classes of the next one or two runes
// in all cases but two: white space, for which see spaces, and the words of
// o200k_base, for which see cased.
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

// word returns the length of the word at the start of text, as the first two
// alternatives of o200k_base find it without the contraction, or 0. Each first
// tries with a leading rune that is not a letter.
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
	// What follows holds nothing that the first alternative could end with, or
	// it would have matched: the second finds upper-case letters alone.
	if leads {
		if end := skip(text, n, upper); end > n {
			return end
		}
	}
	return skip(text, 0, upper)
}

// cased returns where U*W+ ends at text[i], where U is upper, uncased and mark
// and W is lower, uncased and mark, or i where it does not match.
//
// U* runs as far as it can. If a W follows it is a lower-case letter, and W+ runs
// on from there. If not, U* gives back runes until one is in W as well, and the
// match ends after that rune: the ones after it were given back because they
// are not in W. So "ABCdef" is one match, "日AB" ends after 日, "AB" has none.
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

// contraction returns the length of the English contraction that text begins
// with, such as 's and 'll, or 0.
func contraction(text string, foldCase bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	fold := func(b byte) byte {
		if foldCase && 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		return b
	}
	second, third := fold(text[1]), byte(0)
	if len(text) > 2 {
		third = fold(text[2])
	}
	switch {
	case second == 's', second == 't', second == 'm', second == 'd':
		return 2
	case second == 'r' && third == 'e', second == 'v' && third == 'e', second == 'l' && third == 'l':
		return 3
	}
	return 0
}

// leadingSpace returns 1 if text begins with a space, which most alternatives
// take along, and else 0.
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

// spaces returns the length of the piece that the white space at the start of
// text begins with. The last rune before a word or a sign is left for it, as
// \s+(?!\S) does, unless it is all there is. With lines, as \s*[\r\n]+ comes
// first, a piece ends after the last line break of the white space instead.
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
