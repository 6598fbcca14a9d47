package llamacpp

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// params holds one of llama.cpp's parameter structs as it is in memory. It is at
// least as large as any version's: both are passed and returned in memory, so
// what is past a version's own end is neither read nor written.
type params struct {
	words [24]uint64
}

// A layout gives the offsets, in bytes, of the fields that Open sets, and the
// default values that a struct of this layout has.
type layout struct {
	context  contextFields
	defaults struct{ model, context []field }
}

type contextFields struct {
	ctx, batch, ubatch, seqMax, outputs, outputsPerSeq, threads, threadsBatch, unified int
}

// A field is a value of 1 or 4 bytes at an offset.
type field struct {
	at, size int
	value    uint32
}

func words(at int, values ...uint32) (fields []field) {
	for i, v := range values {
		fields = append(fields, field{at + 4*i, 4, v})
	}
	return fields
}

func flags(at int, values ...uint32) (fields []field) {
	for i, v := range values {
		fields = append(fields, field{at + i, 1, v})
	}
	return fields
}

const automatic = math.MaxUint32 // -1, by which llama.cpp means "from the model" or "automatic"

var minusOne = math.Float32bits(-1)

// layouts are those of the versions that the tests have run with, by what
// llama_version says. Between two of them, struct fields have been added in the
// middle.
var layouts = map[string]*layout{"0.5.0-dev": layout050()}

func layout050() *layout {
	l := &layout{context: contextFields{
		ctx: 0, batch: 4, ubatch: 8, seqMax: 12, outputs: 20, outputsPerSeq: 24,
		threads: 28, threadsBatch: 32, unified: 133,
	}}
	l.defaults.model = slices.Concat(
		words(0, 0, 0, 0, 0),                     // two pointers
		words(16, automatic, 1, automatic, 1, 0), // layers on a GPU, split, load and lazy mode, main GPU
		words(40, 0, 0, 0, 0, 0, 0, 0, 0),        // four pointers
		flags(72, 0, 0, 1, 0, 0, 0),              // the third: extra buffer types
	)
	l.defaults.context = slices.Concat(
		words(0, 512, 2048, 512, 1, 0, 0, 1, 4, 4),                           // sizes and threads
		words(36, 0, automatic, automatic, automatic, automatic),             // kinds
		words(56, 0, 0, minusOne, minusOne, minusOne, minusOne, 0, minusOne), // rope
		words(88, 0, 0, 0, 0),        // a callback and its data
		words(104, 1, 1),             // 16-bit floats in the cache
		words(112, 0, 0, 0, 0),       // a callback and its data
		flags(128, 0, 1, 1, 1, 1, 0), // the last: one cache for all sequences
		words(136, 0, 0, 0, 0),       // samplers
	)
	return l
}

// layoutOf returns the layout of a version, or an error with the versions that
// there are.
func layoutOf(version string) (*layout, error) {
	if l, ok := layouts[version]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("llama.cpp is version %q; supported: %s", version, strings.Join(slices.Sorted(maps.Keys(layouts)), ", "))
}

// check compares the fields that the library filled in with those of a layout.
func (p *params) check(what string, want []field) error {
	for _, f := range want {
		if got := p.get(f); got != f.value {
			return fmt.Errorf("the library's default %s parameters have %d at byte %d where its version has %d: it was built from other sources", what, int32(got), f.at, int32(f.value))
		}
	}
	return nil
}

func (p *params) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}

func (p *params) get(f field) uint32 {
	if f.size == 1 {
		return uint32(p.bytes()[f.at])
	}
	return binary.NativeEndian.Uint32(p.bytes()[f.at:])
}

func (p *params) set(at, value int) { binary.NativeEndian.PutUint32(p.bytes()[at:], uint32(value)) }
