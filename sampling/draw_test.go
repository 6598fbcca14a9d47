package sampling_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
	"github.com/google/go-cmp/cmp"
)

// dice is a backend whose text is drawn with the request's seed.
func dice(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		d := sampling.NewDecoder(req, nil, nil)
		text := ""
		for range req.Params.MaxTokens {
			faces := make([]sampling.Candidate, 6) // all as likely as the others
			for i := range faces {
				faces[i].ID = i + 1
			}
			face, _ := d.Next(faces)
			text += fmt.Sprint(face)
		}
		yield(sampling.Chunk{Text: text, Reason: sampling.TokenLimit}, nil)
	}
}

func ExampleModel_Draw() {
	m := sampling.Model{Backend: sampling.BackendFunc(dice)}
	req := &sampling.Request{Prompt: "Three throws:", Params: sampling.Params{MaxTokens: 3, Temperature: 1, Seed: 7}}
	drawn, err := m.Draw(context.Background(), req, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range drawn {
		again, _ := m.Complete(context.Background(), &sampling.Request{
			Prompt: req.Prompt,
			Params: sampling.Params{MaxTokens: 3, Temperature: 1, Seed: c.Seed},
		})
		fmt.Println("seed", c.Seed, len(c.Text), "throws, the same again:", c.Text == again.Text)
	}
	// Output:
	// seed 7 3 throws, the same again: true
	// seed 8 3 throws, the same again: true
	// seed 9 3 throws, the same again: true
}

func TestDrawSingly(t *testing.T) {
	m := sampling.Model{Backend: sampling.BackendFunc(dice)}
	req := &sampling.Request{Params: sampling.Params{MaxTokens: 12, Temperature: 1}}
	drawn, err := m.Draw(t.Context(), req, 30)
	if err != nil || len(drawn) != 30 {
		t.Fatalf("%d completions, %v", len(drawn), err)
	}
	texts, seeds := make(map[string]bool), make(map[uint64]bool)
	for i, c := range drawn {
		texts[c.Text], seeds[c.Seed] = true, true
		if c.Seed != drawn[0].Seed+uint64(i) {
			t.Errorf("completion %d has the seed %d, the first %d", i, c.Seed, drawn[0].Seed)
		}
		if c.Reason != sampling.TokenLimit {
			t.Errorf("completion %d ended with %v", i, c.Reason)
		}
	}
	if len(texts) != 30 || len(seeds) != 30 {
		t.Errorf("%d texts from %d seeds", len(texts), len(seeds))
	}
	req.Params.Temperature = 0
	for _, c := range must(m.Draw(t.Context(), req, 3)) {
		if c.Text != strings.Repeat("1", 12) {
			t.Errorf("greedy: %q", c.Text)
		}
	}
	for _, n := range []int{0, -1} {
		if _, err := m.Draw(t.Context(), req, n); !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("drawing %d: %v", n, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// At most eight samples are under way at a time.
func TestDrawKeepsToItsWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64
		goOn := make(chan struct{})
		m := sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				open.Add(1)
				defer open.Add(-1)
				<-goOn
				yield(sampling.Chunk{Text: "a", Reason: sampling.EndOfText}, nil)
			}
		})}
		done := make(chan bool)
		go func() {
			defer close(done)
			if drawn, err := m.Draw(t.Context(), &sampling.Request{}, 20); len(drawn) != 20 || err != nil {
				t.Errorf("%d, %v", len(drawn), err)
			}
		}()
		for left := int64(20); left > 0; left-- {
			synctest.Wait()
			if n := open.Load(); n != min(left, 8) {
				t.Errorf("%d samples are under way, and %d are to come", n, left)
			}
			goOn <- struct{}{}
		}
		<-done
	})
}

// One failure cancels the rest, and what was finished is kept in order.
func TestDrawFails(t *testing.T) {
	boom := errors.New("boom")
	var mu sync.Mutex
	ended := make(map[uint64]error)
	synctest.Test(t, func(t *testing.T) {
		m := sampling.Model{Backend: sampling.BackendFunc(func(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
			return func(yield func(sampling.Chunk, error) bool) {
				switch seed := req.Params.Seed; seed {
				case 1, 3:
					yield(sampling.Chunk{Text: fmt.Sprint(seed), Reason: sampling.EndOfText}, nil)
				case 4:
					synctest.Wait() // the others are finished, or hang
					yield(sampling.Chunk{}, boom)
				default:
					<-ctx.Done()
					mu.Lock()
					ended[seed] = ctx.Err()
					mu.Unlock()
					yield(sampling.Chunk{}, ctx.Err())
				}
			}
		})}
		drawn, err := m.Draw(t.Context(), &sampling.Request{Params: sampling.Params{Seed: 1}}, 12)
		if err != boom {
			t.Errorf("the error is %v", err)
		}
		var texts []string
		for _, c := range drawn {
			texts = append(texts, c.Text)
		}
		if diff := cmp.Diff([]string{"1", "3"}, texts); diff != "" {
			t.Errorf("what was finished (-want +got):\n%s", diff)
		}
	})
	for _, seed := range []uint64{2, 5, 6, 7, 8} {
		if ended[seed] == nil {
			t.Errorf("the sample with seed %d was not cancelled", seed)
		}
	}
}

func TestDrawCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := &samplingtest.Script{Answer: samplingtest.Always("a"), Wait: func(ctx context.Context, call, chunk int) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			defer close(done)
			if drawn, err := (sampling.Model{Backend: script}).Draw(ctx, &sampling.Request{}, 20); len(drawn) != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%d, %v", len(drawn), err)
			}
		}()
		synctest.Wait()
		cancel()
		<-done
		if n := len(script.Calls()); n != 8 {
			t.Errorf("%d samples were begun", n)
		}
	})
}

// What a draw takes up is what it has begun, whatever number it is asked for, and
// between two samples it notices that it is over. A slow sample holds back those
// after it: at most 4 for each of the 8 under way.
func TestDrawOfAnyNumber(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := atomic.Int64{}
	m := sampling.Model{Backend: sampling.BackendFunc(func(context.Context, *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			if begun.Add(1) == 100 {
				cancel()
			}
			yield(sampling.Chunk{Text: "a", Reason: sampling.EndOfText}, nil)
		}
	})}
	drawn, err := m.Draw(ctx, &sampling.Request{}, math.MaxInt)
	if !errors.Is(err, context.Canceled) || len(drawn) < 90 || begun.Load() > 140 {
		t.Errorf("%d of %d begun, %v", len(drawn), begun.Load(), err)
	}
}

func TestDrawer(t *testing.T) {
	end := func(text string) *sampling.Completion {
		return &sampling.Completion{Text: text, Reason: sampling.EndOfText, Seed: 1}
	}
	boom := errors.New("boom")
	for _, test := range []struct {
		why   string
		drawn []*sampling.Completion
		err   error
		want  []string
		wants string // what the error says
	}{
		{"as they come", []*sampling.Completion{end("a"), end("b")}, nil, []string{"a", "b"}, ""},
		{"cut at the stop", []*sampling.Completion{end("a\nb"), end("\n")}, nil, []string{"a|\n", "|\n"}, ""},
		{"one too few", []*sampling.Completion{end("a")}, nil, []string{"a"}, "drew 1 completions where 2 were asked for"},
		{"one too many", []*sampling.Completion{end("a"), end("b"), end("c")}, nil, []string{"a", "b", "c"}, "drew 3 completions where 2"},
		{"one that broke off", []*sampling.Completion{end("a"), {Text: "b"}}, nil, []string{"a"}, sampling.ErrTruncated.Error()},
		{"one that broke off after the stop", []*sampling.Completion{end("a"), {Text: "b\nc"}}, nil, []string{"a", "b|\n"}, ""},
		{"one that is nil", []*sampling.Completion{end("a"), nil}, nil, []string{"a"}, "drew 1 completions"},
		{"an error and what was finished", []*sampling.Completion{end("a"), {Text: "b"}}, boom, []string{"a"}, "boom"},
		{"an error", nil, boom, nil, "boom"},
	} {
		m := sampling.Model{Backend: drawer{draw: func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
			if n != 2 || req.Params.Seed == 0 || req.Params.MaxTokens != sampling.DefaultMaxTokens {
				t.Errorf("the Drawer was asked for %d with %+v", n, req.Params)
			}
			return test.drawn, test.err
		}}}
		drawn, err := m.Draw(t.Context(), &sampling.Request{Stop: []string{"\n"}}, 2)
		var got []string
		for _, c := range drawn {
			text := c.Text
			if c.Reason == sampling.StopSequence {
				text += "|" + c.Stop
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
		if test.wants == "" && err != nil || test.wants != "" && (err == nil || !strings.Contains(err.Error(), test.wants)) {
			t.Errorf("%s: the error is %v, want %q", test.why, err, test.wants)
		}
	}
}

// A Drawer need not say the seeds: they follow from the request's.
func TestDrawerSeeds(t *testing.T) {
	m := sampling.Model{Backend: drawer{draw: func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		return []*sampling.Completion{{Reason: sampling.EndOfText}, {Reason: sampling.EndOfText, Seed: 99}, {Reason: sampling.EndOfText}}, nil
	}}}
	var got []uint64
	for _, c := range must(m.Draw(t.Context(), &sampling.Request{Params: sampling.Params{Temperature: 1, Seed: 7}}, 3)) {
		got = append(got, c.Seed)
	}
	if diff := cmp.Diff([]uint64{7, 99, 9}, got); diff != "" {
		t.Errorf("seeds (-want +got):\n%s", diff)
	}
}

// The tokens of a completion that came whole are cut with its text.
func TestDrawerTokens(t *testing.T) {
	m := sampling.Model{Backend: drawer{draw: func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		c := sampling.Completion{Text: "ab\n\ncd", Reason: sampling.TokenLimit}
		for _, text := range []string{"a", "b\n", "\nc", "d"} {
			c.Tokens = append(c.Tokens, sampling.Token{Text: text})
		}
		other := c
		return []*sampling.Completion{&c, &other}, nil
	}}}
	want := []sampling.Token{{Text: "a"}}
	for _, c := range must(m.Draw(t.Context(), &sampling.Request{Stop: []string{"\n\n"}}, 2)) {
		if diff := cmp.Diff(want, c.Tokens); diff != "" || c.Text != "ab" {
			t.Errorf("%q (-want +got):\n%s", c.Text, diff)
		}
	}
}

// A single one is a sample like any other, and a Drawer that cannot draw so many
// at once sends Model back to single samples.
func TestDrawerFallsBack(t *testing.T) {
	drew := 0
	script := &samplingtest.Script{Answer: samplingtest.Always("a")}
	m := sampling.Model{Backend: drawer{script, func(context.Context, *sampling.Request, int) ([]*sampling.Completion, error) {
		drew++
		return nil, fmt.Errorf("%w: this many", sampling.ErrUnsupported)
	}}}
	for n, draws := range map[int]int{1: 0, 3: 1} {
		drew = 0
		before := len(script.Calls())
		if drawn, err := m.Draw(t.Context(), &sampling.Request{}, n); len(drawn) != n || err != nil {
			t.Errorf("%d, %v", len(drawn), err)
		}
		if calls := len(script.Calls()) - before; drew != draws || calls != n {
			t.Errorf("for %d: %d calls of Draw and %d of Sample", n, drew, calls)
		}
	}
}
