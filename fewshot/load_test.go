package fewshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

type shot = fewshot.Example[string, string]

func TestReadExamples(t *testing.T) {
	want := []shot{{In: "ocean", Out: "바다"}, {In: `say "hi"`, Out: "a\tb"}}
	jsonl := `{"in":"ocean","out":"바다"}` + "\n" + `{"out":"a\tb", "in":"say \"hi\""}` + "\n"
	csv := "in,out\nocean,바다\n\"say \"\"hi\"\"\",a\tb\n"
	tsv := "out\tin\n바다\tocean\nx\tsay \"hi\"\n"
	tests := []struct {
		name string
		file iter.Seq2[shot, error]
		want []shot
	}{
		{"JSON Lines", fewshot.ReadJSONL[string, string](strings.NewReader(jsonl), fewshot.LoadOptions{}), want},
		{"one byte at a time", fewshot.ReadJSONL[string, string](iotest.OneByteReader(strings.NewReader(jsonl)), fewshot.LoadOptions{}), want},
		{"byte order mark, CRLF, empty lines, no last newline", fewshot.ReadJSONL[string, string](strings.NewReader("\ufeff"+strings.TrimSpace(strings.ReplaceAll(jsonl, "\n", "\r\n\r\n"))), fewshot.LoadOptions{}), want},
		{"other fields", fewshot.ReadJSONL[string, string](strings.NewReader(`{"id":1,"in":"ocean","out":"바다"}`), fewshot.LoadOptions{}), want[:1]},
		{"surrogate pairs and what only looks like one", fewshot.ReadJSONL[string, string](strings.NewReader(`{"in":"\ud83d\ude00 \\ud83d","out":"x"}`), fewshot.LoadOptions{}), []shot{{In: `😀 \ud83d`, Out: "x"}}},
		{"fields of other names", fewshot.ReadJSONL[string, string](strings.NewReader(`{"word":"ocean","korean":"바다"}`), fewshot.LoadOptions{In: "word", Out: "korean"}), want[:1]},
		{"nothing", fewshot.ReadJSONL[string, string](strings.NewReader(""), fewshot.LoadOptions{}), nil},
		{"CSV", fewshot.ReadCSV[string, string](strings.NewReader(csv), fewshot.LoadOptions{}), want},
		{"CSV with a byte order mark and CRLF", fewshot.ReadCSV[string, string](strings.NewReader("\ufeff"+strings.ReplaceAll(csv, "\n", "\r\n")), fewshot.LoadOptions{}), want},
		{"CSV with CR alone", fewshot.ReadCSV[string, string](strings.NewReader("\ufeff"+strings.ReplaceAll(csv, "\n", "\r")), fewshot.LoadOptions{}), want},
		{"TSV with CR alone", fewshot.ReadTSV[string, string](strings.NewReader("in\tout\rocean\t바다\r"), fewshot.LoadOptions{}), want[:1]},
		{"JSON Lines with CR alone", fewshot.ReadJSONL[string, string](iotest.OneByteReader(strings.NewReader(strings.ReplaceAll(jsonl, "\n", "\r"))), fewshot.LoadOptions{}), want},
		{"CSV with CR alone and a field of several lines", fewshot.ReadCSV[string, string](strings.NewReader("in,out\r\"a\rb\",c\r"), fewshot.LoadOptions{}), []shot{{In: "a\nb", Out: "c"}}},
		{"a field of several lines", fewshot.ReadCSV[string, string](strings.NewReader("in,out\n\"a\nb\",c\n"), fewshot.LoadOptions{}), []shot{{In: "a\nb", Out: "c"}}},
		{"other columns", fewshot.ReadCSV[string, string](strings.NewReader("id,in,out\n1,ocean,바다\n"), fewshot.LoadOptions{}), want[:1]},
		{"TSV with empty lines", fewshot.ReadTSV[string, string](strings.NewReader("\nin\tout\n\nocean\t바다\n\n"), fewshot.LoadOptions{}), want[:1]},
		{"TSV has no quotes and any order of columns", fewshot.ReadTSV[string, string](strings.NewReader(tsv), fewshot.LoadOptions{}), []shot{{In: "ocean", Out: "바다"}, {In: `say "hi"`, Out: "x"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := fewshot.Collect(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, withoutAt); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadTypedExamples(t *testing.T) {
	file := `{"in":{"name":"Ada","age":34},"out":[1,2]}` + "\n"
	got, err := fewshot.Collect(fewshot.ReadJSONL[person, []int](strings.NewReader(file), fewshot.LoadOptions{}))
	want := []fewshot.Example[person, []int]{{In: person{"Ada", 34}, Out: []int{1, 2}}}
	if diff := cmp.Diff(want, got, withoutAt); err != nil || diff != "" {
		t.Errorf("JSON Lines: %v (-want +got):\n%s", err, diff)
	}
	for _, file := range []string{`{"in":{"name":"Ada"},"out":[1]}`, `{"in":{"name":"Ada","age":34,"x":1},"out":[1]}`, `{"in":{"name":"Ada","age":34},"out":[1,null]}`} {
		var wrong *fewshot.FileError
		if _, err := fewshot.Collect(fewshot.ReadJSONL[person, []int](strings.NewReader(file), fewshot.LoadOptions{})); !errors.As(err, &wrong) || wrong.Line != 1 {
			t.Errorf("%s: %v", file, err)
		}
	}
	numbers, err := fewshot.Collect(fewshot.ReadCSV[int, bool](strings.NewReader("in,out\n3,true\n"), fewshot.LoadOptions{}))
	if diff := cmp.Diff([]fewshot.Example[int, bool]{{In: 3, Out: true}}, numbers, withoutAt); err != nil || diff != "" {
		t.Errorf("CSV: %v (-want +got):\n%s", err, diff)
	}
}

func TestFilesThatAreWrong(t *testing.T) {
	jsonl := func(s string) iter.Seq2[fewshot.Example[string, int], error] {
		return fewshot.ReadJSONL[string, int](strings.NewReader(s), fewshot.LoadOptions{})
	}
	csv := func(s string) iter.Seq2[fewshot.Example[string, int], error] {
		return fewshot.ReadCSV[string, int](strings.NewReader(s), fewshot.LoadOptions{})
	}
	tsv := func(s string) iter.Seq2[fewshot.Example[string, int], error] {
		return fewshot.ReadTSV[string, int](strings.NewReader(s), fewshot.LoadOptions{})
	}
	good := `{"in":"a","out":1}` + "\n"
	tests := []struct {
		name   string
		file   iter.Seq2[fewshot.Example[string, int], error]
		before int // examples that come before the error
		line   int
	}{
		{"a missing field", jsonl(good + good + `{"in":"a"}`), 2, 3},
		{"a field twice", jsonl(`{"in":"a","in":"b","out":1}`), 0, 1},
		{"a wrong type", jsonl(`{"in":"a","out":"x"}`), 0, 1},
		{"null", jsonl(`{"in":null,"out":1}`), 0, 1},
		{"a line cut off", jsonl(good + `{"in":"a","ou`), 1, 2},
		{"a line cut off in front of its end", jsonl(`{"in":"a","out":1`), 0, 1},
		{"a comma too many", jsonl(`{"in":"a","out":1,}`), 0, 1},
		{"a comma missing", jsonl(`{"in":"a" "out":1}`), 0, 1},
		{"no JSON inside of a value", jsonl(`{"in":"a","out":tru}`), 0, 1},
		{"a control character", jsonl("{\"in\":\"a\x00\",\"out\":1}"), 0, 1},
		{"half of a surrogate pair", jsonl(`{"in":"a\ud83d","out":1}`), 0, 1},
		{"no JSON at all", jsonl("nul"), 0, 1},
		{"no object", jsonl("[1]"), 0, 1},
		{"two objects in a line", jsonl(`{"in":"a","out":1}{"in":"b","out":1}`), 0, 1},
		{"text that is not UTF-8", jsonl(good + "{\"in\":\"\xff\",\"out\":1}"), 1, 2},
		{"a missing column", csv("in\n"), 0, 1},
		{"a column twice", csv("in,in\n"), 0, 1},
		{"too few fields", csv("in,out\na\n"), 0, 2},
		{"a value of the wrong type", csv("in,out\na,1\nb,x\n"), 1, 3},
		{"a quote that does not end", csv("in,out\na,\"1\n"), 0, 2},
		{"a quote that stays open for two more lines", csv("in,out\na,\"1\nb,2\nc,3\n"), 0, 2},
		{"no header", csv(""), 0, 1},
		{"a tab too many", tsv("in\tout\na\t1\t2\n"), 0, 2},
		{"a value of the wrong type after a tab", tsv("in\tout\na\tx\n"), 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := fewshot.Collect(tt.file)
			var file *fewshot.FileError
			if !errors.As(err, &file) {
				t.Fatalf("error %v, want a FileError", err)
			}
			if len(got) != tt.before || file.Line != tt.line {
				t.Errorf("after %d examples: %v; want an error at line %d, after %d", len(got), err, tt.line, tt.before)
			}
		})
	}
	broken := errors.New("the disk is gone")
	for name, read := range map[string]func(io.Reader, fewshot.LoadOptions) iter.Seq2[shot, error]{
		"JSON Lines": fewshot.ReadJSONL[string, string], "CSV": fewshot.ReadCSV[string, string], "TSV": fewshot.ReadTSV[string, string],
	} {
		if _, err := fewshot.Collect(read(strings.NewReader("in,out\n"), fewshot.LoadOptions{In: "out"})); !errors.Is(err, sampling.ErrInvalid) {
			t.Errorf("%s, both sides in one field: %v", name, err)
		}
		if _, err := fewshot.Collect(read(iotest.ErrReader(broken), fewshot.LoadOptions{})); !errors.Is(err, broken) {
			t.Errorf("%s, a reader that fails: %v", name, err)
		}
	}
}

// TestWriteJSONL reads back values that are written in ways of their own.
func TestWriteJSONL(t *testing.T) {
	type value struct {
		List []int          `json:"list"`
		Map  map[string]int `json:"map"`
		Next *value         `json:"next"`
		Left string         `json:"left,omitempty"`
		Any  any            `json:"any"`
	}
	want := []fewshot.Example[*value, []int]{
		{}, {In: &value{}, Out: []int{}}, {In: &value{List: []int{1}, Map: map[string]int{"a": 0}, Next: &value{Left: "x"}, Any: "y"}, Out: []int{0}},
	}
	var b strings.Builder
	if err := fewshot.WriteJSONL(&b, want, fewshot.LoadOptions{In: "a", Out: "b"}); err != nil {
		t.Fatal(err)
	}
	got, err := fewshot.Collect(fewshot.ReadJSONL[*value, []int](strings.NewReader(b.String()), fewshot.LoadOptions{In: "a", Out: "b"}))
	if diff := cmp.Diff(want, got, withoutAt); err != nil || diff != "" {
		t.Errorf("%v (-written +read):\n%s\n%s", err, diff, b.String())
	}
	var wrong *fewshot.ValueError
	if err := fewshot.WriteJSONL(io.Discard, []shot{{In: "a", Out: "b"}, {In: "\xff", Out: "b", At: "x:2"}}, fewshot.LoadOptions{}); !errors.As(err, &wrong) || wrong.Example != 1 || wrong.At != "x:2" {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}

// FuzzReadJSONL checks that what is written is read back, and that no file
// makes the reader panic.
func FuzzReadJSONL(f *testing.F) {
	f.Add("ocean", "바다", []byte(`{"in":"a"`))
	f.Add("\n\u2028\"", "<&>", []byte("{\"in\":1,\n"))
	f.Fuzz(func(t *testing.T, in, out string, file []byte) {
		for range fewshot.ReadJSONL[string, int](bytes.NewReader(file), fewshot.LoadOptions{}) {
		}
		want := []shot{{In: in, Out: out}, {In: out, Out: in}}
		var b bytes.Buffer
		if err := fewshot.WriteJSONL(&b, want, fewshot.LoadOptions{}); err != nil {
			return // not UTF-8
		}
		got, err := fewshot.Collect(fewshot.ReadJSONL[string, string](&b, fewshot.LoadOptions{}))
		if diff := cmp.Diff(want, got, withoutAt); err != nil || diff != "" {
			t.Errorf("%v (-written +read):\n%s", err, diff)
		}
	})
}

// TestReadingIsStreaming reads from a source that never ends.
func TestReadingIsStreaming(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		for {
			if _, err := io.WriteString(w, `{"in":"a","out":"b"}`+"\n"); err != nil {
				return
			}
		}
	}()
	n := 0
	for _, err := range fewshot.ReadJSONL[string, string](r, fewshot.LoadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1000 {
			break
		}
	}
	r.Close() // ends the writer
}

// What is wrong with a file is said with the place where it is.
func ExampleReadCSV() {
	const file = "english,korean,note\nocean,바다,\nriver,강,\"a\nb\"\nmoon\n"
	columns := fewshot.LoadOptions{In: "english", Out: "korean"}
	for example, err := range fewshot.ReadCSV[string, string](strings.NewReader(file), columns) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(example.In, example.Out)
	}
	// Output:
	// ocean 바다
	// river 강
	// fewshot: line 5: 1 fields instead of 3
}

// Examples of any type, with numbers where the type has numbers.
func ExampleReadJSONL() {
	const file = `{"in": "two plus two", "out": 4}
{"in": "three plus one", "out": "4"}`
	examples, err := fewshot.Collect(fewshot.ReadJSONL[string, int](strings.NewReader(file), fewshot.LoadOptions{}))
	fmt.Println(examples)
	var where *fewshot.FileError
	if errors.As(err, &where) {
		fmt.Printf("a string at line %d\n", where.Line)
	}
	// Output:
	// [{two plus two 4 line 1}]
	// a string at line 2
}

// withoutAt compares examples but for where they came from.
var withoutAt = cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "At" }, cmp.Ignore())

// TestAt has examples say where they came from.
func TestAt(t *testing.T) {
	const jsonl, table = "{\"in\":\"a\",\"out\":\"b\"}\n\n{\"in\":\"c\",\"out\":\"d\"}\n", "in,out\na,b\nc,d\n"
	for name, want := range map[string][2]string{"": {"line 3", "line 3"}, "words": {"words:3", "words:3"}} {
		o := fewshot.LoadOptions{Name: name}
		lines, err1 := fewshot.Collect(fewshot.ReadJSONL[string, string](strings.NewReader(jsonl), o))
		rows, err2 := fewshot.Collect(fewshot.ReadCSV[string, string](strings.NewReader(table), o))
		if err1 != nil || err2 != nil || lines[1].At != want[0] || rows[1].At != want[1] {
			t.Errorf("%+v, %v; %+v, %v; want %q", lines, err1, rows, err2, want)
		}
	}
}
