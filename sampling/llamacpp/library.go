package llamacpp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A library is llama.cpp's shared library with the functions that this package
// calls. One that was opened stays in the process.
type library struct {
	version string
	layout  *layout

	modelDefaults   func() params
	contextDefaults func() params
	loadModel       func(path string, p params) uintptr
	freeModel       func(model uintptr)
	newContext      func(model uintptr, p params) uintptr
	freeContext     func(ctx uintptr)
	getVocab        func(model uintptr) uintptr
	windowOf        func(model uintptr) int32
	hasEncoder      func(model uintptr) bool
	hasDecoder      func(model uintptr) bool
	isRecurrent     func(model uintptr) bool
	isHybrid        func(model uintptr) bool
	isDiffusion     func(model uintptr) bool
	vocabType       func(vocab uintptr) int32
	vocabSize       func(vocab uintptr) int32
	bos             func(vocab uintptr) int32
	eos             func(vocab uintptr) int32
	addBOS          func(vocab uintptr) bool
	isEnd           func(vocab uintptr, token int32) bool
	isControl       func(vocab uintptr, token int32) bool
	tokenize        func(vocab uintptr, text unsafe.Pointer, n int32, tokens unsafe.Pointer, most int32, special, parse bool) int32
	piece           func(vocab uintptr, token int32, buf unsafe.Pointer, n, strip int32, special bool) int32
	memory          func(ctx uintptr) uintptr
	remove          func(memory uintptr, seq, from, to int32) bool
	share           func(memory uintptr, from, to, first, end int32)
	decode          func(ctx uintptr, b batch) int32
	logits          func(ctx uintptr, i int32) *float32
	maxSequences    func() uintptr
	backendInit     func()
	setLog          func(callback, data uintptr)
	devices         func() uintptr
	loadBackends    func(dir string)
	versionOf       func() string
}

var libraries struct {
	sync.Mutex
	opened map[string]*library
}

// open opens the library at path, or looks for it in the usual places.
func open(path string) (*library, error) {
	path, err := find(path)
	if err != nil {
		return nil, err
	}
	libraries.Lock()
	defer libraries.Unlock()
	if l := libraries.opened[path]; l != nil {
		return l, nil
	}
	handle, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load %s: %w", path, err)
	}
	l := new(library)
	// The version and the defaults come first: nothing else is safe to call
	// where they are others.
	if err := bind(handle, &l.versionOf, "llama_version"); err != nil {
		return nil, fmt.Errorf("%s: %w: it is older than the supported versions, or not llama.cpp", path, err)
	}
	l.version = l.versionOf()
	if l.layout, err = layoutOf(l.version); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := l.bind(handle); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, c := l.modelDefaults(), l.contextDefaults()
	if err := errors.Join(m.check("model", l.layout.defaults.model), c.check("context", l.layout.defaults.context)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.setLog(logger(), 0)
	l.backendInit()
	if l.devices() == 0 {
		l.loadBackends(filepath.Dir(path))
	}
	if l.devices() == 0 {
		return nil, fmt.Errorf("%s: found nothing to compute with: the libggml-cpu libraries belong beside it", path)
	}
	if libraries.opened == nil {
		libraries.opened = make(map[string]*library)
	}
	libraries.opened[path] = l
	return l, nil
}

func (l *library) bind(handle uintptr) error {
	var all []error
	for _, f := range []struct {
		name string
		fn   any
	}{
		{"llama_model_default_params", &l.modelDefaults},
		{"llama_context_default_params", &l.contextDefaults},
		{"llama_model_load_from_file", &l.loadModel},
		{"llama_model_free", &l.freeModel},
		{"llama_init_from_model", &l.newContext},
		{"llama_free", &l.freeContext},
		{"llama_model_get_vocab", &l.getVocab},
		{"llama_model_n_ctx_train", &l.windowOf},
		{"llama_model_has_encoder", &l.hasEncoder},
		{"llama_model_has_decoder", &l.hasDecoder},
		{"llama_model_is_recurrent", &l.isRecurrent},
		{"llama_model_is_hybrid", &l.isHybrid},
		{"llama_model_is_diffusion", &l.isDiffusion},
		{"llama_vocab_type", &l.vocabType},
		{"llama_vocab_n_tokens", &l.vocabSize},
		{"llama_vocab_bos", &l.bos},
		{"llama_vocab_eos", &l.eos},
		{"llama_vocab_get_add_bos", &l.addBOS},
		{"llama_vocab_is_eog", &l.isEnd},
		{"llama_vocab_is_control", &l.isControl},
		{"llama_tokenize", &l.tokenize},
		{"llama_token_to_piece", &l.piece},
		{"llama_get_memory", &l.memory},
		{"llama_memory_seq_rm", &l.remove},
		{"llama_memory_seq_cp", &l.share},
		{"llama_decode", &l.decode},
		{"llama_get_logits_ith", &l.logits},
		{"llama_max_parallel_sequences", &l.maxSequences},
		{"llama_backend_init", &l.backendInit},
		{"llama_log_set", &l.setLog},
		{"ggml_backend_dev_count", &l.devices},
		{"ggml_backend_load_all_from_path", &l.loadBackends},
	} {
		all = append(all, bind(handle, f.fn, f.name))
	}
	return errors.Join(all...)
}

func bind(handle uintptr, fn any, name string) error {
	address, err := symbol(handle, name)
	if err != nil || address == 0 {
		return fmt.Errorf("the library has no function %s", name)
	}
	purego.RegisterFunc(fn, address)
	return nil
}

// find returns the path of the library as it is without links, so that its
// companions are beside it and one file is loaded once.
func find(path string) (string, error) {
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("the library: %w", err)
		}
		return filepath.Abs(path)
	}
	name, places := "libllama.so", []string{"/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"}
	switch runtime.GOOS {
	case "darwin":
		name, places = "libllama.dylib", []string{"/opt/homebrew/lib", "/usr/local/lib"}
	case "windows":
		name, places = "llama.dll", nil
	}
	if program, err := os.Executable(); err == nil {
		places = append([]string{filepath.Dir(program)}, places...)
	}
	for _, dir := range places {
		if path := filepath.Join(dir, name); exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not in %s: install llama.cpp, or set Config.Library to its path", name, strings.Join(places, ", "))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// logged is what llama.cpp said: a line may come in parts.
var logged struct {
	sync.Mutex
	line  strings.Builder
	level slog.Level
	fault string // the last error
}

// logger returns the callback that passes llama.cpp's log on to slog.
var logger = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(level uintptr, text *byte, _ uintptr) uintptr {
		n := 0
		for text != nil && *(*byte)(unsafe.Add(unsafe.Pointer(text), n)) != 0 {
			n++
		}
		if n > 0 {
			logText(uint32(level), string(unsafe.Slice(text, n)))
		}
		return 0
	})
})

func logText(level uint32, text string) {
	logged.Lock()
	defer logged.Unlock()
	switch level {
	case 4:
		logged.level = slog.LevelError
	case 5: // goes on with the line
	default: // its warnings are about settings that are meant, such as many cells
		logged.level = slog.LevelDebug
	}
	for part := range strings.Lines(text) {
		logged.line.WriteString(strings.TrimRight(part, "\n"))
		if !strings.HasSuffix(part, "\n") {
			continue
		}
		line := strings.TrimSpace(logged.line.String())
		logged.line.Reset()
		if logged.level == slog.LevelError {
			logged.fault = line
		}
		if line != "" {
			slog.Log(context.Background(), logged.level, "llama.cpp: "+line)
		}
	}
}

// lastFault returns the last error that llama.cpp logged, and forgets it.
func lastFault() string {
	logged.Lock()
	defer logged.Unlock()
	fault := logged.fault
	logged.fault = ""
	if fault == "" {
		return "it does not say why"
	}
	return fault
}
