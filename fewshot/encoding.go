package fewshot

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// half is what half of a UTF-16 character is read as: a surrogate, which is not
// valid UTF-8.
const half = "\xed\xa0\x80"

// checkEncoding refuses a text that is not UTF-8, and says why.
func checkEncoding(text string) error {
	switch {
	case utf8.ValidString(text):
		return nil
	case strings.Contains(text, half):
		return errors.New("has half of a UTF-16 character; the file is cut off or damaged, so copy it again")
	}
	return errors.New("is not valid UTF-8; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8")
}

// utf8Of returns the text of r as UTF-8, without a byte order mark. It reads UTF-16
// too. Without a mark, UTF-16 is recognized by its first two characters, which are
// ASCII in a header and in a JSON object. If the file begins with "\r" for line breaks
// and without "\n", each "\r" is read as "\n".
func utf8Of(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	front, _ := b.Peek(4)
	zeros := func(at int) bool { // every second byte is 0, and no other
		for i, c := range front {
			if (c == 0) != (i%2 == at) {
				return false
			}
		}
		return len(front) > 1
	}
	starts := func(mark string) bool { return bytes.HasPrefix(front, []byte(mark)) }
	switch {
	case starts("\xff\xfe\x00\x00"), starts("\x00\x00\xfe\xff"):
		return nil, &FileError{Line: 1, Err: errors.New("is UTF-32; convert the file, for example with iconv -f UTF-32 -t UTF-8")}
	case starts("\xff\xfe"), zeros(1):
		b = bufio.NewReader(&utf16Reader{r: b, order: binary.LittleEndian})
	case starts("\xfe\xff"), zeros(0):
		b = bufio.NewReader(&utf16Reader{r: b, order: binary.BigEndian})
	}
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3) // they are in the buffer
	}
	if line := firstLine(b); bytes.IndexByte(line, '\r') >= 0 && bytes.IndexByte(line, '\n') < 0 {
		return &macReader{b}, nil
	}
	return b, nil
}

// lines reads the lines of r, however long. A line that is not UTF-8 is wrong.
func lines(r io.Reader, each func(line int, text []byte, wrong error) error) error {
	r, err := utf8Of(r)
	if err != nil {
		return err
	}
	b := bufio.NewReader(r)
	for line := 1; ; line++ {
		text, end := b.ReadBytes('\n')
		if end != nil && end != io.EOF {
			return end
		}
		if len(text) > 0 {
			var wrong error
			if !utf8.Valid(text) {
				wrong = checkEncoding(string(text))
			}
			text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
			if err := each(line, text, wrong); err != nil {
				return err
			}
		}
		if end != nil {
			return nil
		}
	}
}

// firstLine returns the first line of b with its "\n", without reading it. A line
// that b's buffer cannot hold is cut.
func firstLine(b *bufio.Reader) []byte {
	front, err := b.Peek(1)
	for err == nil && bytes.IndexByte(front, '\n') < 0 {
		_, err = b.Peek(b.Buffered() + 1) // reads more
		front, _ = b.Peek(b.Buffered())
	}
	if end := bytes.IndexByte(front, '\n'); end >= 0 {
		return front[:end+1]
	}
	return front
}

// A macReader reads the line breaks of the classic Mac OS, "\r", as "\n".
type macReader struct{ r io.Reader }

func (m *macReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// A utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	ready []byte // of the character that was read last
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.ready) == 0 {
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.ready)
	u.ready = u.ready[n:]
	return n, nil
}

func (u *utf16Reader) next() error {
	var unit [2]byte
	if _, err := io.ReadFull(u.r, unit[:]); err == io.ErrUnexpectedEOF {
		u.ready = []byte(half)
		return nil
	} else if err != nil {
		return err
	}
	r := rune(u.order.Uint16(unit[:]))
	if utf16.IsSurrogate(r) {
		var low rune
		if next, _ := u.r.Peek(2); len(next) == 2 {
			low = rune(u.order.Uint16(next))
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			u.ready = []byte(half)
			return nil
		}
		u.r.Discard(2)
	}
	u.ready = utf8.AppendRune(u.ready[:0], r)
	return nil
}
