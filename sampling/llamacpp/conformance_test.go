package llamacpp_test

import (
	"os"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/llamacpp"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// model opens the model of the tests. FOREWORD_LLAMA names llama.cpp's library
// and FOREWORD_GGUF the model's file.
func model(t testing.TB, config llamacpp.Config) *llamacpp.Model {
	t.Helper()
	config.Library, config.Model = os.Getenv("FOREWORD_LLAMA"), os.Getenv("FOREWORD_GGUF")
	if config.Library == "" || config.Model == "" {
		t.Skip("FOREWORD_LLAMA and FOREWORD_GGUF do not name a library and a model")
	}
	m, err := llamacpp.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestConformance(t *testing.T) {
	samplingtest.TestBackend(t, func(t *testing.T) sampling.Backend { return model(t, llamacpp.Config{}) })
}
