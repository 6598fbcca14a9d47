package ollama

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/internal/special"
	"github.com/foreword-go/foreword/sampling"
)

// A version is the first three numbers of a server's version. The zero version
// is unknown: what go install builds calls itself 0.0.0.
type version [3]int

// What came with which version.
var (
	oldest        = version{0, 12, 6}  // truncate and shift are fields of /api/generate
	knowsLogprobs = version{0, 12, 11} // logprobs and top_logprobs
	usesLlamaCpp  = version{0, 30, 0}  // llama.cpp's server draws the tokens, with all of its samplers
)

// parseVersion reads the numbers that a version begins with, after a v if there is one.
func parseVersion(text string) (v version, ok bool) {
	numbers := versionText.FindStringSubmatch(strings.TrimSpace(text))
	if numbers == nil {
		return v, false
	}
	for i := range v {
		v[i], _ = strconv.Atoi(numbers[1+i]) // 0 where there is none
	}
	return v, true
}

var versionText = regexp.MustCompile(`^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+].*)?$`)

func (v version) known() bool { return v != version{} }

// before reports whether v is older than another version. An unknown one is not.
func (v version) before(other version) bool { return v.known() && slices.Compare(v[:], other[:]) < 0 }

// refused returns an error for a version that is too old.
func (v version) refused() error {
	if v.before(oldest) {
		return unsupported("Ollama %v silently cuts prompts that are too long; use %v or later", v, oldest)
	}
	return nil
}

func (v version) String() string {
	if !v.known() {
		return "of unknown version"
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

// A model is what a server tells of one.
type model struct {
	architecture string // such as "llama"; "" when it does not tell
	trained      int    // the context that it was trained with, in tokens, which caps num_ctx; 0 when it does not tell
	window       int    // the num_ctx of its Modelfile, or 0
}

// version asks for the server's version, and finds out that it is an Ollama at
// all: another server would read "raw" and "truncate" as nothing.
func (b *Backend) version(ctx context.Context) (version, error) {
	if b.config.Version != "" {
		v, _ := parseVersion(b.config.Version) // New has checked it
		return v, nil
	}
	return b.versions.Learn(ctx, func() (v version, err error) {
		var said struct{ Version *string }
		if err := b.ask(ctx, "/api/version", nil, &said); err != nil {
			return v, err
		}
		if said.Version == nil {
			var props struct {
				Build string `json:"build_info"`
			}
			if b.ask(ctx, "/props", nil, &props) == nil && props.Build != "" {
				return v, unsupported("the server at %s is llama.cpp's, not Ollama; use package openai with the dialect LlamaCpp", b.base)
			}
			return v, unsupported("the server at %s does not look like Ollama: it reports no version at /api/version; set Config.Version if a proxy hides it", b.base)
		}
		v, _ = parseVersion(*said.Version)
		return v, v.refused()
	})
}

// errUntold makes a model that the server does not describe be asked for again.
var errUntold = errors.New("the server does not describe the model")

// model asks for what the server knows of the model.
func (b *Backend) model(ctx context.Context) (model, error) {
	m, err := b.models.Learn(ctx, func() (m model, err error) {
		var said struct {
			Info       map[string]json.RawMessage `json:"model_info"`
			Parameters string                     `json:"parameters"`
		}
		if err := b.ask(ctx, "/api/show", map[string]any{"model": b.config.Model}, &said); err != nil {
			return m, err
		}
		json.Unmarshal(said.Info["general.architecture"], &m.architecture)
		json.Unmarshal(said.Info[m.architecture+".context_length"], &m.trained)
		for line := range strings.Lines(said.Parameters) {
			if words := strings.Fields(line); len(words) == 2 && words[0] == "num_ctx" {
				m.window, _ = strconv.Atoi(words[1])
			}
		}
		if m.architecture == "" {
			return m, errUntold
		}
		return m, nil
	})
	if err == errUntold {
		err = nil
	}
	return m, err
}

// special asks for the names of the model's special tokens.
func (b *Backend) special(ctx context.Context) ([]string, error) {
	return b.specials.Learn(ctx, func() (names []string, err error) {
		var said struct {
			Info struct {
				Tokens []string `json:"tokenizer.ggml.tokens"`
				Types  []int    `json:"tokenizer.ggml.token_type"`
			} `json:"model_info"`
		}
		question := map[string]any{"model": b.config.Model, "verbose": true}
		if err := b.ask(ctx, "/api/show", question, &said); err != nil {
			return nil, err
		}
		if len(said.Info.Tokens) == 0 {
			return nil, unsupported("the prompt may name a special token, and the server does not list the model's; change the text, or set Config.SpecialTokens to send it as it is")
		}
		const unknown, control = 2, 3
		for i, kind := range said.Info.Types[:min(len(said.Info.Types), len(said.Info.Tokens))] {
			if name := said.Info.Tokens[i]; (kind == control || kind == unknown) && name != "" {
				names = append(names, name)
			}
		}
		return names, nil
	})
}

// checkSpecial refuses a prompt that names a special token.
func (b *Backend) checkSpecial(ctx context.Context, prompt string) error {
	if b.config.SpecialTokens || !special.MayName(prompt) {
		return nil
	}
	names, err := b.special(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.Contains(prompt, name) {
			return invalid("the prompt has %q in it, which Ollama reads as that special token; change the text, or set Config.SpecialTokens if it is meant", name)
		}
	}
	return nil
}

// Describe asks the server for its version and the model. It implements
// [sampling.Describer]. The window is Config.Window or that of the Modelfile, and
// no more than the model was trained for; where neither is set it is the
// server's own, which Ollama does not tell. The model's name has the first
// digits of its digest after it, since a name may be given to other weights.
func (b *Backend) Describe(ctx context.Context) (sampling.Info, error) {
	v, err := b.version(ctx)
	if err != nil {
		return sampling.Info{}, err
	}
	m, err := b.model(ctx)
	if err != nil {
		return sampling.Info{}, err
	}
	info := sampling.Info{Model: b.config.Model, Server: "Ollama", Window: cmp.Or(b.config.Window, max(0, m.window))}
	if v.known() {
		info.Server += " " + v.String()
	}
	if m.trained > 0 {
		info.Window = min(info.Window, m.trained)
	}
	var list struct {
		Models []struct{ Name, Digest string }
	}
	if err := b.ask(ctx, "/api/tags", nil, &list); err != nil {
		return sampling.Info{}, err
	}
	for _, one := range list.Models {
		if one.Name == info.Model || one.Name == info.Model+":latest" {
			info.Model = one.Name + "@" + one.Digest[:min(12, len(one.Digest))]
			break
		}
	}
	return info, nil
}

// ask fills answer. A server that does not know the path, as a proxy that lets
// nothing but /api/generate through, or that answers something else leaves it
// empty. A server that does not have the model is an error.
func (b *Backend) ask(ctx context.Context, path string, question, answer any) error {
	var body []byte
	if question != nil {
		body, _ = json.Marshal(question) // a map of strings and bools always can be
	}
	text, err := b.wire.Fetch(ctx, b.base+path, body)
	if fault, ok := errors.AsType[*sampling.Error](err); ok {
		switch fault.Status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			if question == nil || !errors.Is(fault, httpwire.ErrNoModel) {
				return nil
			}
		case http.StatusOK:
			if !errors.Is(fault, sampling.ErrTruncated) {
				return nil
			}
		}
		return err
	}
	json.Unmarshal(text, answer) // what it does not say stays unknown
	return nil
}
