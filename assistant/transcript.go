package assistant

import (
	"fmt"
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

// clean returns the texts in the form that prompts have. where names the turn in errors.
func (t *Turn) clean(where string) (user, reply string, err error) {
	if user, err = clean(t.User); err != nil {
		return "", "", &ValueError{Where: where + ": user text", Err: err}
	}
	if reply, err = clean(t.Reply); err != nil {
		return "", "", &ValueError{Where: where + ": reply", Err: err}
	}
	return user, reply, nil
}

func turnName(i int) string { return fmt.Sprintf("turn %d", i+1) }

func (t *Turn) equal(other *Turn) bool {
	return t.User == other.User && t.Reply == other.Reply && t.Time.Equal(other.Time) && t.Seed == other.Seed && t.Cut == other.Cut
}
