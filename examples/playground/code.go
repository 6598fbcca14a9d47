package main

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/sampling"
)

const module = "github.com/foreword-go/foreword"

// A codeWriter writes a Go program and collects its imports.
type codeWriter struct {
	body    bytes.Buffer
	imports map[string]bool
	backend *cli.Backend
	params  sampling.Params
}

// goProgram returns a program for a job.
func goProgram(j job, backend *cli.Backend, p sampling.Params) (string, error) {
	p.Logprobs, p.TopLogprobs = false, 0 // only the page shows them
	w := &codeWriter{imports: map[string]bool{}, backend: backend, params: p}
	w.use("context", "fmt", "log", module+"/sampling")
	j.program(w)
	var std, ours []string
	for path := range w.imports {
		if strings.Contains(path, ".") {
			ours = append(ours, strconv.Quote(path))
		} else {
			std = append(std, strconv.Quote(path))
		}
	}
	slices.Sort(std)
	slices.Sort(ours)
	var file bytes.Buffer
	fmt.Fprintf(&file, "package main\n\nimport (\n%s\n\n%s\n)\n\nfunc main() {\n", strings.Join(std, "\n"), strings.Join(ours, "\n"))
	file.Write(w.body.Bytes())
	file.WriteString("}\n")
	code, err := format.Source(file.Bytes())
	if err != nil {
		return "", fmt.Errorf("the program cannot be written: %w", err)
	}
	return string(code), nil
}

func (w *codeWriter) use(paths ...string) {
	for _, path := range paths {
		w.imports[path] = true
	}
}

func (w *codeWriter) linef(format string, args ...any) { fmt.Fprintf(&w.body, format+"\n", args...) }

// fail writes the handling of an error.
func (w *codeWriter) fail() { w.linef("if err != nil {\nlog.Fatal(err)\n}") }

// model writes a variable model.
func (w *codeWriter) model() {
	window := ""
	if w.backend.Window > 0 {
		window = fmt.Sprintf(", Window: %d", w.backend.Window)
	}
	switch w.backend.Kind {
	case "openai":
		w.use("os", module+"/sampling/openai")
		dialects := map[string]string{"openai": "OpenAI", "llamacpp": "LlamaCpp", "vllm": "VLLM", "sglang": "SGLang"}
		w.linef("backend, err := openai.New(openai.Config{\nBaseURL: %q,\nKey: sampling.NewSecret(os.Getenv(%q)),\nModel: %q,\nDialect: openai.%s,\n})",
			w.backend.URL, "OPENAI_API_KEY", w.backend.Name, dialects[w.backend.Dialect])
		w.fail()
		w.linef("model := sampling.Model{Backend: backend%s}", window)
	case "ollama":
		w.use(module + "/sampling/ollama")
		w.linef("backend, err := ollama.New(ollama.Config{URL: %q, Model: %q%s})", w.backend.URL, w.backend.Name, window)
		w.fail()
		w.linef("model := sampling.Model{Backend: backend%s}", window)
	default:
		w.use(module + "/sampling/pocket")
		w.linef("model := sampling.Model{Backend: pocket.Default()%s}", window)
	}
}

// paramsField writes the field Params of a literal, unless it is zero.
func (w *codeWriter) paramsField() {
	var fields []string
	add := func(set bool, name string, value any) {
		if set {
			fields = append(fields, fmt.Sprintf("%s: %v", name, value))
		}
	}
	p := &w.params
	add(p.MaxTokens != 0, "MaxTokens", p.MaxTokens)
	add(p.Temperature != 0, "Temperature", p.Temperature)
	add(p.TopP != 0, "TopP", p.TopP)
	add(p.TopK != 0, "TopK", p.TopK)
	add(p.MinP != 0, "MinP", p.MinP)
	add(p.Seed != 0, "Seed", p.Seed)
	if len(fields) > 0 {
		w.use(module + "/sampling")
		w.linef("Params: sampling.Params{%s},", strings.Join(fields, ", "))
	}
}

func (j *rawJob) program(w *codeWriter) {
	w.model()
	w.use(module + "/sampling")
	w.linef("request := &sampling.Request{\nPrompt: %s,", goString(j.Prompt))
	if len(j.Stop) > 0 {
		w.linef("Stop: %#v,", j.Stop)
	}
	w.paramsField()
	w.linef("}\nfor chunk, err := range model.Stream(context.Background(), request) {")
	w.fail()
	w.linef("fmt.Print(chunk.Text)\n}\nfmt.Println()")
}

func (j *fewshotJob) program(w *codeWriter) {
	w.model()
	w.use(module + "/fewshot")
	w.linef("task := fewshot.Task[string, string]{")
	if j.Instruction != "" {
		w.linef("Instruction: %s,", goString(j.Instruction))
	}
	w.linef("Format: fewshot.%s,", j.Format)
	if j.Constrain {
		var outputs []string
		for _, out := range j.outputs() {
			outputs = append(outputs, goString(out))
		}
		w.linef("Out: fewshot.OneOf(%s),", strings.Join(outputs, ", "))
		w.linef("Constrain: fewshot.ConstrainRequired,")
	}
	w.paramsField()
	w.linef("}")
	for _, p := range j.Pairs[:j.Shots] {
		w.linef("task.Add(%s, %s)", goString(p.In), goString(p.Out))
	}
	w.linef("answer, err := task.MustCompile().Run(context.Background(), model, %s)", goString(j.Query))
	w.fail()
	w.linef("fmt.Println(answer)")
}

func (j *assistantJob) program(w *codeWriter) {
	w.model()
	w.use(module + "/assistant")
	w.linef("talk := assistant.Conversation{\nModel: model,\nPersona: assistant.Persona{")
	if j.Persona.Description != "" {
		w.linef("Description: %s,", goString(j.Persona.Description))
	}
	if len(j.Persona.Examples) > 0 {
		w.linef("Examples: []assistant.Transcript{")
		for _, example := range j.Persona.Examples {
			w.turns(example)
			w.linef(",")
		}
		w.linef("},")
	}
	if name := map[assistant.Layout]string{assistant.Headings: "Headings", assistant.Dashes: "Dashes"}[j.Persona.Layout]; name != "" {
		w.linef("Layout: assistant.%s,", name)
	}
	if j.Persona.Name != "" {
		w.linef("Name: %s,", goString(j.Persona.Name))
	}
	if j.Persona.User != "" {
		w.linef("User: %s,", goString(j.Persona.User))
	}
	w.linef("},")
	w.paramsField()
	if len(j.Turns) > 0 {
		w.linef("Transcript: assistant.Transcript")
		w.body.Truncate(w.body.Len() - 1) // its turns go on in the line
		w.turns(j.Turns)
		w.linef(",")
	}
	options := "assistant.ReplyOptions{}"
	if j.Prefill != "" {
		options = "assistant.ReplyOptions{Prefill: " + goString(j.Prefill) + "}"
	}
	w.linef("}\nfor chunk, err := range talk.Stream(context.Background(), %s, %s) {", goString(j.Text), options)
	w.fail()
	w.linef("fmt.Print(chunk.Text)\n}\nfmt.Println()")
}

func (w *codeWriter) turns(turns assistant.Transcript) {
	w.linef("{")
	for _, t := range turns {
		w.linef("{User: %s, Reply: %s},", goString(t.User), goString(t.Reply))
	}
	w.body.WriteString("}")
}

// goString returns a Go literal. Text of several lines is a raw string if possible.
func goString(s string) string {
	plain := utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '`' || r == '\ufeff' || r != '\n' && r != '\t' && !unicode.IsPrint(r)
	})
	if plain && strings.Contains(s, "\n") {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}
