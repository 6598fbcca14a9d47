package sampling_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

type keyed struct {
	Name string
	Key  sampling.Secret
	key  sampling.Secret
	deep *struct{ key sampling.Secret }
	list []sampling.Secret
	any  any
}

// TestSecretNeverPrints tries every verb on a Secret alone and in the exported,
// unexported and nested fields of a struct.
func TestSecretNeverPrints(t *testing.T) {
	const key = "sk-do-not-print"
	s := sampling.NewSecret(key)
	deep := struct{ key sampling.Secret }{s}
	k := keyed{Name: "x", Key: s, key: s, deep: &deep, list: []sampling.Secret{s}, any: s}
	hidden := []string{key, fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), fmt.Sprintf("% x", key), fmt.Sprint([]byte(key))}
	check := func(how, printed string) {
		t.Helper()
		for _, h := range hidden {
			if strings.Contains(printed, h) {
				t.Errorf("%s prints the key: %s", how, printed)
			}
		}
	}
	for _, v := range []any{s, &s, k, &k, deep, []keyed{k}, map[string]keyed{"a": k}} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
			for _, flags := range []string{"%", "%+", "%#", "% ", "%-40", "%.3"} {
				check(flags+string(verb), fmt.Sprintf(flags+string(verb), v))
			}
		}
		if out, err := json.Marshal(v); err == nil {
			check("json", string(out))
		}
		var text, lines bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", "v", v)
		check("slog text", text.String())
		check("slog json", lines.String())
	}
	if got := fmt.Sprint(s); got != "[key]" {
		t.Errorf("a Secret prints as %q", got)
	}
	if got, err := json.Marshal(s); err != nil || string(got) != `"[key]"` {
		t.Errorf("in JSON a Secret is %s, %v", got, err)
	}
	if got := s.Reveal(); got != key {
		t.Errorf("Reveal returned %q", got)
	}
	if got := fmt.Sprintf("%v%s", sampling.Secret{}, sampling.NewSecret("")); got != "" {
		t.Errorf("an empty Secret prints as %q", got)
	}
}
