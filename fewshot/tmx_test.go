package fewshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
)

const memory = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
  <header creationtool="x" segtype="sentence" srclang="en"><prop type="a">b</prop></header>
  <body>
    <tu tuid="1">
      <note>a <b/> note</note>
      <tuv xml:lang="en-GB"><seg>The colour.</seg></tuv>
      <tuv xml:lang="EN"><seg> The color. </seg></tuv>
      <tuv xml:lang="ko-KR"><prop type="p">x</prop><seg>색깔.</seg></tuv>
    </tu>
    <tu><tuv xml:lang="en"><seg>Only English</seg></tuv></tu>
    <tu><tuv xml:lang="en-US"><seg>Click <bpt i="1" type="bold">&lt;b&gt;</bpt>here<ept i="1">&lt;/b&gt;</ept> &amp; <hi>there<ph x="2">[br]<sub>sub</sub></ph></hi>.</seg></tuv><tuv lang="ko_KR"><seg>여기 &#xB098;비</seg></tuv></tu>
    <tu><tuv xml:lang="en"><seg></seg></tuv><tuv xml:lang="ko"><seg>빈</seg></tuv></tu>
    <tu><tuv xml:lang="english"><seg>Not en</seg></tuv><tuv xml:lang="ko"><seg>아니</seg></tuv></tu>
  </body>
</tmx>`

func TestReadTMX(t *testing.T) {
	want := []fewshot.Example[string, string]{
		{In: "The color.", Out: "색깔.", At: "m.tmx:6"},
		{In: "Click here & there.", Out: "여기 나비", At: "m.tmx:13"},
	}
	got, err := fewshot.Collect(fewshot.ReadTMX(strings.NewReader(memory), fewshot.LoadOptions{Name: "m.tmx", In: "en", Out: "ko"}))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	got, err = fewshot.Collect(fewshot.ReadTMX(strings.NewReader(memory), fewshot.LoadOptions{In: "en-US", Out: "ko-kr", Tags: true}))
	if err != nil || len(got) != 1 || got[0].In != "Click <b>here</b> & there[br]sub." {
		t.Errorf("%+v, %v", got, err)
	}
	// UTF-16, as Trados writes it.
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var wide []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + strings.Replace(memory, "UTF-8", "utf-16", 1))) {
			wide = order.AppendUint16(wide, unit)
		}
		got, err := fewshot.Collect(fewshot.ReadTMX(bytes.NewReader(wide), fewshot.LoadOptions{Name: "m.tmx", In: "en", Out: "ko"}))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("UTF-16, %v: %v\n%s", order, err, diff)
		}
	}
}

// TestReadTMXErrors cuts the memory at every byte, and breaks it in other ways. What
// comes before the fault is read.
func TestReadTMXErrors(t *testing.T) {
	all := func(text, from, to string) ([]fewshot.Example[string, string], error) {
		return fewshot.Collect(fewshot.ReadTMX(strings.NewReader(text), fewshot.LoadOptions{In: from, Out: to}))
	}
	end := strings.LastIndex(memory, "</tmx>") + len("</tmx>")
	for n := range end {
		got, err := all(memory[:n], "en", "ko")
		if err == nil {
			t.Fatalf("cut after %d bytes of %d: %d examples and no error", n, end, len(got))
		}
	}
	for name, text := range map[string]string{
		"no XML":          "in,out\na,b\n",
		"other XML":       "<html><body><tu></tu></body></html>",
		"empty":           "",
		"a bad byte":      strings.Replace(memory, "color", "col\xffor", 1),
		"a bad element":   strings.Replace(memory, "</seg>", "</sag>", 1),
		"an entity":       strings.Replace(memory, "color", "&bomb;", 1),
		"another charset": strings.Replace(memory, "UTF-8", "ISO-8859-1", 1),
	} {
		if _, err := all(text, "en", "ko"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var file *fewshot.FileError
	if _, err := all(strings.Replace(memory, "Click", "<Click", 1), "en", "ko"); !errors.As(err, &file) || file.Line != 13 {
		t.Errorf("%v", err)
	}
	cut := "\xff\xfe" + utf16Of(binary.LittleEndian, "<tmx>\n") + "<"
	if _, err := all(cut, "en", "ko"); !errors.As(err, &file) || file.Line != 2 || !strings.Contains(err.Error(), "half of a character") {
		t.Errorf("half of a unit: %v", err)
	}
	if _, err := all(memory, "en", "fr"); !errors.Is(err, sampling.ErrInvalid) || !errors.As(err, &file) {
		t.Errorf("a language that is not there: %v", err)
	}
	if _, err := all(strings.Replace(memory, "UTF-8", "ISO-8859-1", 1), "en", "ko"); !errors.As(err, &file) || err != error(file) || file.Line != 1 {
		t.Errorf("another encoding: %v", err)
	}
	for _, name := range []string{"utf8", "US-ASCII", "UTF16"} {
		if got, err := all(strings.Replace(memory, "UTF-8", name, 1), "en", "ko"); err != nil || len(got) != 2 {
			t.Errorf("encoding %s: %d units, %v", name, len(got), err)
		}
	}
	if _, err := all(memory, "", "ko"); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("an unnamed language: %v", err)
	}
	broken := errors.New("broken disk")
	r := io.MultiReader(strings.NewReader(memory[:600]), failing{broken})
	if _, err := fewshot.Collect(fewshot.ReadTMX(r, fewshot.LoadOptions{In: "en", Out: "ko"})); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A translation memory as a pool of shots.
func ExampleReadTMX() {
	const memory = `<tmx version="1.4"><header srclang="en"/><body>
<tu><tuv xml:lang="en"><seg>Good morning.</seg></tuv><tuv xml:lang="ko"><seg>좋은 아침입니다.</seg></tuv></tu>
</body></tmx>`
	pairs, err := fewshot.Collect(fewshot.ReadTMX(strings.NewReader(memory), fewshot.LoadOptions{In: "en", Out: "ko"}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s = %s (%s)\n", pairs[0].In, pairs[0].Out, pairs[0].At)
	// Output:
	// Good morning. = 좋은 아침입니다. (line 2)
}
