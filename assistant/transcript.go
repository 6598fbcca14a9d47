package assistant

import (
	"fmt"
	"slices"
	"time"
)

// A Turn is a text of the user and the reply of the assistant. If User is empty, the
// assistant speaks first, as in a greeting.
//
// A Conversation adds texts without white space around them and with "\n" as line ends.
// Invalid UTF-8 and NUL are refused.
type Turn struct {
	User  string    `json:"user"`
	Reply string    `json:"reply"`
	Time  time.Time `json:"time,omitzero"` // when the reply was complete

	Seed uint64 `json:"seed,omitzero"` // of the reply; 0 is unknown

	// Cut marks an incomplete reply: it reached MaxTokens or the window, or the caller
	// left and ReplyOptions.KeepCut was set.
	Cut bool `json:"cut,omitzero"`
}

// A Transcript is the turns of one dialogue, in order.
type Transcript []Turn

// clean returns the turns with their texts as prompts have them. where begins the names
// of turns in errors.
func (t Transcript) clean(where string) (Transcript, error) {
	turns := slices.Clone(t)
	for i := range turns {
		if err := turns[i].clean(); err != nil {
			err.Where = fmt.Sprintf("%sturn %d: %s", where, i+1, err.Where)
			return nil, err
		}
	}
	return turns, nil
}

func (t *Turn) clean() *ValueError {
	var err error
	if t.User, err = clean(t.User); err != nil {
		return &ValueError{Where: "user text", Err: err}
	}
	if t.Reply, err = clean(t.Reply); err != nil {
		return &ValueError{Where: "reply", Err: err}
	}
	return nil
}

func (t *Turn) equal(other *Turn) bool {
	return t.User == other.User && t.Reply == other.Reply && t.Time.Equal(other.Time) && t.Seed == other.Seed && t.Cut == other.Cut
}
