package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/foreword-go/foreword/internal/httpwire"
	"github.com/foreword-go/foreword/sampling"
)

// A BatchResult is the result of one request of a batch.
type BatchResult struct {
	Completion *sampling.Completion // cut and checked as by sampling.Model; nil where there is none
	Err        error                // why there is no answer, such as a *sampling.Error
}

// The limits of OpenAI's Batch API.
const (
	mostBatchLines = 50_000
	mostBatchBytes = 200_000_000
)

// SubmitBatch submits the requests as a batch, which the server completes within a
// day, mostly at half the price (OpenAI's Batch API). It returns the batch's id. Keep
// the id: [Backend.AwaitBatch] accepts it in another program too.
//
// A request that the dialect cannot express is an error before anything is sent.
// The call is not repeated when the connection fails, so that no batch is paid twice.
func (b *Backend) SubmitBatch(ctx context.Context, requests []*sampling.Request) (id string, err error) {
	if len(requests) == 0 || len(requests) > mostBatchLines {
		return "", invalid("a batch of %d requests; give 1 to %d", len(requests), mostBatchLines)
	}
	if err := checkRequests(requests); err != nil {
		return "", err
	}
	var file bytes.Buffer
	for i, req := range requests {
		body, err := b.body(ctx, req, 1, false)
		if err != nil {
			return "", fmt.Errorf("openai: request %d of the batch: %w", i, err)
		}
		fmt.Fprintf(&file, `{"custom_id":%q,"method":"POST","url":%q,"body":%s}`+"\n", lineID(i, req), goopenai.BatchEndpointCompletions, body)
	}
	if file.Len() > mostBatchBytes {
		return "", invalid("the batch has %d bytes; make several of at most %d", file.Len(), mostBatchBytes)
	}
	uploaded, err := b.client().CreateFileBytes(ctx, goopenai.FileBytesRequest{Name: "foreword.jsonl", Bytes: file.Bytes(), Purpose: goopenai.PurposeBatch})
	if err == nil && uploaded.ID == "" {
		err = fmt.Errorf("the server gave the uploaded file no id")
	}
	if err != nil {
		return "", b.misread(err)
	}
	batch, err := b.client().CreateBatch(ctx, goopenai.CreateBatchRequest{InputFileID: uploaded.ID, Endpoint: goopenai.BatchEndpointCompletions})
	if err == nil && batch.ID == "" {
		err = fmt.Errorf("the server gave the batch no id")
	}
	if err != nil {
		return "", b.misread(err)
	}
	return batch.ID, nil
}

// checkID refuses what would not be one segment of an address.
func checkID(id string) error {
	if id == "" || url.PathEscape(id) != id || strings.Trim(id, ".") == "" {
		return invalid("the batch's id is %q; give the one that SubmitBatch returned", id)
	}
	return nil
}

func checkRequests(requests []*sampling.Request) error {
	if i := slices.Index(requests, nil); i >= 0 {
		return invalid("request %d of the batch is nil; pass &sampling.Request{Prompt: ...}", i)
	}
	return nil
}

// lineID names a line by its place and its prompt, so that results are never
// joined with the wrong requests.
func lineID(i int, req *sampling.Request) string {
	h := fnv.New64a()
	io.WriteString(h, req.Prompt)
	return fmt.Sprintf("%d-%016x", i, h.Sum64())
}

// How often a batch is looked at: at first soon, and then each minute.
const (
	firstPoll = 2 * time.Second
	lastPoll  = time.Minute
	badPolls  = 20 // in a row, before a temporary failure to look is given up on
)

// AwaitBatch waits for the batch to end and returns one result for each request. Pass
// the requests that were submitted, in the same order. After a batch expired or was
// cancelled, the unfinished requests have temporary errors.
//
// When ctx ends, the batch continues, and AwaitBatch can be called again.
func (b *Backend) AwaitBatch(ctx context.Context, id string, requests []*sampling.Request) ([]BatchResult, error) {
	if err := cmp.Or(checkID(id), checkRequests(requests)); err != nil {
		return nil, err
	}
	batch, err := b.awaitEnd(ctx, id)
	if err != nil {
		return nil, err
	}
	results := make([]BatchResult, len(requests))
	for _, file := range []*string{batch.OutputFileID, batch.ErrorFileID} {
		if file == nil || *file == "" {
			continue
		}
		if err := b.readResults(ctx, id, *file, requests, results); err != nil {
			return nil, err
		}
	}
	for i := range results {
		if r := &results[i]; r.Completion == nil && r.Err == nil {
			r.Err = &sampling.Error{Backend: backendName, Temporary: true, Err: fmt.Errorf("the batch is %s, and has no answer to this request", batch.Status)}
		}
	}
	return results, nil
}

// CancelBatch asks the server to stop a batch. Finished requests are paid for, and
// AwaitBatch returns their results.
func (b *Backend) CancelBatch(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	if _, err := b.client().CancelBatch(ctx, id); err != nil {
		return b.misread(err)
	}
	return nil
}

// awaitEnd looks at the batch until it has ended.
func (b *Backend) awaitEnd(ctx context.Context, id string) (*goopenai.Batch, error) {
	for wait, failed := firstPoll, 0; ; wait = min(lastPoll, wait*3/2) {
		batch, err := b.client().RetrieveBatch(ctx, id)
		failed++
		if e, ok := errors.AsType[*sampling.Error](err); err != nil && (!ok || !e.Temporary || ctx.Err() != nil || failed > badPolls) {
			return nil, b.misread(err)
		}
		if err == nil {
			failed = 0
			switch batch.Status {
			case "completed", "expired", "cancelled":
				return &batch.Batch, nil
			case "failed":
				return nil, b.misread(fmt.Errorf("the server refused the batch: %s", refusals(&batch.Batch)))
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, b.wire.Fault(ctx, ctx.Err())
		}
	}
}

func refusals(batch *goopenai.Batch) string {
	if batch.Errors == nil {
		return "it gave no reason"
	}
	var all []string
	for _, e := range batch.Errors.Data {
		at := ""
		if e.Line != nil {
			at = fmt.Sprintf("line %d: ", *e.Line)
		}
		all = append(all, at+e.Message)
	}
	return strings.Join(all, "; ")
}

// A batchLine is one line of a batch's files.
type batchLine struct {
	ID       string `json:"custom_id"`
	Response *struct {
		Status int             `json:"status_code"`
		Body   json.RawMessage `json:"body"`
	} `json:"response"`
	Error json.RawMessage `json:"error"`
}

// readResults adds the results in a file.
func (b *Backend) readResults(ctx context.Context, id, file string, requests []*sampling.Request, results []BatchResult) error {
	content, err := b.client().GetFileContent(ctx, file)
	if err != nil {
		return b.misread(err)
	}
	defer content.Close()
	for lines := json.NewDecoder(content); ; {
		var line batchLine
		err := lines.Decode(&line)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return b.misread(fmt.Errorf("cannot read the batch's results: %w", err))
		}
		place, _, _ := strings.Cut(line.ID, "-")
		i, err := strconv.Atoi(place)
		if err != nil || i < 0 || i >= len(requests) || line.ID != lineID(i, requests[i]) {
			return invalid("batch %s has a line %q, which matches none of the %d requests; pass the requests that were submitted", id, line.ID, len(requests))
		}
		if r := &results[i]; r.Completion == nil && r.Err == nil { // a line that comes twice counts once
			*r = b.result(ctx, requests[i], line)
		}
	}
}

// result reads one line. A Model cuts and checks the answer as it does others.
func (b *Backend) result(ctx context.Context, req *sampling.Request, line batchLine) BatchResult {
	switch {
	case line.Response == nil:
		return BatchResult{Err: b.wire.Announced(0, line.Error)}
	case line.Response.Status != http.StatusOK:
		e := b.wire.Announced(line.Response.Status, line.Response.Body)
		e.Temporary = e.Temporary && httpwire.Temporary(line.Response.Status)
		return BatchResult{Err: e}
	}
	m := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			content := io.NopCloser(bytes.NewReader(line.Response.Body))
			reply := &reply{b: b, caller: ctx, body: content, events: newEvents(content)}
			reply.deliver(req, yield)
		}
	})}
	c, err := m.Complete(ctx, req)
	if err != nil {
		return BatchResult{Err: err}
	}
	c.Seed = req.Params.Seed // Model draws one if there is none, and this answer had none
	return BatchResult{Completion: c}
}
