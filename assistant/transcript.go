package assistant

import (
	"fmt"
	"time"
)

// A Turn is what the user said and what the assistant replied.
//
// Texts are trimmed, and every line end is "\n" in prompts and in the turns that a
// Conversation adds. Text that is not UTF-8 or has a NUL is refused. In a Turn without
// a User the assistant speaks first, as in a greeting.
type Turn struct {
	User  string    `json:"user"`
	Reply string    `json:"reply"`
	Time  time.Time `json:"time,omitzero"` // when the reply was complete

	// Seed is the seed that the reply was drawn with; 0 is unknown.
	Seed uint64 `json:"seed,omitzero"`

	// Cut marks a reply that was cut off: by MaxTokens, by the window, or because the
	// caller left and asked for ReplyOptions.KeepCut.
	Cut bool `json:"cut,omitzero"`
}

// A Transcript is the turns of one dialogue, in order.
type Transcript []Turn

// clean returns the texts of a turn in the form that prompts have. where names the
// turn in errors.
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

// equal reports whether two turns say the same, at the same time.
func (t *Turn) equal(other *Turn) bool {
	return t.User == other.User && t.Reply == other.Reply && t.Time.Equal(other.Time) && t.Seed == other.Seed && t.Cut == other.Cut
}
