package tiktoken

import (
	"fmt"
	"strings"

	bpe "github.com/pkoukk/tiktoken-go"
)

// baseModels are the base models that the library's own table leaves out.
var baseModels = map[string]string{
	"davinci-002": "cl100k_base",
	"babbage-002": "cl100k_base",
}

// ForModel returns the Counter of a model by OpenAI, such as "davinci-002",
// "gpt-3.5-turbo-instruct" or "gpt2", or of a fine-tuned one
// ("ft:davinci-002:acme::8k2"). Any other model is an error, because its
// vocabulary is not here. ForModel is safe for concurrent use.
func ForModel(model string) (*Counter, error) {
	name := model
	if tuned, ok := strings.CutPrefix(name, "ft:"); ok {
		name, _, _ = strings.Cut(tuned, ":")
	}
	if encoding, ok := baseModels[name]; ok {
		return For(encoding)
	}
	if encoding, ok := bpe.MODEL_TO_ENCODING[name]; ok {
		return For(encoding)
	}
	for prefix, encoding := range bpe.MODEL_PREFIX_TO_ENCODING {
		if strings.HasPrefix(name, prefix) {
			return For(encoding)
		}
	}
	return nil, fmt.Errorf("tiktoken: no vocabulary is known for model %q; "+
		`name an encoding with For ("cl100k_base" never counts too few for Llama 3), or leave Model.Counter nil to count bytes`, model)
}
