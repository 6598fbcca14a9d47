package chatapi

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"unicode/utf8"

	"github.com/foreword-go/foreword/internal/strictjson"
)

// A member is one field of a JSON object, not yet read.
type member struct {
	name  string
	value json.RawMessage
}

// isNull reports whether the value is null, which says as much as nothing.
func (m member) isNull() bool { return string(m.value) == "null" }

func badJSON(message string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_json", message: message}
}

// checkJSON refuses what is not JSON text. encoding/json would replace bytes that
// are not UTF-8.
func checkJSON(body []byte) *fault {
	if !utf8.Valid(body) {
		return badJSON("the body is not valid UTF-8")
	}
	if !json.Valid(body) {
		return badJSON("the body is not one JSON value")
	}
	return nil
}

// checkStrict refuses what programs read in different ways, in fields that nothing
// here has read.
func checkStrict(body []byte) *fault {
	if strictjson.Check(body, nil) != nil {
		return badJSON("the body has an object with a repeated name, half of a surrogate pair, or is nested too deep")
	}
	return nil
}

// object returns the fields of a JSON object in their order. param names the
// object in faults, "" for the whole body. A repeated field is refused by its
// name: programs differ in which of the two counts, and a proxy may have looked
// at the other.
func object(value []byte, param string) ([]member, *fault) {
	if value = bytes.TrimSpace(value); len(value) == 0 || value[0] != '{' {
		if param == "" {
			return nil, badJSON("the body is not a JSON object")
		}
		return nil, badField(param, "must be an object")
	}
	d := json.NewDecoder(bytes.NewReader(value))
	_, _ = d.Token() // the brace; the text is known to be JSON
	var members []member
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, badJSON("the body is not one JSON value")
		}
		m := member{name: token.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil, badJSON("the body is not one JSON value")
		}
		if seen[m.name] {
			return nil, badField(join(param, m.name), "is there twice")
		}
		seen[m.name] = true
		members = append(members, m)
	}
	return members, nil
}

// join names a field of an object. Long names are cut.
func join(param, name string) string {
	const most = 64
	if len(name) > most {
		n := most
		for !utf8.RuneStart(name[n]) {
			n--
		}
		name = name[:n] + "…"
	}
	if param == "" {
		return name
	}
	return param + "." + name
}

func (m member) text(param string) (s string, f *fault) {
	if json.Unmarshal(m.value, &s) != nil {
		return "", badField(param, "must be a string")
	}
	return s, nil
}

func (m member) flag(param string) (b bool, f *fault) {
	if json.Unmarshal(m.value, &b) != nil {
		return false, badField(param, "must be true or false")
	}
	return b, nil
}

func (m member) integer(param string, lo, hi int64) (i int64, f *fault) {
	if json.Unmarshal(m.value, &i) != nil {
		// Some languages write an integer as 256.0.
		var v float64
		if json.Unmarshal(m.value, &v) != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, badField(param, "must be an integer")
		}
		i = int64(v)
	}
	if i < lo || i > hi {
		return 0, badField(param, "must be from %d to %d", lo, hi)
	}
	return i, nil
}

func (m member) number(param string, lo, hi float64) (v float64, f *fault) {
	if json.Unmarshal(m.value, &v) != nil {
		return 0, badField(param, "must be a number")
	}
	if v < lo || v > hi {
		return 0, badField(param, "must be from %v to %v", lo, hi)
	}
	return v, nil
}

// list returns the elements of an array.
func (m member) list(param string) (list []json.RawMessage, f *fault) {
	if json.Unmarshal(m.value, &list) != nil {
		return nil, badField(param, "must be an array")
	}
	return list, nil
}

// texts reads one string or an array of strings.
func (m member) texts(param string, most int) ([]string, *fault) {
	if one, f := m.text(param); f == nil {
		return []string{one}, nil
	}
	wrong := badField(param, "must be a string or an array of strings")
	elements, f := m.list(param)
	if f != nil {
		return nil, wrong
	}
	if len(elements) > most {
		return nil, badField(param, "has %d elements; at most %d are allowed", len(elements), most)
	}
	list := make([]string, len(elements))
	for i, e := range elements {
		one := member{value: e}
		if list[i], f = one.text(param); f != nil || one.isNull() {
			return nil, wrong
		}
	}
	return list, nil
}
