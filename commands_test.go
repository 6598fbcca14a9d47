package foreword_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkCommands checks what a block of shell says of this repository: its programs,
// packages, tests and flags must exist. It does not run the commands.
func checkCommands(t *testing.T, block []string) {
	t.Helper()
	script := strings.ReplaceAll(strings.Join(block, "\n"), "\\\n", " ")
	for line := range strings.SplitSeq(script, "\n") {
		line, _, _ = strings.Cut(line, " #")
		words := splitWords(line)
		switch {
		case len(words) == 0:
		case strings.HasPrefix(words[0], ".ci/"):
			if info, err := os.Stat(words[0]); err != nil || info.Mode()&0o111 == 0 {
				t.Errorf("%s is not a program: %v", words[0], err)
			}
		case strings.HasPrefix(line, "go run ./"):
			checkFlags(t, words[2], words[3:])
		case strings.HasPrefix(line, "go test "):
			checkTests(t, words[2:])
		}
	}
}

// checkFlags asks a program for its help, and looks for each flag in it.
func checkFlags(t *testing.T, program string, args []string) {
	t.Helper()
	help := strings.Join(printed(t, "go run "+program+" -h"), "\n")
	for _, arg := range args {
		if name, _, _ := strings.Cut(arg, "="); strings.HasPrefix(arg, "-") && !regexp.MustCompile(`(?m)^  `+name+`\b`).MatchString(help) {
			t.Errorf("%s has no flag %s", program, arg)
		}
	}
}

// checkTests looks for the package of a go test command and for the tests, benchmarks
// and fuzz targets that the command names.
func checkTests(t *testing.T, args []string) {
	t.Helper()
	dir := args[0]
	if dir == "./..." || dir == "." {
		return
	}
	code := ""
	files, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code += string(text)
	}
	for i, arg := range args[1:] {
		if kind := map[string]string{"-run": "Test", "-fuzz": "", "-bench": "Benchmark"}; arg == "-run" || arg == "-fuzz" || arg == "-bench" {
			if name := args[i+2]; !regexp.MustCompile(`func ` + kind[arg] + `\w*` + name).MatchString(code) {
				t.Errorf("%s has nothing for %s %s", dir, arg, name)
			}
		}
	}
	if code == "" {
		t.Errorf("%s has no tests", dir)
	}
}

// TestImport imports this module into a new one as the README describes, and runs the
// README's first program there.
func TestImport(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Use it in your module\n")
	_, section, _ = strings.Cut(section, "```sh\n")
	script, _, found := strings.Cut(section, "```")
	if !found || !strings.Contains(script, "-replace") {
		t.Fatalf("the README does not say how to import the module: %q", script)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/first/main.go")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, "app") // always the same, so that go's build cache knows it
	if err := errors.Join(os.RemoveAll(app), os.Mkdir(app, 0o777)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(app, "main.go"), program, 0o666); err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "../foreword", here) // where a reader's clone would be
	script = "go mod init example.com/app\n" + strings.ReplaceAll(script, "\\\n", " ") + "go run ."
	var out []byte
	for line := range strings.SplitSeq(script, "\n") {
		words := splitWords(line)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = app
		// Building this module has downloaded all that is needed.
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")
		if out, err = cmd.Output(); err != nil {
			message := ""
			if exit, ok := err.(*exec.ExitError); ok {
				message = string(exit.Stderr)
			}
			t.Fatalf("%s: %v\n%s", line, err, message)
		}
	}
	if string(out) != "선생님\n" {
		t.Errorf("the program printed %q", out)
	}
}

// TestTranslatedReadme compares the code blocks of the Chinese README with those
// of the English one. The text between them may differ.
func TestTranslatedReadme(t *testing.T) {
	english, chinese := codeBlocks(t, "README.md"), codeBlocks(t, "README.zh-CN.md")
	if diff := cmp.Diff(english, chinese); diff != "" {
		t.Errorf("README.zh-CN.md has other code blocks (-README.md +README.zh-CN.md):\n%s", diff)
	}
}

// codeBlocks returns the lines of a document's code blocks.
func codeBlocks(t *testing.T, file string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inBlock := false
	for line := range strings.SplitSeq(string(text), "\n") {
		fence := strings.HasPrefix(line, "```")
		if inBlock || fence {
			lines = append(lines, line)
		}
		inBlock = inBlock != fence
	}
	return lines
}
