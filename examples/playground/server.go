package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/internal/strictjson"
)

//go:embed web
var web embed.FS

// presets are settings of the tabs that the page offers.
//
//go:embed presets.json
var presets []byte

const (
	maxBody     = 1 << 20         // bytes of a request
	maxRequests = 64              // concurrent answers of all pages
	maxAnswer   = 5 * time.Minute // to complete an answer
	maxStall    = 30 * time.Second
)

// A server answers the page.
type server struct {
	models *models
	slots  chan struct{}
}

func newServer(m *models) http.Handler {
	s := &server{m, make(chan struct{}, maxRequests)}
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /api/state", s.state)
	mux.HandleFunc("POST /api/raw/{act}", func(w http.ResponseWriter, r *http.Request) { s.act(w, r, new(rawJob)) })
	mux.HandleFunc("POST /api/fewshot/{act}", func(w http.ResponseWriter, r *http.Request) { s.act(w, r, new(fewshotJob)) })
	mux.HandleFunc("POST /api/assistant/{act}", func(w http.ResponseWriter, r *http.Request) { s.act(w, r, new(assistantJob)) })
	return guard(mux)
}

// A job is what a tab of the page asks for.
type job interface {
	common() *settings

	// prompt returns the prompt without asking a model.
	prompt(ctx context.Context, o *opened) (*promptEvent, error)

	// run draws the continuation and writes its events.
	run(ctx context.Context, o *opened, out *stream) error

	// program returns the main function of a Go program that does the same.
	program(w *codeWriter)
}

// state tells the page its choices.
func (s *server) state(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"backends": s.models.objects(),
		"formats":  formatNames,
		"layouts":  []assistant.Layout{assistant.Dialogue, assistant.Headings, assistant.Dashes},
		"persona":  assistant.Helpful(),
		"presets":  json.RawMessage(presets),
	})
}

// act reads a job and does what the address says with it.
func (s *server) act(w http.ResponseWriter, r *http.Request, j job) {
	if err := readJob(w, r, j); err != nil {
		refuse(w, err)
		return
	}
	set := j.common()
	params, err := set.params()
	if err != nil {
		refuse(w, err)
		return
	}
	model, meter, err := s.models.open(set.Backend, set.Model)
	if err != nil {
		refuse(w, err)
		return
	}
	o := &opened{model: model, meter: meter, params: params}
	ctx, cancel := context.WithTimeout(r.Context(), maxAnswer)
	defer cancel()
	switch r.PathValue("act") {
	case "prompt":
		prompt, err := j.prompt(ctx, o)
		if err != nil {
			refuse(w, err)
			return
		}
		reply(w, http.StatusOK, prompt)
	case "run":
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			refuse(w, &fault{Message: "too many answers are under way at once; try again", status: http.StatusTooManyRequests})
			return
		}
		out := &stream{w: w, control: http.NewResponseController(w), meter: meter}
		if err := j.run(ctx, o, out); err != nil {
			out.fail(hinted(err, params))
		}
	case "code":
		backend, err := s.models.find(set.Backend, set.Model)
		if err != nil {
			refuse(w, err)
			return
		}
		if _, err := j.prompt(ctx, o); err != nil {
			refuse(w, err) // the program would fail the same way
			return
		}
		code, err := goProgram(j, backend, params)
		if err != nil {
			refuse(w, err)
			return
		}
		reply(w, http.StatusOK, map[string]string{"code": code})
	default:
		http.NotFound(w, r)
	}
}

// readJob reads the body of a request, strictly.
func readJob(w http.ResponseWriter, r *http.Request, j job) error {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(maxStall)) // a test's recorder has none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return &fault{Message: fmt.Sprintf("the request is over the limit of %d bytes", maxBody), status: http.StatusRequestEntityTooLarge}
	}
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // reading tells the server when the page is gone
		err = strictjson.Decode(body, j)
	}
	if err == nil {
		return nil
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		text = fmt.Sprintf("%s has the wrong type, %s", wrong.Field, wrong.Value)
	}
	return &fault{Message: "the request cannot be read: " + text, status: http.StatusBadRequest}
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the page may be gone
}

func refuse(w http.ResponseWriter, err error) {
	f := asFault(err)
	reply(w, f.status, map[string]*fault{"error": f})
}
