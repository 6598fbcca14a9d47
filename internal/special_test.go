package internal_test

import (
	"testing"

	"github.com/foreword-go/foreword/internal/special"
)

func TestMayName(t *testing.T) {
	for text, want := range map[string]bool{
		"<|im_end|>": true, "a</s>b": true, "<start_of_turn>": true, "[INST]": true, "[/INST] x": true, "<｜end▁of▁sentence｜>": true,
		"<<s>": true, "[[CLS]": true, "x <s": false, "<s x>": false, "a < b > c": false, "[1, 2]": false, "[1]": false, "<>": false,
		"": false, "<": false, "[": false, "]a[": false, `["a"]`: false, "<3>": false, "<b>": true, "< <b>": true,
	} {
		if got := special.MayName(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
