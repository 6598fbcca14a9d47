package llamacpp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// Config says which model is opened, and how much of the machine it gets. Only
// Model is needed.
type Config struct {
	// Model is the path of a GGUF file, and Library that of llama.cpp's shared
	// library; "" looks for it beside the program and where systems install it.
	Model, Library string

	// Window is the most tokens that one request has, prompt and continuation
	// together; 0 is what the model was trained with, at most 4096.
	Window int

	// Parallel is how many samples are drawn at a time; others wait. 0 is 4.
	Parallel int

	// Threads is how many threads compute. 0 is the number of physical cores
	// minus one, at least 1: with as many threads as cores, one busy core makes
	// all the others wait.
	Threads int

	// Cells is how many tokens the context holds, for all requests together.
	// Texts that begin alike share them. 0 is twice the Window.
	Cells int
}

// A Model is a model in this process. It is a [sampling.Backend] with all
// abilities, safe for concurrent use.
type Model struct {
	config Config
	name   string
	lib    *library
	handle uintptr
	vocab  *vocabulary
	engine *engine

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup
	freed  chan struct{}
}

var _ interface {
	sampling.Backend
	sampling.Drawer
	sampling.Counter
	sampling.Scorer
	sampling.Describer
	sampling.Constrainer
} = (*Model)(nil)

// Open loads a model. A file that was damaged on purpose can end the process:
// for files from strangers use a server.
func Open(config Config) (*Model, error) {
	m, err := openModel(config)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: %w", err)
	}
	return m, nil
}

func openModel(config Config) (*Model, error) {
	for _, n := range []int{config.Window, config.Parallel, config.Threads, config.Cells} {
		if n < 0 || n > 1<<30 {
			return nil, fmt.Errorf("%w: a size of %d in the Config", sampling.ErrInvalid, n)
		}
	}
	if info, err := os.Stat(config.Model); err != nil {
		return nil, fmt.Errorf("the model: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the model %s is not a file", config.Model)
	}
	l, err := open(config.Library)
	if err != nil {
		return nil, err
	}
	lastFault()
	m := &Model{lib: l, name: strings.TrimSuffix(filepath.Base(config.Model), ".gguf"), freed: make(chan struct{})}
	if m.handle = l.loadModel(config.Model, l.modelDefaults()); m.handle == 0 {
		return nil, fmt.Errorf("cannot load %s: %s", config.Model, lastFault())
	}
	if err := m.start(config); err != nil {
		l.freeModel(m.handle)
		return nil, fmt.Errorf("%s: %w", config.Model, err)
	}
	return m, nil
}

// start makes the context.
func (m *Model) start(config Config) (err error) {
	l := m.lib
	if m.vocab, err = l.vocabulary(m.handle); err != nil {
		return err
	}
	if l.hasEncoder(m.handle) || !l.hasDecoder(m.handle) || l.isDiffusion(m.handle) || l.isRecurrent(m.handle) || l.isHybrid(m.handle) {
		return fmt.Errorf("%w: only decoders with attention in every layer can share what they have read", sampling.ErrUnsupported)
	}
	trained := int(l.windowOf(m.handle))
	if trained <= 0 {
		return errors.New("the file does not say the model's context window")
	}
	config.Window = cmp.Or(config.Window, min(trained, 4096))
	config.Parallel = min(cmp.Or(config.Parallel, 4), sequences)
	config.Threads = cmp.Or(config.Threads, max(1, physicalCores()-1))
	config.Cells = cmp.Or(config.Cells, 2*config.Window)
	if config.Window > trained || config.Cells < config.Window {
		return fmt.Errorf("%w: Window %d and Cells %d: the model has a window of %d, and one request must fit into the cells", sampling.ErrInvalid, config.Window, config.Cells, trained)
	}
	config.Cells = (config.Cells + 255) &^ 255 // as llama.cpp rounds
	p, at := l.contextDefaults(), l.layout.context
	p.set(at.ctx, config.Cells)
	p.set(at.batch, batchSize)
	p.set(at.ubatch, batchSize)
	p.set(at.seqMax, sequences)
	p.set(at.outputs, mostOutput)
	p.set(at.outputsPerSeq, mostOutput)
	p.set(at.threads, config.Threads)
	p.set(at.threadsBatch, config.Threads)
	p.bytes()[at.unified] = 1
	ctx := l.newContext(m.handle, p)
	if ctx == 0 {
		return fmt.Errorf("cannot make a context of %d cells: %s", config.Cells, lastFault())
	}
	m.config = config
	m.engine = newEngine(l, ctx, len(m.vocab.texts), config.Parallel, config.Cells)
	return nil
}

// Close waits for the calls under way and gives the model's memory back. Later
// calls are errors, except that Close may be called again. Do not call it from
// within the loop over a sample.
func (m *Model) Close() error {
	m.mu.Lock()
	again := m.closed
	m.closed = true
	m.mu.Unlock()
	if !again {
		m.calls.Wait()
		m.engine.close()
		m.lib.freeContext(m.engine.ctx)
		m.lib.freeModel(m.handle)
		close(m.freed)
	}
	<-m.freed
	return nil
}

// begin counts a call that Close waits for; the caller ends it with m.calls.Done.
func (m *Model) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	m.calls.Add(1)
	return nil
}

// Describe names the file that was opened, without its directory, and the
// version of llama.cpp.
func (m *Model) Describe(ctx context.Context) (sampling.Info, error) {
	return sampling.Info{Model: m.name, Server: "llama.cpp " + m.lib.version, Window: m.config.Window, Slots: m.config.Parallel}, ctx.Err()
}

// Count returns the number of tokens of text, with the one that begins every
// text where the model has one.
func (m *Model) Count(ctx context.Context, text string) (int, error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.calls.Done()
	tokens, err := m.vocab.tokenize(text)
	if err != nil {
		return 0, fmt.Errorf("llamacpp: %w", err)
	}
	return len(tokens), nil
}

// Constrains returns nil: every constraint is enforced token by token.
func (m *Model) Constrains(c sampling.Constraint) error { return nil }

// physicalCores counts cores and not their threads, among those that the
// process may use.
func physicalCores() int {
	n := min(runtime.NumCPU(), runtime.GOMAXPROCS(0))
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		if runtime.GOARCH == "amd64" {
			return max(1, n/2)
		}
		return n
	}
	defer f.Close()
	cores, socket := map[string]bool{}, ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(key) {
		case "physical id":
			socket = value
		case "core id":
			cores[socket+"/"+value] = true
		}
	}
	if len(cores) == 0 {
		return n
	}
	return min(n, len(cores))
}
