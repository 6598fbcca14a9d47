package tiktoken

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The names say what is counted: texts whose words come back, as in real ones;
// words of random letters, none of which comes back and hardly any of which is
// in a vocabulary; one long run of random letters; and one letter repeated.
func BenchmarkCount(b *testing.B) {
	const size = 100_000
	english := strings.Repeat(texts["latin"]+" ", size/len(texts["latin"]))
	for _, name := range []string{"cl100k_base", "o200k_base", "r50k_base"} {
		for _, bb := range []struct{ name, text string }{
			{"english", english},
			{"korean", shuffled(texts["hangul"], size)},
			{"chinese", shuffled(texts["han"], size)},
			{"code", goCode(b)},
			{"new words", newWords(size)},
			{"one word", randomWord("aeiourstlnmdk", size)},
			{"aaaa", strings.Repeat("a", size)},
		} {
			b.Run(fmt.Sprintf("%s/%s", name, bb.name), func(b *testing.B) {
				c := counter(b, name)
				b.SetBytes(int64(len(bb.text)))
				b.ReportAllocs()
				for b.Loop() {
					count(b, c, bb.text)
				}
			})
		}
	}
}

// The library by itself, on what it can bear.
func BenchmarkWhole(b *testing.B) {
	const size = 100_000
	for _, bb := range []struct{ name, text string }{
		{"english", strings.Repeat(texts["latin"]+" ", size/len(texts["latin"]))},
		{"korean", shuffled(texts["hangul"], size)},
		{"chinese", shuffled(texts["han"], size)},
		{"code", goCode(b)},
		{"aaaa", strings.Repeat("a", size/20)},
	} {
		b.Run("cl100k_base/"+bb.name, func(b *testing.B) {
			o := oracle(b, "cl100k_base")
			b.SetBytes(int64(len(bb.text)))
			b.ReportAllocs()
			for b.Loop() {
				o.EncodeOrdinary(bb.text)
			}
		})
	}
}

// BenchmarkLoad is what the first For of an encoding costs.
func BenchmarkLoad(b *testing.B) {
	for _, e := range encodings {
		b.Run(e.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := load(e.name, gpt2); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// newWords returns words of 5 to 14 random letters, more of them than a memory
// has room for.
func newWords(size int) string {
	var out strings.Builder
	rng := rand.New(rand.NewPCG(5, 5))
	for out.Len() < size*4 {
		for range 5 + rng.IntN(10) {
			out.WriteByte(byte('a' + rng.IntN(26)))
		}
		out.WriteByte(' ')
	}
	return out.String()
}
