package openai

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	goopenai "github.com/sashabaranov/go-openai"
)

// Embed returns one vector for each text, from the server's /embeddings. A Backend
// with an embedding model is an Embedder for package choose, in any dialect. OpenAI
// takes 2,048 texts a call, and other servers far fewer.
func (b *Backend) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	for i, text := range texts {
		if !utf8.ValidString(text) { // JSON would replace the bytes
			return nil, invalid("text %d is not valid UTF-8; convert it, or replace the bytes with strings.ToValidUTF8", i)
		}
	}
	answer, err := b.client().CreateEmbeddings(ctx, goopenai.EmbeddingRequestStrings{
		Input: texts,
		Model: goopenai.EmbeddingModel(b.config.Model),
	})
	if err != nil {
		return nil, b.misread(err)
	}
	vectors, err := inOrder(answer.Data, len(texts))
	if err != nil {
		return nil, b.misread(err)
	}
	return vectors, nil
}

// client is go-openai's client over this backend's connection. Its errors are
// [*sampling.Error], except those of its JSON decoder.
func (b *Backend) client() *goopenai.Client {
	config := goopenai.DefaultConfig("") // the connection sets the key
	config.BaseURL = b.base
	config.HTTPClient = doer{b}
	return goopenai.NewClientWithConfig(config)
}

type doer struct{ b *Backend }

// Do implements [goopenai.HTTPDoer].
func (d doer) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/batches") {
		r.GetBody = nil // what cannot be read again is not sent again
	}
	return d.b.wire.Do(r.Context(), r)
}

// inOrder returns the vectors in the order of the texts, which servers may
// answer in another and number then. All numbers 0 means none were sent.
func inOrder(data []goopenai.Embedding, texts int) ([][]float32, error) {
	if len(data) != texts {
		return nil, fmt.Errorf("there are %d vectors for %d texts; see that %s, and that the model makes embeddings", len(data), texts, wholeAddress)
	}
	numbered := slices.ContainsFunc(data, func(d goopenai.Embedding) bool { return d.Index != 0 })
	slices.SortStableFunc(data, func(a, b goopenai.Embedding) int { return cmp.Compare(a.Index, b.Index) })
	vectors := make([][]float32, texts)
	for i, d := range data {
		if numbered && d.Index != i {
			return nil, fmt.Errorf("the server numbered a vector %d in place of %d, so a number is out of range or comes twice", d.Index, i)
		}
		vectors[i] = d.Embedding
	}
	return vectors, nil
}
