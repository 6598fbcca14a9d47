package cli

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// NewBar returns a progress bar on standard error. It shows nothing if standard
// error is not a terminal.
func NewBar(env *Env, what string, all int) *progressbar.ProgressBar {
	w := io.Discard
	if IsTerminal(env.Stderr) {
		w = env.Stderr
	}
	return progressbar.NewOptions(all,
		progressbar.OptionSetWriter(w),
		progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)
}
