package pocket

import (
	"context"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// TestSharedPrefix reads prompts that begin alike with one sampler. Each leaves it in
// the same state as a sampler that has read nothing before.
func TestSharedPrefix(t *testing.T) {
	m := Default()
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"Zebras are", " striped", " animals", ".\n", "zyzzyva ", "The "}
	s, resumed := m.sampler(), 0
	for range 300 {
		var text strings.Builder
		if random.IntN(8) > 0 {
			text.WriteString("Zebras are striped African animals.\n")
		}
		for range random.IntN(5) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		fresh := &sampler{reading: reading{m: m}}
		for _, s := range []*sampler{s, fresh} {
			if err := s.prompt(context.Background(), &sampling.Request{Prompt: text.String()}); err != nil {
				t.Fatal(err)
			}
		}
		if s.shared > 0 {
			resumed++
		}
		var got, want reading
		got.copy(&s.reading)
		want.copy(&fresh.reading)
		if len(s.ids) != len(fresh.ids) || !reflect.DeepEqual(got, want) {
			t.Fatalf("after %q the state is not that of a new sampler", text.String())
		}
	}
	if resumed < 100 {
		t.Errorf("%d of 300 prompts had a shared prefix, want at least 100", resumed)
	}
}
