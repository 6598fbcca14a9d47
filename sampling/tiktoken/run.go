package tiktoken

import "unicode/utf8"

// window is the longest piece, in bytes, that the library merges in one go: its
// time grows with the square of the length. It is twice the longest token of
// any vocabulary (128 spaces), so that no window is a token by itself and every
// token fits the half that two windows share.
const window = 256

// run counts the tokens of a piece that is longer than the window, such as a
// thousand dashes or a page of Chinese without a comma. It merges windows that
// overlap by about half, and joins each to the next where both have the same
// token in the same place.
//
// That gives the very tokens of merging the whole. Merging joins two neighbours
// at a time, the pair of the lowest rank first and the leftmost among equals.
// Take some division of a text into tokens, and suppose that merging the text
// joins across one of its borders. Until the first time that it does, the bytes
// of each token were joined among themselves, in an order in which the rest of
// the text has no part; so merging only the two tokens at that border would
// join across it as well. A division is therefore the one that merging arrives
// at just when any two neighbours in it, merged alone, stay the two that they
// are. Up to the shared token all neighbours are neighbours in the left window,
// and from it on they are neighbours in the right one.
//
// Worked example, with cl100k_base and a window of 16 bytes:
//
//	flo|cc|ina|uc|ini|hil
//	           uc|ini|hil|ip|il|ific
//	                      ip|il|ification
//
// The shared tokens are "uc" and "ip", and the count is 9. That the second window
// breaks off in the middle of a token does no harm: nothing after "ip" is used.
//
// Where two windows share no token, both are counted in full, so that the count
// is too high rather than too low. No text is known that makes this happen at
// the window that Count uses; the fuzz test sees it at smaller ones.
func (c *Counter) run(text string, window int) int {
	total := 0
	from, to := 0, runeStart(text, window)
	merged := c.borders(text[from:to])
	left := merged
	for to < len(text) {
		start := middle(text, from, left, to-window/2)
		stop := runeStart(text, start+window)
		if text[start:stop] != text[from:to] { // they are alike in "aaaa"
			merged = c.borders(text[start:stop])
		}
		right := merged
		if i, j, ok := shared(left, right, start-from); ok {
			total += i
			right = right[j:]
		} else {
			total += len(left) - 1
		}
		left, from, to = right, start, stop
	}
	return total + len(left) - 1
}

// borders merges text and returns where its tokens begin, and where it ends.
func (c *Counter) borders(text string) []int {
	tokens := c.merge.EncodeOrdinary(text)
	at, next := make([]int, 0, len(tokens)+1), 0
	for i := range tokens {
		at = append(at, next)
		next += len(c.merge.Decode(tokens[i : i+1]))
	}
	return append(at, next)
}

// middle returns where the next window begins: at the first border of the
// window at from, half-way or later, that is not inside a rune; or else at the
// first rune that begins half-way or later.
func middle(text string, from int, borders []int, half int) int {
	for _, at := range borders[:len(borders)-1] {
		if from+at >= half && utf8.RuneStart(text[from+at]) {
			return from + at
		}
	}
	for !utf8.RuneStart(text[half]) {
		half++
	}
	return half
}

// shared finds the first token in both windows, and which one it is in each. The
// right window begins offset bytes after the left one.
func shared(left, right []int, offset int) (i, j int, ok bool) {
	for i+1 < len(left) && j+1 < len(right) {
		switch {
		case left[i] < right[j]+offset:
			i++
		case left[i] > right[j]+offset:
			j++
		case left[i+1] == right[j+1]+offset:
			return i, j, true
		default:
			i, j = i+1, j+1
		}
	}
	return 0, 0, false
}

// runeStart returns the last place up to i where a rune begins, or the end.
func runeStart(text string, i int) int {
	if i >= len(text) {
		return len(text)
	}
	for !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
