package faultwire

import (
	"bytes"
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
func parseFault(section string) (f Fault) {
	head, answer, _ := strings.Cut(strings.TrimSpace(section), "\n\n")
	name, fields, _ := strings.Cut(head, "\n")
	f.Name = name
	for field := range strings.SplitSeq(fields, "\n") {
		key, value, _ := strings.Cut(field, ": ")
		if err := f.set(key, value); err != nil {
			panic(fmt.Errorf("faultwire: fault %q: %w", f.Name, err))
		}
	}
	if o := &f.outcome; o.Text == "" && (o.Class == Success || o.Class == Either) {
		o.Text = FaultText
	}
	if strings.HasPrefix(answer, "HTTP/") {
		var header string
		header, answer, _ = strings.Cut(answer, "\n\n")
		f.header = parseTemplate(header + "\n\n")
	}
	f.answer = parseTemplate(answer)
	return f
}

// set takes one field of a section in.
func (f *Fault) set(key, value string) (err error) {
	o := &f.outcome
	switch key {
	case "Does":
		f.Does = value
	case "Want":
		for i, word := range strings.Fields(value) {
			status, err := strconv.Atoi(word)
			switch {
			case i == 0:
				o.Class = Class(word)
			case err == nil:
				o.Status = append(o.Status, status)
			case word == string(Temporary), word == string(Permanent):
				o.Temporary = Verdict(word)
			default:
				return fmt.Errorf("unknown word %q", word)
			}
		}
	case "Retry":
		least, most, _ := strings.Cut(value, " ")
		if o.RetryAtLeast, err = time.ParseDuration(least); err == nil {
			o.RetryAtMost, err = time.ParseDuration(most)
		}
	case "Says":
		o.Words = value
	case "Text":
		o.TextMayStop = strings.Contains(value, "or less")
		f.textInStreams = strings.Contains(value, "in streams")
		switch word, _, _ := strings.Cut(value, " "); word {
		case "all":
			o.Text = FaultText
		case "start":
			o.Text = faultStart
		case "any":
			o.TextMayDiffer = true
		}
	case "Only":
		f.only = strings.Fields(value)
	case "Reply":
		var n int
		text, times, _ := strings.Cut(value, " * ")
		n, err = strconv.Atoi(times)
		f.reply = strings.Repeat(text, n)
		o.Text = f.reply
	case "URL":
		f.url = value
	default:
		return fmt.Errorf("unknown field %q", key)
	}
	return err
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
