package openai

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// The servers with addresses of their own, beside /v1, that the package knows.
const (
	nativeLlamaCpp = "llama.cpp"
	nativeVLLM     = "vLLM"
)

// Describe asks the server for its model, window, version and slots. It implements
// [sampling.Describer]. It reads /props of llama.cpp, where the window is that of one
// slot, /v1/models and /version of vLLM, and /v1/models of other servers. A server
// without it is an error wrapping [sampling.ErrUnsupported]. A model that vLLM or a
// router of llama.cpp does not have is another error. [sampling.Discover] also finds
// a llama.cpp whose dialect was forgotten.
func (b *Backend) Describe(ctx context.Context) (sampling.Info, error) {
	if b.config.Dialect.native == nativeLlamaCpp {
		props, err := b.props(ctx)
		if err != nil {
			return sampling.Info{}, err
		}
		// The path is the model's name, because the alias is whatever the server was
		// started with and may be any file.
		return sampling.Info{
			Model:  cmp.Or(props.Path, props.Alias),
			Server: strings.TrimSpace(nativeLlamaCpp + " " + props.Build),
			Window: max(0, props.Defaults.Window),
			Slots:  max(0, props.Slots),
		}, nil
	}
	info, err := b.listed(ctx)
	if err != nil || b.config.Dialect.native != nativeVLLM {
		return info, err
	}
	if info.Model == "" { // vLLM may load an adapter that it does not list yet
		if _, err := b.Count(ctx, "a"); errors.Is(err, httpwire.ErrNoModel) {
			return sampling.Info{}, err
		}
	}
	var version struct {
		Version string `json:"version"`
	}
	if err := b.native(ctx, "/version", nil, &version); err != nil && !errors.Is(err, sampling.ErrUnsupported) { // a router has none
		return sampling.Info{}, err
	}
	info.Server = strings.TrimSpace(nativeVLLM + " " + version.Version)
	return info, nil
}

// serverProps is llama.cpp's description of itself.
type serverProps struct {
	Defaults struct {
		Window int `json:"n_ctx"`
	} `json:"default_generation_settings"`
	Slots int    `json:"total_slots"`
	Alias string `json:"model_alias"`
	Path  string `json:"model_path"`
	Build string `json:"build_info"`
}

// props asks for one model's, since llama.cpp's router has several.
func (b *Backend) props(ctx context.Context) (props serverProps, err error) {
	err = b.native(ctx, "/props?model="+url.QueryEscape(b.config.Model), nil, &props)
	return props, err
}

// listed looks the model up in the server's list.
func (b *Backend) listed(ctx context.Context) (sampling.Info, error) {
	var list struct {
		Data []struct {
			ID     string `json:"id"`
			Owner  any    `json:"owned_by"`
			Root   string `json:"root"`          // vLLM: the model under the name
			Window int    `json:"max_model_len"` // vLLM, SGLang
			Length int    `json:"context_length"`
		} `json:"data"`
	}
	path := strings.TrimPrefix(b.base, strings.TrimSuffix(b.base, "/v1")) + "/models"
	if err := b.native(ctx, path, nil, &list); err != nil {
		return sampling.Info{}, err
	}
	for _, m := range list.Data {
		if m.Owner == "llamacpp" {
			if err := b.config.Dialect.checkServer("llama.cpp", ""); err != nil {
				return sampling.Info{}, b.misread(err)
			}
		}
		if m.ID == b.config.Model {
			return sampling.Info{Model: cmp.Or(m.Root, m.ID), Window: max(0, m.Window, m.Length)}, nil
		}
	}
	return sampling.Info{}, nil
}
