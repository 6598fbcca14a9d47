package sampling_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
)

func TestScore(t *testing.T) {
	ctx := t.Context()
	m := sampling.Model{Backend: sampling.BackendFunc(capitals)}
	if _, err := m.Score(ctx, &sampling.Request{Prompt: "p"}, []string{"a"}); !errors.Is(err, sampling.ErrUnsupported) || !strings.Contains(err.Error(), "sampling.BackendFunc") {
		t.Errorf("a backend that is not a Scorer: %v", err)
	}

	boom := errors.New("boom")
	asked := 0
	script := scorer{score: func(_ context.Context, req *sampling.Request, of []string) ([]sampling.Score, error) {
		asked++
		prompt := req.Prompt
		if prompt == "fail" {
			return nil, boom
		}
		scores := make([]sampling.Score, len(of))
		for i, text := range of {
			scores[i].Logprob = -float64(len(prompt + text))
		}
		if prompt == "short" {
			return scores[:1], nil
		}
		return scores, nil
	}}
	m.Backend = script
	scores, err := m.Score(ctx, &sampling.Request{Prompt: "pp"}, []string{"a", "bbb"})
	if err != nil || len(scores) != 2 || scores[0].Logprob != -3 || scores[1].Logprob != -5 {
		t.Errorf("%v, %v", scores, err)
	}
	if scores, err := m.Score(ctx, &sampling.Request{Prompt: ""}, nil); err != nil || len(scores) != 0 {
		t.Errorf("no continuations: %v, %v", scores, err)
	}
	if _, err := m.Score(ctx, &sampling.Request{Prompt: "fail"}, []string{"a"}); err != boom {
		t.Errorf("%v", err)
	}
	if _, err := m.Score(ctx, &sampling.Request{Prompt: "short"}, []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), "returned 1 scores for 2 continuations") {
		t.Errorf("%v", err)
	}
	before := asked
	for want, of := range map[string][]string{
		"Prompt is not valid UTF-8 at byte 1":         {"p\xff", "a"},
		"continuation 1 is not valid UTF-8 at byte 0": {"p", "a", "\xff"},
	} {
		if _, err := m.Score(ctx, &sampling.Request{Prompt: of[0]}, of[1:]); !errors.Is(err, sampling.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if asked != before {
		t.Error("invalid text reached the backend")
	}
}
