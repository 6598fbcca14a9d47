package fewshot

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

var errEncoding = errors.New("is not valid UTF-8; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8")

// utf8Of returns the text of r as UTF-8, without a byte order mark. It reads UTF-16
// too. Without a mark, UTF-16 shows by a first and second character of ASCII, which
// the name of a column or a JSON object begins with.
func utf8Of(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	front, _ := b.Peek(4)
	half := func(at int) bool { // every second byte is 0
		return len(front) == 4 && front[at] == 0 && front[at+2] == 0 && front[1-at] != 0 && front[3-at] != 0
	}
	starts := func(mark string) bool { return bytes.HasPrefix(front, []byte(mark)) }
	switch {
	case starts("\ufeff"):
		b.Discard(3) // as the Discards below: they are in the buffer
	case starts("\xff\xfe\x00\x00"), starts("\x00\x00\xfe\xff"):
		return nil, &FileError{Line: 1, Err: errors.New("is UTF-32; convert the file, for example with iconv -f UTF-32 -t UTF-8"), ends: true}
	case starts("\xff\xfe"):
		b.Discard(2)
		return &utf16Reader{r: b, order: binary.LittleEndian}, nil
	case starts("\xfe\xff"):
		b.Discard(2)
		return &utf16Reader{r: b, order: binary.BigEndian}, nil
	case half(1):
		return &utf16Reader{r: b, order: binary.LittleEndian}, nil
	case half(0):
		return &utf16Reader{r: b, order: binary.BigEndian}, nil
	}
	return b, nil
}

// A utf16Reader reads UTF-16 as UTF-8. Half of a surrogate pair or of a unit
// becomes the byte 0xFF, which is not valid UTF-8.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	ready []byte
	err   error // after ready
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.ready) == 0 {
		u.ready = u.ready[:0]
		for len(u.ready) < 4096 && u.err == nil {
			u.next()
			if u.r.Buffered() == 0 {
				break // do not wait for more than there is
			}
		}
	}
	n := copy(p, u.ready)
	if u.ready = u.ready[n:]; n == 0 && len(p) > 0 {
		return 0, u.err
	}
	return n, nil
}

// next reads one character.
func (u *utf16Reader) next() {
	var unit [2]byte
	if _, u.err = io.ReadFull(u.r, unit[:]); u.err != nil {
		if u.err == io.ErrUnexpectedEOF {
			u.ready, u.err = append(u.ready, 0xFF), io.EOF
		}
		return
	}
	r := rune(u.order.Uint16(unit[:]))
	if utf16.IsSurrogate(r) {
		low, _ := u.r.Peek(2)
		if len(low) == 2 {
			r = utf16.DecodeRune(r, rune(u.order.Uint16(low)))
		}
		if len(low) < 2 || r == utf8.RuneError {
			u.ready = append(u.ready, 0xFF)
			return
		}
		u.r.Discard(2)
	}
	u.ready = utf8.AppendRune(u.ready, r)
}
