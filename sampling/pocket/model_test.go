package pocket_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	gocmp "github.com/google/go-cmp/cmp"
)

// failing is a file system with one file that can't be read.
type failing struct {
	fstest.MapFS
	name string
}

var errDisk = errors.New("the disk is gone")

func (f failing) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errDisk}
	}
	return f.MapFS.Open(name)
}

func (f failing) ReadFile(name string) ([]byte, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errDisk}
	}
	return f.MapFS.ReadFile(name)
}

func TestTrainErrors(t *testing.T) {
	good := &fstest.MapFile{Data: []byte("some text")}
	for _, c := range []struct {
		docs fs.FS
		want []string
	}{
		{fstest.MapFS{}, []string{"no document"}},
		{fstest.MapFS{"empty.txt": {}, "line.txt": {Data: []byte("\n")}}, []string{"no document"}},
		{fstest.MapFS{"a.txt": good, "sub/latin1.txt": {Data: []byte("caf\xe9")}}, []string{"sub/latin1.txt", "not valid UTF-8 at byte 3"}},
		{failing{fstest.MapFS{"a.txt": good, "b.txt": good}, "b.txt"}, []string{"b.txt", errDisk.Error()}},
	} {
		m, err := pocket.Train(c.docs)
		if m != nil || err == nil {
			t.Errorf("Train(%v) returned %v, %v", c.docs, m, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Train(%v) returned %q, which does not say %q", c.docs, err, want)
			}
		}
	}
	if _, err := pocket.Train(failing{fstest.MapFS{"b.txt": good}, "b.txt"}); !errors.Is(err, errDisk) {
		t.Errorf("%v does not wrap the error of the file", err)
	}
}

func TestDocuments(t *testing.T) {
	m, err := pocket.Train(fstest.MapFS{
		"b/two.txt": {Data: []byte("two")}, "a.txt": {Data: []byte("one\n")}, "empty": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"a.txt", "b/two.txt"}, m.Documents()); diff != "" {
		t.Error(diff)
	}
	// The line break at the end is the file's: the text ends after "one".
	if c := complete(t, m, "one", sampling.Params{}); c.Text != "" || c.Reason != sampling.EndOfText {
		t.Errorf("behind the whole document came %q, %v", c.Text, c.Reason)
	}
}

// TestManyDocuments is about a corpus in which more documents hold each common
// word than are followed one by one.
func TestManyDocuments(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 3000 {
		text := fmt.Sprintf("Report %d\n\nThe name of number %d is n%c%c%c, and the colour of it is %s.\n", i, i,
			'a'+i%26, 'a'+i/26%26, 'a'+i/676, []string{"red", "green", "blue"}[i%3])
		files[fmt.Sprintf("%04d.txt", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := pocket.Train(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 1234, 2999} {
		prompt := fmt.Sprintf("Report %d\n\nThe name of number", i)
		want := strings.TrimPrefix(strings.TrimSuffix(string(files[fmt.Sprintf("%04d.txt", i)].Data), "\n"), prompt)
		if c := complete(t, m, prompt, sampling.Params{}); c.Text != want {
			t.Errorf("%q went on %q, want %q", prompt, c.Text, want)
		}
		if p := m.Posterior(prompt); p[fmt.Sprintf("%04d.txt", i)] < 0.9 {
			t.Errorf("%q is not found in document %d: %v", prompt, i, p)
		}
	}
	// What may follow sums to 1 here, too.
	c := complete(t, m, "The colour of it is", sampling.Params{Logprobs: true, TopLogprobs: 3, MaxTokens: 1})
	colours := []string{}
	for _, a := range c.Tokens[0].Top {
		colours = append(colours, a.Text)
		if a.Logprob < -2 || a.Logprob > -0.5 {
			t.Errorf("%q has the log probability %v, want about a third", a.Text, a.Logprob)
		}
	}
	slices.Sort(colours)
	if diff := gocmp.Diff([]string{" blue", " green", " red"}, colours); diff != "" {
		t.Error(diff)
	}
}

// TestMeantWord is about a word that the corpus has with a space and a capital.
func TestMeantWord(t *testing.T) {
	m, err := pocket.Train(fstest.MapFS{"a": {Data: []byte("say Hello world again")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, prompt := range []string{"Hello", "hello", " hello", "x hello"} {
		if c := complete(t, m, prompt, sampling.Params{MaxTokens: 2}); c.Text != " world again" {
			t.Errorf("%q went on with %q", prompt, c.Text)
		}
		scores, err := m.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{" world"})
		if err != nil || scores[0].Logprob < -1 {
			t.Errorf("behind %q the next word scores %v, %v", prompt, scores, err)
		}
	}
}
