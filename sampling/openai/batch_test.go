package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A batchServer speaks OpenAI's /v1/files and /v1/batches without a network, so
// that a test's hours pass at once. A batch ends after the given time. The answer
// to a line says its prompt.
type batchServer struct {
	takes  time.Duration
	status string                                  // at the end; "" is completed
	line   func(i int, body map[string]any) string // what a line of the results has beside its id; "" is none
	looks  func(n int) int                         // the status of the n-th look at a batch; nil is 200

	mu      sync.Mutex
	files   map[string][]byte
	batches map[string]*servedBatch
	looked  int
	made    int
}

type servedBatch struct {
	input     string
	begun     time.Time
	cancelled bool
}

func (s *batchServer) backend(t *testing.T) *openai.Backend {
	t.Helper()
	return overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result(), nil
	})
}

func (s *batchServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files, s.batches = map[string][]byte{}, map[string]*servedBatch{}
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v1/batches"), "/v1/files"), "/content")
	id = strings.TrimSuffix(strings.Trim(id, "/"), "/cancel")
	_ = rest
	switch {
	case r.Method == "POST" && r.URL.Path == "/v1/files":
		file, _, err := r.FormFile("file")
		if err != nil || r.FormValue("purpose") != "batch" {
			http.Error(w, `{"error":{"message":"no file, or another purpose"}}`, 400)
			return
		}
		raw, _ := io.ReadAll(file)
		name := fmt.Sprint("file-", len(s.files))
		s.files[name] = raw
		fmt.Fprintf(w, `{"id":%q,"object":"file","purpose":"batch"}`, name)
	case r.Method == "POST" && r.URL.Path == "/v1/batches":
		var asked struct {
			Input    string `json:"input_file_id"`
			Endpoint string `json:"endpoint"`
			Window   string `json:"completion_window"`
		}
		json.NewDecoder(r.Body).Decode(&asked)
		if asked.Endpoint != "/v1/completions" || asked.Window != "24h" || s.files[asked.Input] == nil {
			http.Error(w, `{"error":{"message":"no such file or endpoint"}}`, 400)
			return
		}
		s.made++
		name := fmt.Sprint("batch_", s.made)
		s.batches[name] = &servedBatch{input: asked.Input, begun: time.Now()}
		fmt.Fprint(w, s.describe(name))
	case r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/cancel") && s.batches[id] != nil:
		s.batches[id].cancelled = true
		fmt.Fprint(w, s.describe(id))
	case r.Method == "GET" && s.batches[id] != nil:
		s.looked++
		if s.looks != nil {
			if status := s.looks(s.looked); status != 200 {
				http.Error(w, `{"error":{"message":"not now"}}`, status)
				return
			}
		}
		fmt.Fprint(w, s.describe(id))
	case r.Method == "GET" && s.files[id] != nil:
		w.Write(s.files[id])
	default:
		http.Error(w, `{"error":{"message":"no such path"}}`, 404)
	}
}

func (s *batchServer) describe(id string) string {
	batch := s.batches[id]
	status := "in_progress"
	switch {
	case batch.cancelled:
		status = "cancelled"
	case time.Since(batch.begun) >= s.takes && s.status != "":
		status = s.status
	case time.Since(batch.begun) >= s.takes:
		status = "completed"
	}
	if status == "in_progress" {
		return fmt.Sprintf(`{"id":%q,"status":%q,"input_file_id":%q}`, id, status, batch.input)
	}
	if status == "failed" {
		return fmt.Sprintf(`{"id":%q,"status":"failed","errors":{"data":[{"message":"the file is not JSON Lines","line":3}]}}`, id)
	}
	var good, bad bytes.Buffer
	i := 0
	for line := range strings.Lines(string(s.files[batch.input])) {
		var asked struct {
			ID   string         `json:"custom_id"`
			Body map[string]any `json:"body"`
		}
		if err := json.Unmarshal([]byte(line), &asked); err != nil {
			panic(err)
		}
		if result := s.line(i, asked.Body); strings.Contains(result, `"status_code":200`) {
			fmt.Fprintf(&good, `{"id":"r","custom_id":%q,%s}`+"\n", asked.ID, result)
		} else if result != "" {
			fmt.Fprintf(&bad, `{"id":"r","custom_id":%q,%s}`+"\n", asked.ID, result)
		}
		i++
	}
	s.files["out-"+id], s.files["bad-"+id] = append([]byte{}, good.Bytes()...), append([]byte{}, bad.Bytes()...)
	return fmt.Sprintf(`{"id":%q,"status":%q,"output_file_id":"out-%s","error_file_id":"bad-%s"}`, id, status, id, id)
}

// echoes answers a line with its own prompt.
func echoes(i int, body map[string]any) string {
	return fmt.Sprintf(`"response":{"status_code":200,"body":{"model":"m-1","choices":[{"index":0,"text":" %v\nmore","finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}},"error":null`, body["prompt"])
}

func batchOf(n int) []*sampling.Request {
	all := make([]*sampling.Request, n)
	for i := range all {
		all[i] = &sampling.Request{Prompt: fmt.Sprint("question ", i), Stop: []string{"\n"}, Params: sampling.Params{Seed: uint64(i + 1), Temperature: 1}}
	}
	return all
}

// A batch of a thousand lines of which every tenth fails, left half way by the
// program and taken up by another: each request is answered or failed once.
func TestBatchResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &batchServer{takes: 3 * time.Hour, line: func(i int, body map[string]any) string {
			if i%10 == 3 {
				return `"response":{"status_code":400,"body":{"error":{"message":"This model's maximum context length is 10 tokens."}}},"error":null`
			}
			return echoes(i, body)
		}}
		requests := batchOf(1000)
		id, err := server.backend(t).SubmitBatch(t.Context(), requests)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		if _, err := server.backend(t).AwaitBatch(ctx, id, requests); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the first program: %v", err)
		}
		results, err := server.backend(t).AwaitBatch(t.Context(), id, requests)
		if err != nil || len(results) != len(requests) {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, r := range results {
			if i%10 == 3 {
				if r.Completion != nil || !errors.Is(r.Err, sampling.ErrBudget) {
					t.Errorf("request %d: %+v", i, r)
				}
				continue
			}
			if r.Err != nil || r.Completion.Text != fmt.Sprint(" question ", i) || r.Completion.Reason != sampling.StopSequence || r.Completion.Seed != uint64(i+1) || r.Completion.Model != "m-1" {
				t.Errorf("request %d: %+v", i, r)
			}
		}
		if server.made != 1 || server.looked > 300 {
			t.Errorf("%d batches were made, and looked at %d times in 3 hours", server.made, server.looked)
		}
	})
}

func TestBatchEnds(t *testing.T) {
	half := func(i int, body map[string]any) string {
		if i%2 == 1 {
			return ""
		}
		return echoes(i, body)
	}
	for _, test := range []struct {
		why    string
		server *batchServer
		cancel bool
		whole  error // of AwaitBatch
		words  string
		good   int
	}{
		{"expired", &batchServer{status: "expired", line: half}, false, nil, "expired", 2},
		{"cancelled", &batchServer{takes: time.Hour, line: half}, true, nil, "cancelled", 2},
		{"refused", &batchServer{status: "failed"}, false, errAny, "line 3: the file is not JSON Lines", 0},
		{"lines that expired", &batchServer{line: func(i int, body map[string]any) string {
			if i == 0 {
				return echoes(i, body)
			}
			return `"response":null,"error":{"code":"batch_expired","message":"This request could not be executed before the completion window expired."}`
		}}, false, nil, "before the completion window expired", 1},
		{"an unknown reason after the stop", &batchServer{line: func(i int, body map[string]any) string {
			return strings.Replace(echoes(i, body), `"stop"`, `"repetition"`, i)
		}}, false, nil, "", 4},
		{"busy now and then", &batchServer{takes: time.Hour, line: echoes, looks: func(n int) int { return []int{200, 503, 429}[n%3] }}, false, nil, "", 4},
		{"always busy", &batchServer{takes: time.Hour, line: echoes, looks: func(int) int { return 503 }}, false, errAny, "not now", 0},
		{"a key that is refused", &batchServer{takes: time.Hour, line: echoes, looks: func(int) int { return 401 }}, false, errAny, "not now", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			requests := batchOf(4)
			b := test.server.backend(t)
			id, err := b.SubmitBatch(t.Context(), requests)
			if err != nil {
				t.Fatalf("%s: %v", test.why, err)
			}
			if test.cancel {
				if err := b.CancelBatch(t.Context(), id); err != nil {
					t.Errorf("%s: %v", test.why, err)
				}
			}
			results, err := b.AwaitBatch(t.Context(), id, requests)
			if (err != nil) != (test.whole != nil) || err != nil && !strings.Contains(err.Error(), test.words) {
				t.Errorf("%s: %v", test.why, err)
				return
			}
			good := 0
			for i, r := range results {
				switch {
				case r.Err == nil && r.Completion.Text == fmt.Sprint(" question ", i):
					good++
				case r.Err == nil || r.Completion != nil || !strings.Contains(r.Err.Error(), test.words):
					t.Errorf("%s: request %d: %+v", test.why, i, r)
				}
			}
			if good != test.good {
				t.Errorf("%s: %d answers, want %d", test.why, good, test.good)
			}
		})
	}
}

var errAny = errors.New("any")

// What is wrong with a batch is found before anything is sent, and results are
// not joined with other requests.
func TestBatchMisused(t *testing.T) {
	server := &batchServer{line: echoes}
	b := server.backend(t)
	bad := batchOf(3)
	bad[1].Params.TopK = 5
	if _, err := b.SubmitBatch(t.Context(), bad); !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "request 1 ") {
		t.Errorf("a parameter that the server lacks: %v", err)
	}
	if _, err := b.SubmitBatch(t.Context(), nil); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("nothing: %v", err)
	}
	if len(server.files) > 0 {
		t.Error("something was sent")
	}
	requests := batchOf(3)
	id, err := b.SubmitBatch(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for why, others := range map[string][]*sampling.Request{"in another order": {requests[1], requests[0], requests[2]}, "fewer": requests[:2], "others": append(batchOf(2), &sampling.Request{Prompt: "else"})} {
		if _, err := b.AwaitBatch(t.Context(), id, others); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, id := range []string{"", "a/b", "a?b", "..", "a b", "a%2Fb", "a\n"} {
		_, err := b.AwaitBatch(t.Context(), id, requests)
		if cancel := b.CancelBatch(t.Context(), id); !errors.Is(err, sampling.ErrInvalid) || !errors.Is(cancel, sampling.ErrInvalid) {
			t.Errorf("the id %q: %v, %v", id, err, cancel)
		}
	}
	none := []*sampling.Request{nil}
	_, err = b.SubmitBatch(t.Context(), none)
	if _, await := b.AwaitBatch(t.Context(), "batch_1", none); !errors.Is(err, sampling.ErrInvalid) || !errors.Is(await, sampling.ErrInvalid) {
		t.Errorf("a nil request: %v, %v", err, await)
	}
	if _, err := b.AwaitBatch(t.Context(), "batch_9", requests); err == nil {
		t.Error("an unknown batch has results")
	}
}
