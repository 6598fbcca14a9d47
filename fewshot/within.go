package fewshot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/foreword-go/foreword/sampling"
)

// Final is the Codec of answers that reason before they answer, as in
// chain-of-thought prompts. The value follows the last occurrence of marker, which
// is "The answer is" if it is empty, and a full stop may follow the value:
//
//	Half of 8 is 4, and 4 plus 3 is 7. The answer is 7.
//
// An answer without the marker is an error. Encode writes "The answer is 7."
// alone. To show reasoning, put worked examples into [Task.Preamble].
//
// Under a constraint the reasoning is on one line, and the answer ends with the
// marker, a value and a full stop.
func Final[T any](marker string, codec Codec[T]) Codec[T] {
	marker = cmp.Or(marker, "The answer is")
	bad := codec.check()
	if strings.TrimSpace(marker) != marker {
		bad = fmt.Errorf("the marker %q of Final begins or ends with white space; trim it", marker)
	}
	return Codec[T]{
		bad:     bad,
		samples: codec.typical,
		allowed: func(never string) (sampling.Constraint, bool, error) {
			c, _, err := codec.constraint(never)
			if err != nil || c.IsZero() {
				return c, false, err
			}
			c, err = sampling.Matching(`([^\r\n` + classOf(never) + `]+ )?` + regexp.QuoteMeta(marker) + ` (` + c.Pattern() + `)\.`)
			return c, true, err
		},
		Encode: func(v T) (string, error) {
			text, err := codec.encode(v)
			if err == nil && strings.Contains(text, marker) {
				err = fmt.Errorf("contains the marker %q of Final", marker)
			}
			return marker + " " + text + ".", err
		},
		Decode: func(answer string) (v T, err error) {
			i := strings.LastIndex(answer, marker)
			if i < 0 {
				return v, fmt.Errorf("has no %q in it", marker)
			}
			after := answer[i+len(marker):]
			text := strings.TrimSpace(after)
			if text == "" || strings.HasPrefix(after, text) {
				return v, fmt.Errorf("has no value after %q and a space", marker)
			}
			return codec.decode(strings.TrimSuffix(text, "."))
		},
	}
}

// FirstJSON is the Codec of answers that have text around their JSON. It reads the
// first object or array of the answer, which must be whole, and what codec refuses
// is an error. Encode writes the JSON alone.
func FirstJSON[T any](codec Codec[T]) Codec[T] {
	return Codec[T]{
		bad:     codec.check(),
		samples: codec.typical,
		allowed: codec.constraint,
		Encode: func(v T) (string, error) {
			text, err := codec.encode(v)
			if at := beginsJSON.FindStringIndex(text); err == nil && (at == nil || at[0] != 0) {
				err = errors.New("is not a JSON object or array; FirstJSON needs one")
			}
			return text, err
		},
		Decode: func(answer string) (v T, err error) {
			at := beginsJSON.FindStringIndex(answer)
			if at == nil {
				return v, errors.New("has no JSON object or array in it")
			}
			var first json.RawMessage
			if err := json.NewDecoder(strings.NewReader(answer[at[0]:])).Decode(&first); err != nil {
				return v, fmt.Errorf("has an incomplete JSON value: %w", err)
			}
			return codec.decode(string(first))
		},
	}
}

// classOf writes characters for a class of an expression.
func classOf(characters string) string {
	var class strings.Builder
	for _, r := range characters {
		fmt.Fprintf(&class, `\x{%x}`, r)
	}
	return class.String()
}

// beginsJSON finds the first object or array. A bracket of ordinary text, as in
// "[sic]", does not begin one.
var beginsJSON = regexp.MustCompile(`\{[ \t\r\n]*(["}]|$)|\[[ \t\r\n]*(["[{\]\-0-9]|true|false|null|$)`)
