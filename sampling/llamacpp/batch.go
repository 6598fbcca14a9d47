package llamacpp

import (
	"runtime"
	"unsafe"
)

// batch is llama_batch: the tokens of one call of llama_decode.
type batch struct {
	n      uint64 // the number, in the lower half
	tokens unsafe.Pointer
	embd   unsafe.Pointer
	pos    unsafe.Pointer
	nSeq   unsafe.Pointer
	seqs   unsafe.Pointer
	output unsafe.Pointer
}

// rows are the columns of a batch, and what each of them is for.
type rows struct {
	tokens, pos, nSeq []int32
	seqs              []*int32
	seqOf             []int32
	output            []int8
	wants             []want
}

// A want is a row whose logits a task waits for.
type want struct {
	row, pos int
	task     *task
}

func newRows(n int) *rows {
	return &rows{make([]int32, n), make([]int32, n), make([]int32, n), make([]*int32, n), make([]int32, n), make([]int8, n), nil}
}

// put writes row i.
func (r *rows) put(i int, token int32, pos int, seq int32, output bool) {
	r.tokens[i], r.pos[i], r.nSeq[i], r.seqOf[i] = token, int32(pos), 1, seq
	r.seqs[i] = &r.seqOf[i]
	r.output[i] = 0
	if output {
		r.output[i] = 1
	}
}

// decode reads the first n rows.
func (r *rows) decode(l *library, ctx uintptr, n int) int32 {
	status := l.decode(ctx, batch{
		n: uint64(uint32(n)), tokens: unsafe.Pointer(&r.tokens[0]), pos: unsafe.Pointer(&r.pos[0]),
		nSeq: unsafe.Pointer(&r.nSeq[0]), seqs: unsafe.Pointer(&r.seqs[0]), output: unsafe.Pointer(&r.output[0]),
	})
	runtime.KeepAlive(r)
	return status
}
