package pocket_test

import (
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
	"github.com/foreword-go/foreword/sampling/samplingtest"
)

func TestConformance(t *testing.T) {
	samplingtest.Kit{}.TestBackend(t, func(t *testing.T) sampling.Backend {
		return pocket.Default()
	})
}
