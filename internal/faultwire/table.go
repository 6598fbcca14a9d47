package faultwire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
)

//go:embed testdata
var testdata embed.FS

// Faults returns all faults: of the connection, the status, the body of an answer, and
// streams.
func Faults() []Fault { return slices.Clone(table()) }

var table = sync.OnceValue(func() (all []Fault) {
	for _, file := range []string{"connection", "status", "body", "stream", "lines"} {
		text, err := testdata.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			panic(err)
		}
		for section := range strings.SplitSeq(strings.TrimPrefix(string(text), "=== "), "\n=== ") {
			all = append(all, parseFault(section))
		}
	}
	return all
})

// parseFault reads one section of a file.
func parseFault(section string) Fault {
	head, answer, _ := strings.Cut(strings.TrimSpace(section), "\n\n")
	name, lines, _ := strings.Cut(head, "\n")
	fields := make(map[string]string)
	for line := range strings.SplitSeq(lines, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		if !slices.Contains([]string{"Does", "Want", "Retry", "Says", "Text", "Only", "Reply", "URL"}, key) {
			panic(fmt.Errorf("faultwire: fault %q: unknown field %q", name, key))
		}
		fields[key] = value
	}
	f := Fault{Name: name, Does: fields["Does"], only: strings.Fields(fields["Only"]), url: fields["URL"]}
	o := &f.outcome
	class, words, _ := strings.Cut(fields["Want"], " ")
	o.Class, o.Words = Class(class), fields["Says"]
	for word := range strings.FieldsSeq(words) {
		if status, err := strconv.Atoi(word); err == nil {
			o.Status = append(o.Status, status)
		} else {
			o.Temporary = Verdict(word)
		}
	}
	least, most, _ := strings.Cut(fields["Retry"], " ")
	o.RetryAtLeast, _ = time.ParseDuration(least) // none is 0
	o.RetryAtMost, _ = time.ParseDuration(most)
	if text, times, ok := strings.Cut(fields["Reply"], " * "); ok {
		n, _ := strconv.Atoi(times)
		f.reply = strings.Repeat(text, n)
	}
	text, how, _ := strings.Cut(fields["Text"], " ")
	o.TextMayStop, f.textInStreams = strings.Contains(how, "or less"), strings.Contains(how, "in streams")
	switch {
	case text == "start":
		o.Text = faultStart
	case text == "any":
		o.TextMayDiffer = true
	case text == "all", o.Class == Success, o.Class == Either:
		o.Text = cmp.Or(f.reply, FaultText)
	}
	if strings.HasPrefix(answer, "HTTP/") {
		var header string
		header, answer, _ = strings.Cut(answer, "\n\n")
		f.header = parseTemplate(header + "\n\n")
	}
	f.answer = parseTemplate(answer)
	return f
}

func parseTemplate(text string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"repeat":  func(n int, text string) string { return strings.Repeat(text, n) },
		"replace": func(text, before, after string) string { return strings.ReplaceAll(text, before, after) },
		"trim":    strings.TrimSpace,
		"cut":     func(text string, n, of int) string { return text[:len(text)*n/of] }, // cut .Whole 2 3 is two thirds
		"pieces":  pieces,
		"gzip":    packed,
		"event":   event,
	}).Parse(text))
}

// pieces cuts a text into pieces of n bytes.
func pieces(text string, n int) (all []string) {
	for piece := range slices.Chunk([]byte(text), n) {
		all = append(all, string(piece))
	}
	return all
}

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text)) // a Buffer takes everything
	z.Close()
	return b.String()
}
