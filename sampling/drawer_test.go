package sampling_test

import (
	"context"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

// A drawer is a Script that draws several completions at once.
type drawer struct {
	*samplingtest.Script
	draw func(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error)
}

func (d drawer) Draw(ctx context.Context, req *sampling.Request, n int) ([]*sampling.Completion, error) {
	return d.draw(ctx, req, n)
}

// A scorer is a Script that scores continuations.
type scorer struct {
	*samplingtest.Script
	score func(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error)
}

func (s scorer) Score(ctx context.Context, req *sampling.Request, continuations []string) ([]sampling.Score, error) {
	return s.score(ctx, req, continuations)
}
