package chatapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// A value is a JSON value in the body of a request. The methods that read it record
// what is wrong with it as the request's fault and then return a zero value. Only the
// first fault counts, so callers need not check for one.
type value struct {
	in   *request
	name string // of the field; "" for an element of an array
	path string // for faults, such as messages[0].content; "" is the whole body
	json json.RawMessage
}

func (v value) fail(status int, code, message string) {
	if v.in.fault == nil {
		v.in.fault = &fault{status: status, code: code, param: v.path, message: message}
	}
}

func (v value) bad(format string, args ...any) {
	code, subject := "invalid_value", "'"+v.path+"'"
	if v.path == "" {
		code, subject = "invalid_json", "the body"
	}
	v.fail(http.StatusBadRequest, code, subject+" "+fmt.Sprintf(format, args...))
}

// ignore notes a field that changes nothing, for the log.
func (v value) ignore() {
	path := v.path
	if i := strings.IndexByte(path, '['); i >= 0 { // one entry for all elements of a list
		path = path[:i] + path[strings.LastIndexByte(path, ']')+1:]
	}
	if !slices.Contains(v.in.ignored, path) {
		v.in.ignored = append(v.in.ignored, path)
	}
}

// cannot refuses a value that asks for something that a base model cannot do.
func (v value) cannot(why string, args ...any) {
	v.fail(http.StatusBadRequest, "unsupported_parameter", "'"+v.path+"' is not supported: "+fmt.Sprintf(why, args...))
}

// checkJSON refuses text that is not JSON, which the other methods rely on.
// encoding/json would replace bytes that are not UTF-8.
func (v value) checkJSON() {
	switch {
	case len(bytes.TrimSpace(v.json)) == 0:
		v.bad("is empty; send a JSON object")
	case !utf8.Valid(v.json):
		v.bad("is not valid UTF-8")
	case !json.Valid(v.json):
		v.bad("is not one JSON value")
	}
}

func (v value) isText() bool { return v.json[0] == '"' }

// members yields the fields of an object in their order. A repeated field is refused:
// programs differ in which of the two counts, and a proxy may have checked the other.
func (v value) members() iter.Seq[value] {
	return func(yield func(value) bool) {
		d := json.NewDecoder(bytes.NewReader(v.json))
		if open, _ := d.Token(); open != json.Delim('{') {
			v.bad("must be an object")
			return
		}
		seen := map[string]bool{}
		for d.More() && v.in.fault == nil {
			key, _ := d.Token() // checkJSON has checked the text
			name, _ := key.(string)
			m := v.field(name)
			if d.Decode(&m.json) != nil || seen[name] {
				m.bad("is given twice; send it once")
				return
			}
			if seen[name] = true; !yield(m) {
				return
			}
		}
	}
}

// field returns a field of an object, for a fault.
func (v value) field(name string) value {
	return value{in: v.in, name: name, path: join(v.path, name)}
}

// join returns the path of a field of an object. Long names are cut.
func join(path, name string) string {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// is reads the value into a variable of its type. encoding/json would leave the variable
// as it is for null.
func (v value) is(into any) bool {
	return string(v.json) != "null" && json.Unmarshal(v.json, into) == nil
}

func (v value) read(into any, kind string) {
	if !v.is(into) {
		v.bad("must be %s", kind)
	}
}

func (v value) text() (s string) {
	v.read(&s, "a string")
	return s
}

func (v value) flag() (b bool) {
	v.read(&b, "true or false")
	return b
}

func (v value) number(lo, hi float64) (n float64) {
	if !v.is(&n) || n < lo || n > hi {
		v.bad("must be a number from %v to %v", lo, hi)
	}
	return n
}

func (v value) integer(lo, hi int64) (n int64) {
	ok := v.is(&n)
	if !ok { // some languages write an integer as 256.0
		var f float64
		ok = v.is(&f) && f == math.Trunc(f) && math.Abs(f) <= 1<<53
		n = int64(f)
	}
	if !ok || n < lo || n > hi {
		v.bad("must be an integer from %d to %d", lo, hi)
	}
	return n
}

func (v value) list(most int) []value {
	var elements []json.RawMessage
	if v.read(&elements, "an array"); len(elements) > most {
		v.bad("has %d elements; at most %d are allowed", len(elements), most)
		return nil
	}
	list := make([]value, len(elements))
	for i, e := range elements {
		list[i] = value{in: v.in, path: fmt.Sprintf("%s[%d]", v.path, i), json: e}
	}
	return list
}

// texts reads one string or an array of strings.
func (v value) texts(most int) []string {
	list := []value{v}
	if v.json[0] == '[' {
		list = v.list(most)
	}
	texts := make([]string, len(list))
	for i, e := range list {
		if !e.isText() {
			v.bad("must be a string or an array of strings")
			return nil
		}
		texts[i] = e.text()
	}
	return texts
}

// oneOf reads one of several strings.
func (v value) oneOf(why string, all ...string) string {
	s := v.text()
	if !slices.Contains(all, s) {
		v.cannot("%s", why)
	}
	return s
}

// compact returns the JSON text without white space between its tokens.
func (v value) compact() string {
	var b bytes.Buffer
	_ = json.Compact(&b, v.json) // checkJSON has checked the text
	return b.String()
}
