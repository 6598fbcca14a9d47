package tiktoken

import "unicode/utf8"

// window is the longest piece, in bytes, that the library merges at once, since its time
// grows with the square of the length. It is twice the longest token of any vocabulary
// (128 spaces), so that no window is one token, and every token fits in the half that
// two windows share.
const window = 256

// run counts the tokens of a piece that is longer than the window, such as a
// thousand dashes or a page of Chinese without a comma. It merges windows that overlap
// by about half, and joins each to the next at a token that both have in the same place.
//
// That gives the same tokens as merging the whole. Merging joins two neighbours at a
// time, the pair of the lowest rank first, and the leftmost among equals. Take a division
// of a text into tokens, and suppose that merging the text joins across one of its
// borders. Until then, the bytes of each token were joined among themselves, in an order
// that does not depend on the rest of the text. So merging only the two tokens at that
// border would also join across it. A division is therefore the result of merging if,
// and only if, any two neighbours in it, merged alone, stay two tokens. Up to the shared
// token all neighbours are neighbours in the left window, and from it on in the right.
//
// Worked example, with cl100k_base and a window of 16 bytes:
//
//	flo|cc|ina|uc|ini|hil
//	           uc|ini|hil|ip|il|ific
//	                      ip|il|ification
//
// The shared tokens are "uc" and "ip", and the count is 9. The second window ends within
// a token, but nothing after "ip" is used.
//
// If two windows share no token, both are counted in full, so that the count is too high
// rather than too low. No known text causes this at the window that Count uses. The fuzz
// test finds it at smaller ones.
func (c *Counter) run(text string, window int) int {
	total := 0
	from, to := 0, runeStart(text, window)
	merged := c.borders(text[from:to])
	left := merged
	for to < len(text) {
		start := middle(text, from, left, to-window/2)
		stop := runeStart(text, start+window)
		if text[start:stop] != text[from:to] { // they are equal in "aaaa"
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

// borders merges text and returns the offsets of its tokens and of its end.
func (c *Counter) borders(text string) []int {
	tokens := c.merge.EncodeOrdinary(text)
	at, next := make([]int, 0, len(tokens)+1), 0
	for i := range tokens {
		at = append(at, next)
		next += len(c.merge.Decode(tokens[i : i+1]))
	}
	return append(at, next)
}

// middle returns the start of the next window: the first border of the window at from,
// at half or later, that is not within a rune, or else the first rune at half or later.
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

// shared returns the index in each window of the first token that both have. The right
// window begins offset bytes after the left one.
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

// runeStart returns the last rune boundary up to i, or the end.
func runeStart(text string, i int) int {
	if i >= len(text) {
		return len(text)
	}
	for !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
