package foreword_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foreword-go/foreword/internal/golden"
)

const module = "github.com/foreword-go/foreword"

// arrows says which packages each package may import, apart from the standard library.
// A package that is not listed may import none. An entry that ends in /... includes
// all packages below it.
var arrows = map[string][]string{
	".":                                  {},
	"sampling":                           {"internal/seeds", "internal/parallel", "internal/whole"},
	"internal/...":                       {"internal/filelock", "sampling"},
	"internal/golden":                    {"github.com/google/go-cmp/cmp"},
	"internal/jsonpattern":               {"internal/strictjson", "sampling"},
	"internal/words":                     {"golang.org/x/text/unicode/norm"},
	"sampling/openai":                    {"internal/seeds", "sampling", "internal/httpwire", "internal/special", "github.com/sashabaranov/go-openai"},
	"sampling/ollama":                    {"sampling", "internal/httpwire", "internal/special"},
	"sampling/pocket":                    {"internal/seeds", "sampling"},
	"sampling/pocket/internal/wordlists": {},
	"sampling/tiktoken":                  {"sampling", "github.com/pkoukk/tiktoken-go", "github.com/pkoukk/tiktoken-go-loader"},
	"sampling/wrap":                      {"internal/seeds", "sampling", "internal/store", "internal/whole", "internal/words", "golang.org/x/text/unicode/norm", "golang.org/x/time/rate"},
	"sampling/probe":                     {"sampling", "internal/words"},
	"sampling/samplingtest":              {"sampling"},
	"fewshot":                            {"internal/seeds", "sampling", "internal/jsonpattern", "internal/parallel", "internal/strictjson"},
	"fewshot/choose":                     {"fewshot"},
	"fewshot/eval":                       {"fewshot", "internal/parallel", "sampling"},
	"assistant":                          {"internal/seeds", "fewshot", "internal/filelock", "internal/strictjson", "sampling"},
	"assistant/chatapi":                  {"internal/seeds", "assistant", "internal/gonames", "internal/jsonpattern", "internal/parallel", "internal/strictjson", "sampling", "github.com/sashabaranov/go-openai"},
}

// TestArrows fails if an import is against the design (docs/design.md). Tests and
// examples may import everything.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		if p.dir == "examples" || strings.HasPrefix(p.dir, "examples/") {
			continue
		}
		allowed, known := arrows[p.dir]
		if !known {
			allowed, known = arrows[path.Dir(p.dir)+"/..."]
		}
		if !known {
			t.Errorf("package %s is not in arrows; add it with the packages that it may import", p.dir)
		}
		for _, imported := range p.imports {
			inside, isOurs := strings.CutPrefix(imported, module+"/")
			if first, _, _ := strings.Cut(imported, "/"); !isOurs && !strings.Contains(first, ".") {
				continue // the standard library
			}
			if isOurs {
				imported = inside
			}
			if !slices.Contains(allowed, imported) && !slices.Contains(allowed, path.Dir(imported)+"/...") {
				t.Errorf("package %s imports %s, against the arrows of docs/design.md", p.dir, imported)
			}
		}
	}
}

// TestStandardLibraryAlone asks the go command for all dependencies of the three
// packages that others build on.
func TestStandardLibraryAlone(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}",
		"./sampling", "./fewshot", "./assistant").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(dep, module+"/") {
			t.Errorf("sampling, fewshot or assistant depends on %s", dep)
		}
	}
}

// TestPackageComments fails if a package has no package comment.
func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		want := "Package " + p.name + " "
		if p.name == "main" {
			want = "Command " + path.Base(p.dir) + " "
		}
		if !slices.ContainsFunc(p.files, func(f *ast.File) bool { return strings.HasPrefix(f.Doc.Text(), want) }) {
			t.Errorf("no file of %s begins with a comment %q", p.dir, want+"...")
		}
	}
}

// TestExportedNames fails if the exported names differ from docs/api.txt, or if one has
// no doc comment.
func TestExportedNames(t *testing.T) {
	var listing strings.Builder
	for _, p := range packages(t) {
		if p.name == "main" || strings.Contains(p.dir+"/", "internal/") {
			continue
		}
		for _, line := range p.exported(t) {
			listing.WriteString(line + "\n")
		}
	}
	golden.Check(t, "docs/api.txt", listing.String())
}

// A pkg is one package of the module, without its tests.
type pkg struct {
	dir     string
	name    string
	imports []string
	files   []*ast.File
	fset    *token.FileSet
}

func packages(t *testing.T) []*pkg {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// parsed reads the packages once for all tests.
var parsed = sync.OnceValues(func() ([]*pkg, error) {
	byDir := map[string]*pkg{}
	var dirs []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if file != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(file, "go.mod")); file != "." && err == nil {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		p := byDir[dir]
		if p == nil {
			p = &pkg{dir: dir, fset: token.NewFileSet()}
			byDir[dir] = p
			dirs = append(dirs, dir)
		}
		f, err := parser.ParseFile(p.fset, file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		p.name = f.Name.Name
		p.files = append(p.files, f)
		for _, spec := range f.Imports {
			p.imports = append(p.imports, strings.Trim(spec.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(dirs)
	all := make([]*pkg, len(dirs))
	for i, dir := range dirs {
		all[i] = byDir[dir]
		slices.Sort(all[i].imports)
		all[i].imports = slices.Compact(all[i].imports)
	}
	return all, nil
})

// exported lists the package's exported names, one a line, sorted.
func (p *pkg) exported(t *testing.T) []string {
	var lines []string
	add := func(documented bool, node ast.Node, text string) {
		if !documented {
			t.Errorf("%s: %s has no documentation", p.fset.Position(node.Pos()), text)
		}
		lines = append(lines, p.dir+": "+text)
	}
	for _, f := range p.files {
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if !d.Name.IsExported() || d.Recv != nil && !ast.IsExported(receiver(d)) {
					continue
				}
				sig := *d
				sig.Body, sig.Doc = nil, nil
				add(d.Doc != nil, d, p.print(&sig))
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						for _, name := range s.Names {
							if name.IsExported() {
								add(d.Doc != nil || s.Doc != nil || s.Comment != nil, s, d.Tok.String()+" "+name.Name)
							}
						}
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							p.addType(s, add, d.Doc != nil || s.Doc != nil)
						}
					}
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func (p *pkg) addType(s *ast.TypeSpec, add func(bool, ast.Node, string), documented bool) {
	text := "type " + s.Name.Name
	var fields *ast.FieldList
	switch typ := s.Type.(type) {
	case *ast.StructType:
		text, fields = text+" struct", typ.Fields
	case *ast.InterfaceType:
		text, fields = text+" interface", typ.Methods
	default:
		text += " " + p.print(s.Type)
	}
	add(documented, s, text)
	if fields == nil {
		return
	}
	for _, field := range fields.List {
		if len(field.Names) == 0 && ast.IsExported(nameOf(field.Type)) {
			add(true, field, "type "+s.Name.Name+", embedded "+p.print(field.Type))
		}
		for _, name := range field.Names {
			if name.IsExported() {
				// A field may be explained by its type's comment, so only types
				// and functions are required to have one.
				add(true, field, "type "+s.Name.Name+", "+name.Name+" "+p.print(field.Type))
			}
		}
	}
}

func receiver(d *ast.FuncDecl) string { return nameOf(d.Recv.List[0].Type) }

// nameOf returns the name of the type of a receiver or a field.
func nameOf(typ ast.Expr) string {
	for {
		switch x := typ.(type) {
		case *ast.SelectorExpr:
			typ = x.Sel
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func (p *pkg) print(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, p.fset, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
