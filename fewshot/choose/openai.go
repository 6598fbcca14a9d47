package choose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sashabaranov/go-openai"
)

// OpenAIEmbeddings returns an Embedder that asks an OpenAI-compatible server, by
// POST to baseURL + "/embeddings": OpenAI itself, whose address "" stands for,
// or llama.cpp, vLLM or Ollama on one's own machine, such as
// "http://localhost:8080/v1". An empty key sends none. The key goes to no other
// address, since redirects are errors, and stands in no error and no printed
// Embedder.
//
// It does not retry: a failed batch of [Vectors] is asked for anew by the next
// query, and those before it are not. Servers take 2,048 texts a call (OpenAI)
// or far fewer; set Vectors.Batch to what yours takes.
func OpenAIEmbeddings(baseURL, key, model string) Embedder {
	config := openai.DefaultConfig(key)
	if baseURL != "" {
		config.BaseURL = strings.TrimRight(baseURL, "/")
	}
	config.HTTPClient = &http.Client{CheckRedirect: func(to *http.Request, _ []*http.Request) error {
		return errors.New("the server redirects there; give the address that it redirects to as baseURL if you trust it")
	}}
	client := openai.NewClientWithConfig(config)
	// A function shows nothing of what is in it to any printer or dumper.
	return EmbedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
		if model == "" {
			return nil, errors.New("openai embeddings: the model's name is empty; give it as the server lists it")
		}
		response, err := client.CreateEmbeddings(ctx, openai.EmbeddingRequestStrings{
			Input: texts,
			Model: openai.EmbeddingModel(model),
		})
		if err != nil {
			return nil, withoutKey(fmt.Errorf("openai embeddings: %w", err), key)
		}
		return inOrder(response.Data, len(texts))
	})
}

// inOrder returns the vectors in the order of the texts, which servers may
// answer in another and number then. All numbers 0 means none were sent.
func inOrder(data []openai.Embedding, texts int) ([][]float32, error) {
	if len(data) != texts {
		return nil, fmt.Errorf("openai embeddings: %d vectors for %d texts; see that baseURL ends as the server wants it, mostly in /v1, and that the model makes embeddings", len(data), texts)
	}
	numbered := false
	for _, d := range data {
		numbered = numbered || d.Index != 0
	}
	vectors := make([][]float32, texts)
	for i, d := range data {
		at := i
		if numbered {
			at = d.Index
		}
		if at < 0 || at >= texts || vectors[at] != nil {
			return nil, fmt.Errorf("openai embeddings: the server numbered a vector %d, of %d from 0, out of range or twice", at, texts)
		}
		vectors[at] = d.Embedding
		if d.Embedding == nil {
			vectors[at] = []float32{}
		}
	}
	return vectors, nil
}

// withoutKey returns err with a text that has no key in it, which servers like
// to repeat, and that is not long, which pages of HTML are.
func withoutKey(err error, key string) error {
	text := err.Error()
	if key != "" {
		forms := []string{key, url.QueryEscape(key), url.PathEscape(key), strings.Trim(strconv.Quote(key), `"`)}
		if b, err := json.Marshal(key); err == nil {
			forms = append(forms, strings.Trim(string(b), `"`))
		}
		for _, form := range forms {
			text = strings.ReplaceAll(text, form, "[key]")
		}
	}
	const most = 400 // bytes
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return &keyless{text, err}
}

// A keyless error answers errors.Is, for a context that ended, but has no
// Unwrap: errors.As would hand out the text that was cut, and a type of the
// client's.
type keyless struct {
	text string
	err  error
}

func (e *keyless) Error() string        { return e.text }
func (e *keyless) Is(target error) bool { return errors.Is(e.err, target) }
