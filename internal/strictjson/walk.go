package strictjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A walker reads valid JSON in place. Unlike a [json.Decoder] it copies no value, and
// a line of a file may be long.
type walker struct {
	text   []byte
	at     int
	halved bool // an escape such as \ud800 lacks its other half; encoding/json reads it as U+FFFD
}

// next returns the first byte after white space.
func (w *walker) next() byte {
	for {
		switch c := w.text[w.at]; c {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return c
		}
	}
}

// more goes to the next member or element, or out of the object or array.
func (w *walker) more() bool {
	if w.next() == ',' {
		w.at++
		w.next()
	}
	if c := w.text[w.at]; c != '}' && c != ']' {
		return true
	}
	w.at++
	return false
}

// scalar goes past a string, a number or a literal, and returns it.
func (w *walker) scalar() []byte {
	from := w.at
	if w.text[w.at] != '"' {
		for w.at < len(w.text) && !bytes.ContainsRune([]byte(" \t\r\n,]}"), rune(w.text[w.at])) {
			w.at++
		}
		return w.text[from:w.at]
	}
	for w.at++; w.text[w.at] != '"'; w.at++ {
		if w.text[w.at] == '\\' {
			if u := w.unit(w.at); utf16.IsSurrogate(u) {
				if utf16.DecodeRune(u, w.unit(w.at+6)) != utf8.RuneError {
					w.at += 6 // the second half follows
				} else {
					w.halved = true
				}
			}
			w.at++
		}
	}
	w.at++
	return w.text[from:w.at]
}

// unit returns the code of an escape such as \ud800, or -1 where none begins.
func (w *walker) unit(at int) rune {
	if w.text[at] != '\\' || w.text[at+1] != 'u' {
		return -1
	}
	u, _ := strconv.ParseUint(string(w.text[at+2:at+6]), 16, 16) // the text is valid
	return rune(u)
}

// name goes past the name of a member and its colon.
func (w *walker) name() (name string) {
	raw := w.scalar()
	w.next()
	w.at++
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	json.Unmarshal(raw, &name) // cannot fail, since the text is valid
	return name
}
