package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/examples/internal/cli"
	"github.com/foreword-go/foreword/internal/golden"
	"github.com/foreword-go/foreword/sampling"
)

// program asks for a Go program.
func program(t *testing.T, backend *cli.Backend, tab, body string) (code string) {
	t.Helper()
	status, answer := call(serverFor(t, backend, sampling.Price{}), "/api/"+tab+"/code", body)
	var got struct{ Code string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 {
		t.Fatalf("status %d: %s", status, answer)
	}
	if strings.Contains(got.Code, "foreword/internal/") || strings.Contains(got.Code, "/examples/") {
		t.Fatalf("the program imports what its reader cannot:\n%s", got.Code)
	}
	return got.Code
}

// goTool runs a go command on programs: run, or list -export, which compiles without
// linking. An overlay puts each program in a folder of its own that is always the
// same, so that go's build cache knows the program.
func goTool(t *testing.T, verb string, programs ...string) string {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	dir, files := t.TempDir(), map[string]string{}
	overlay := filepath.Join(dir, "overlay.json")
	args := append(strings.Fields(verb), "-overlay", overlay)
	for i, code := range programs {
		folder, file := fmt.Sprint("program", i), filepath.Join(dir, fmt.Sprint(i, ".go"))
		if err := os.WriteFile(file, []byte(code), 0o666); err != nil {
			t.Fatal(err)
		}
		files[filepath.Join(here, folder, "main.go")] = file
		args = append(args, "./"+folder)
	}
	text, err := json.Marshal(map[string]any{"Replace": files})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestCodeRuns runs the program of each tab and compares what it prints with
// what the page was answered.
func TestCodeRuns(t *testing.T) {
	pocket := &cli.Backend{Kind: "pocket"}
	for _, c := range []struct{ tab, body string }{
		{"raw", `{"prompt":"Why is the sky blue?\n","stop":["\n\n","?\nHow"],"max_tokens":30}`},
		{"fewshot", `{"instruction":"Say it in Korean: \"quoted\".","pairs":[{"in":"ocean","out":"바다"},{"in":"a ` + "`" + `b","out":"\\n %s {{.}}"},{"in":"gentle","out":"온화한"}],"shots":1,"format":"Lines","query":"teacher"}`},
		{"assistant", `{"persona":{"description":"Two\nlines.","layout":"dashes","name":"Owl","user":"You","examples":[[{"user":"Hello","reply":"Hello."},{"user":"And?","reply":"Ask."}]]},` +
			`"turns":[{"user":"Are you there?","reply":"Yes."}],"text":"Why is the sky blue?","prefill":"The","max_tokens":40,"top_k":5}`},
	} {
		t.Run(c.tab, func(t *testing.T) {
			printed := goTool(t, "run", program(t, pocket, c.tab, c.body))
			_, answer := call(serverFor(t, pocket, sampling.Price{}), "/api/"+c.tab+"/run", c.body)
			var text string
			for line := range strings.Lines(answer) {
				var e event
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				if e.Text != nil {
					text += e.Text.Text
				}
				if e.End != nil && e.End.Answer != nil {
					text = *e.End.Answer
				}
			}
			if printed != text+"\n" || strings.TrimSpace(text) == "" {
				t.Errorf("the program prints\n%q, the page was answered\n%q", printed, text)
			}
		})
	}
}

// TestCode compares programs for each kind of backend with goldens, and compiles
// them.
func TestCode(t *testing.T) {
	const body = `{"pairs":[{"in":"ocean","out":"바다"}],"shots":1,"format":"Arrow","query":"teacher","temperature":0.7,"top_p":0.9,"min_p":0.05,"seed":7}`
	var programs []string
	for _, backend := range []*cli.Backend{
		{Kind: "pocket", Window: 512},
		{Kind: "openai", URL: "https://api.hyperbolic.xyz/v1", Name: "meta-llama/Meta-Llama-3.1-405B", Dialect: "sglang", Window: 8192},
		{Kind: "ollama", URL: "http://localhost:11434", Name: "llama3.1:8b-text-q4_K_M"},
	} {
		code := program(t, backend, "fewshot", body)
		if strings.Contains(code, "sk-secret") {
			t.Error("the key is in the program")
		}
		golden.Check(t, "testdata/code-"+backend.Kind+".txt", code)
		programs = append(programs, code)
	}
	goTool(t, "list -export", append(programs, program(t, &cli.Backend{Kind: "ollama", Name: "m"}, "raw", `{"prompt":"x"}`),
		program(t, &cli.Backend{Kind: "ollama", Name: "m"}, "assistant", `{"persona":{"layout":"headings"},"turns":[],"text":"x"}`))...)
}
