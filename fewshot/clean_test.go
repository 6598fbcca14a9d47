package fewshot_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
)

var readers = map[string]func(io.Reader, fewshot.LoadOptions) iter.Seq2[shot, error]{
	"JSON Lines": fewshot.ReadJSONL[string, string], "CSV": fewshot.ReadCSV[string, string], "TSV": fewshot.ReadTSV[string, string],
}

// Dirty rows are mended or left out, and each is reported.
func ExampleLoadOptions() {
	const file = `review;label
 A lovely book. ;positive
Too long.;Negative
A lovely book.;positive
Too long.;positive
Good;bad;ugly
It is a book.;neutral
;positive
`
	examples, err := fewshot.Collect(fewshot.ReadCSV[string, string](strings.NewReader(file), fewshot.LoadOptions{
		Name: "reviews.csv", In: "review", Out: "label",
		Trim: true, Labels: []string{"positive", "negative"}, Distinct: true, Skip: true,
		Report: func(e *fewshot.FileError) { fmt.Println(e) },
	}))
	fmt.Println(examples, err)
	// Output:
	// fewshot: reviews.csv:2: white space removed
	// fewshot: reviews.csv:3: "Negative" read as "negative"
	// fewshot: reviews.csv:4: left out: repeats line 2
	// fewshot: reviews.csv:5: left out: line 3 has the same input and another output
	// fewshot: reviews.csv:6: left out: 3 fields instead of 2
	// fewshot: reviews.csv:7: left out: "neutral" is not one of the labels ["positive" "negative"]
	// fewshot: reviews.csv:8: left out: is empty
	// [{A lovely book. positive reviews.csv:2} {Too long. negative reviews.csv:3}] <nil>
}

// utf16Of is text in UTF-16, by the standard library.
func utf16Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// TestEncodings reads the same rows in every encoding, whole and byte by byte.
func TestEncodings(t *testing.T) {
	long := strings.Repeat("고양이 😀 ", 3000)
	want := []shot{{In: "바다 😀", Out: "sea"}, {In: long, Out: "\U0010FFFFé"}}
	files := map[string]string{
		"JSON Lines": fmt.Sprintf("{\"in\":%q,\"out\":\"sea\"}\r\n{\"in\":\"%s\",\"out\":\"\U0010FFFFé\"}", want[0].In, long),
		"CSV":        "in,out\r\n바다 😀,sea\r\n" + long + ",\U0010FFFFé\r\n",
		"TSV":        "in\tout\n바다 😀\tsea\n" + long + "\t\U0010FFFFé",
	}
	for format, read := range readers {
		for encoding, text := range map[string]string{
			"UTF-8":                     files[format],
			"UTF-8 with a mark":         "\ufeff" + files[format],
			"UTF-16LE":                  utf16Of(binary.LittleEndian, files[format]),
			"UTF-16LE with a mark":      utf16Of(binary.LittleEndian, "\ufeff"+files[format]),
			"UTF-16BE":                  utf16Of(binary.BigEndian, files[format]),
			"UTF-16BE with a mark":      utf16Of(binary.BigEndian, "\ufeff"+files[format]),
			"with semicolons":           strings.ReplaceAll(files[format], "in,out", "in;out"),
			"with tabs":                 strings.ReplaceAll(files[format], "in,out", "in\tout"),
			"UTF-16LE, mark, semicolon": utf16Of(binary.LittleEndian, "\ufeff"+strings.ReplaceAll(files[format], "in,out", "in;out")),
		} {
			if format == "CSV" && strings.Contains(encoding, "semicolon") {
				text = strings.ReplaceAll(text, ",", ";")
			}
			if format == "CSV" && encoding == "with tabs" {
				text = strings.ReplaceAll(text, ",", "\t")
			}
			for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
				got, err := fewshot.Collect(read(r, fewshot.LoadOptions{}))
				if diff := cmp.Diff(want, got, withoutAt); err != nil || diff != "" {
					t.Errorf("%s in %s: %v (-want +got):\n%.300s", format, encoding, err, diff)
				}
			}
		}
	}
}

// TestNULInHeader reads a table in which only the name of another column is odd.
func TestNULInHeader(t *testing.T) {
	got, err := fewshot.Collect(readers["CSV"](strings.NewReader("in,out,note\x00\na,b,c\n"), fewshot.LoadOptions{}))
	if diff := cmp.Diff([]shot{{In: "a", Out: "b"}}, got, withoutAt); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestWrongEncodings has files that no reader can read: the error has the place.
func TestWrongEncodings(t *testing.T) {
	half := func(text string) string { // the second unit of an emoji is lost
		return "\xff\xfe" + strings.ReplaceAll(utf16Of(binary.LittleEndian, text), "\x00\xde", "")
	}
	for name, tt := range map[string]struct {
		format, text string
		line         int
	}{
		"half of a pair":            {"CSV", half("in,out\na,b\n😀,c\n"), 3},
		"half of a pair, at an end": {"TSV", "\xff\xfe" + utf16Of(binary.LittleEndian, "in\tout\na\t") + "\x3d\xd8", 2},
		"an open quote":             {"CSV", utf16Of(binary.LittleEndian, "in,out\na,\"b"), 2},
		"half of a unit":            {"TSV", "\xff\xfe" + utf16Of(binary.LittleEndian, "in\tout\na\tb") + "c", 2},
		"UTF-32":                    {"JSON Lines", "\xff\xfe\x00\x00{\x00\x00\x00", 1},
		"UTF-32, the other way":     {"CSV", "\x00\x00\xfe\xff\x00\x00\x00i", 1},
		"half of a unit, short row": {"CSV", "\xff\xfe" + utf16Of(binary.LittleEndian, "in,out\na,b\n") + "c", 3},
		"half of a unit in JSON":    {"JSON Lines", utf16Of(binary.BigEndian, "{\"in\":\"a\",\"out\":\"b\"}\n{") + "\x00", 2},
		"half of a header":          {"CSV", "\xff\xfe" + utf16Of(binary.LittleEndian, "in,ou") + "t", 1},
		"a mark and half of a unit": {"TSV", "\xfe\xff\x00", 1},
		"one unit and a half":       {"TSV", "i\x00n", 1},
		"UTF-32 without a mark":     {"CSV", "i\x00\x00\x00n\x00\x00\x00", 1},
		"NUL bytes":                 {"TSV", "\x00\x00\x00\x00\n", 1},
		"Latin-1":                   {"CSV", "in,out\na,b\ncaf\xe9,c\n", 3},
		"Latin-1 in the header":     {"CSV", "caf\xe9,out\na,b\n", 1},
		"Latin-1 in JSON":           {"JSON Lines", "{\"in\":\"a\",\"out\":\"b\"}\n{\"in\":\"caf\xe9\",\"out\":\"b\"}\n", 2},
	} {
		_, err := fewshot.Collect(readers[tt.format](strings.NewReader(tt.text), fewshot.LoadOptions{Name: "x"}))
		var wrong *fewshot.FileError
		if !errors.As(err, &wrong) || wrong.Line != tt.line || wrong.Name != "x" {
			t.Errorf("%s: %v, want a FileError of line %d", name, err, tt.line)
			continue
		}
		cut := strings.Contains(name, "half")
		if strings.Contains(wrong.Error(), "UTF-16") != cut || strings.Contains(wrong.Error(), "column") {
			t.Errorf("%s: %v; want an error of the encoding", name, err)
		}
	}
}

// TestSkip goes on after every kind of wrong row, and only where the next row can
// be found. Rows plus reports are all rows of the file.
func TestSkip(t *testing.T) {
	for name, tt := range map[string]struct {
		format, text string
		want, left   []int // lines
		ends         bool
	}{
		"JSON Lines":              {"JSON Lines", "{\"in\":\"a\",\"out\":\"b\"}\n{\"in\":\"a\"\nnul\n{\"in\":1,\"out\":\"b\"}\n{\"in\":\"\xff\",\"out\":\"b\"}\n\n{\"in\":\"c\",\"x\":1}\n{\"in\":\"\",\"out\":\"d\"}\n{\"in\":\"c\",\"out\":\"d\"}", []int{1, 9}, []int{2, 3, 4, 5, 7, 8}, false},
		"CSV":                     {"CSV", "in,out\na,b\n\xff,b\na\na,b,c\na\"b,c\n\"a\nb\",c\n\"a\"b,c\n,d\nd,e\n", []int{2, 7, 11}, []int{3, 4, 5, 6, 9, 10}, false},
		"a quote that stays open": {"CSV", "in,out\na,b\n\"c,d\ne,f\ng,h\n", []int{2}, nil, true},
		"a bad header":            {"CSV", "in,output\na,b\n", nil, nil, true},
		"TSV":                     {"TSV", "in\tout\na\tb\n\xff\tb\na\tb\tc\na\nb\tc\n", []int{2, 6}, []int{3, 4, 5}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var left []int
			o := fewshot.LoadOptions{Skip: true, Report: func(e *fewshot.FileError) { left = append(left, e.Line) }}
			examples, err := fewshot.Collect(readers[tt.format](strings.NewReader(tt.text), o))
			var lines []int
			for _, e := range examples {
				var line int
				fmt.Sscanf(e.At, "line %d", &line)
				lines = append(lines, line)
			}
			var wrong *fewshot.FileError
			if !slices.Equal(lines, tt.want) || !slices.Equal(left, tt.left) || tt.ends != errors.As(err, &wrong) || !tt.ends && err != nil {
				t.Errorf("lines %v, left out %v, %v; want %v and %v", lines, left, err, tt.want, tt.left)
			}
		})
	}
	broken := errors.New("the disk is gone")
	for name, read := range readers {
		r := io.MultiReader(strings.NewReader("{\n"), iotest.ErrReader(broken))
		if _, err := fewshot.Collect(read(r, fewshot.LoadOptions{Skip: true})); err == nil || name == "JSON Lines" && !errors.Is(err, broken) {
			t.Errorf("%s: %v, want that the disk is gone", name, err)
		}
	}
}

// TestClean has values of other types than text.
func TestClean(t *testing.T) {
	type label string
	examples, err := fewshot.Collect(fewshot.ReadJSONL[int, label](strings.NewReader("{\"in\":1,\"out\":\" YES \"}\n{\"in\":1,\"out\":\"yes\"}\n{\"in\":2,\"out\":\"no\"}\n"),
		fewshot.LoadOptions{Trim: true, Distinct: true, Labels: []string{"yes", "no"}}))
	if want := []fewshot.Example[int, label]{{In: 1, Out: "yes"}, {In: 2, Out: "no"}}; err != nil || cmp.Diff(want, examples, withoutAt) != "" {
		t.Errorf("%v, %v", examples, err)
	}
	numbers, err := fewshot.Collect(fewshot.ReadCSV[int, int](strings.NewReader("in,out\n 1 ,\u00a02\n"), fewshot.LoadOptions{Trim: true}))
	if err != nil || len(numbers) != 1 || numbers[0].Out != 2 {
		t.Errorf("%v, %v", numbers, err)
	}
	_, err = fewshot.Collect(fewshot.ReadCSV[string, string](strings.NewReader("in,out\na,b\n"), fewshot.LoadOptions{Labels: []string{}}))
	if err == nil {
		t.Error("no labels at all, and no error")
	}
}

// A label that is not known is found by Compile too, with its place in the file.
func TestLabelsAtCompile(t *testing.T) {
	examples, err := fewshot.Collect(fewshot.ReadCSV[string, string](strings.NewReader("in,out\na,yes\nb,yess\nc,no\nd,NO\n"), fewshot.LoadOptions{Name: "x.csv"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = fewshot.Task[string, string]{Examples: examples, Out: fewshot.OneOf("yes", "no")}.Compile()
	var at []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			var wrong *fewshot.ValueError
			if errors.As(err, &wrong) {
				at = append(at, wrong.At)
			}
		}
	}
	if !slices.Equal(at, []string{"x.csv:3", "x.csv:5"}) {
		t.Errorf("%v; want the errors of lines 3 and 5", err)
	}
}

// TestLongLine bounds what one long line allocates in all, freed or not, by a
// multiple of its length.
func TestLongLine(t *testing.T) {
	const size = 2 << 20
	text := strings.Repeat("나는 고양이를 좋아한다. ", size/34)
	for format, file := range map[string]string{"JSON Lines": "{\"in\":\"" + text + "\",\"out\":\"x\"}\n", "CSV": "in,out\n" + text + ",x\n", "TSV": "in\tout\n" + text + "\tx\n"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for e, err := range readers[format](strings.NewReader(file), fewshot.LoadOptions{}) {
			if n++; err != nil || len(e.In) != len(text) {
				t.Errorf("%s: %d bytes, %v", format, len(e.In), err)
			}
		}
		runtime.ReadMemStats(&after)
		times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(file))
		t.Logf("%s: a line of %d MB allocates %.1f times its length", format, len(file)>>20, times)
		// encoding/csv grows its buffers in small steps.
		if most := map[string]float64{"JSON Lines": 5, "CSV": 9, "TSV": 4}[format]; n != 1 || times > most {
			t.Errorf("%s: %d rows, and %.1f times the length of the line is allocated, want at most %v", format, n, times, most)
		}
	}
}
