package sampling_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

// benchStops are stop sequences of the kinds that are in use: a newline, the
// labels of a layout, the end of a line.
var benchStops = []string{
	"\n\n", "\nQ:", "###", "<|end|>",
	"\nHuman:", "\nUser:", "\nAssistant:", "END", "\n---", "</s>", "\nInput:", "\nOutput:", "[/INST]", "```", "|||", "\r\n\r\n",
}

// benchText is English without any of them, with a newline here and there.
const benchText = "The old lighthouse stood where the river met the sea, and each evening the keeper climbed its stairs.\n"

// BenchmarkUntil reports what a chunk costs on its way through Until. The
// goals are 100 ns for a chunk of 4 bytes with 4 stops, which is what a server
// sends for a token, and 1 GB/s for long chunks.
func BenchmarkUntil(b *testing.B) {
	for _, stops := range []int{1, 4, 16} {
		for _, size := range []int{4, 4 << 10} {
			b.Run(fmt.Sprintf("stops=%d/bytes=%d", stops, size), func(b *testing.B) {
				text := strings.Repeat(benchText, 1+8*size/len(benchText))
				var chunks []sampling.Chunk
				for i := 0; i+size <= len(text); i += size {
					chunks = append(chunks, sampling.Chunk{Text: text[i : i+size]})
				}
				source := func(yield func(sampling.Chunk, error) bool) {
					for i := range b.N {
						if !yield(chunks[i%len(chunks)], nil) {
							return
						}
					}
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for _, err := range sampling.Until(source, benchStops[:stops]) {
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkUntilNewlines is text in which many a place could begin a stop:
// every line, and every other letter.
func BenchmarkUntilNewlines(b *testing.B) {
	for name, text := range map[string]string{
		"verse": strings.Repeat("so much depends\nupon\n", 200),
		"dense": strings.Repeat("<|en ##\n", 512),
	} {
		b.Run(name, func(b *testing.B) {
			chunk := sampling.Chunk{Text: text}
			source := func(yield func(sampling.Chunk, error) bool) {
				for range b.N {
					if !yield(chunk, nil) {
						return
					}
				}
			}
			b.SetBytes(int64(len(text)))
			for range sampling.Until(source, benchStops[:4]) {
			}
		})
	}
}

// BenchmarkCut is the whole text at once, which Model.Draw cuts.
func BenchmarkCut(b *testing.B) {
	text := strings.Repeat(benchText, 40)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sampling.Cut(text, benchStops[:4])
	}
}
