package pocket_test

import (
	"strings"
	"testing"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

type review struct{ text, label string }

// reviews are not in the corpus. The first four are shown in the prompt.
var reviews = []review{
	{"The tomato soup was delicious and the waiter was friendly.", "positive"},
	{"The lamp broke after a week and nobody answered my letters.", "negative"},
	{"A boring play with a predictable ending.", "negative"},
	{"A charming little hotel with a beautiful garden.", "positive"},
	{"An excellent thriller; I read it in one night.", "positive"},
	{"The staff were rude and the room was dirty.", "negative"},
	{"The bread was stale and the coffee was cold.", "negative"},
	{"Wonderful food, and we will come back soon.", "positive"},
	{"The speaker has superb sound and a long battery life.", "positive"},
	{"The battery died in the first month, and I want a refund.", "negative"},
	{"The bed was comfortable and the view was perfect.", "positive"},
	{"Overpriced, noisy and slow.", "negative"},
	{"I loved the clever story and the gripping dialogue.", "positive"},
	{"A dull documentary that repeats itself.", "negative"},
	{"The shop assistant was helpful and patient, and the shoes fit perfectly.", "positive"},
	{"The keyboard arrived damaged, and support ignored me.", "negative"},
	{"The pasta was burnt and the bill was wrong.", "negative"},
	{"Fresh vegetables, friendly people and fair prices.", "positive"},
	{"A warm and funny film with a superb cast.", "positive"},
	{"The worst holiday of my life: damp walls and no hot water.", "negative"},
	{"The camera is easy to use and takes beautiful pictures.", "positive"},
	{"Wooden characters and a plot that makes no sense.", "negative"},
	{"We enjoyed every minute of this lovely evening.", "positive"},
	{"The parcel was late, and the box was torn.", "negative"},
	{"Great value, and the delivery was quick.", "positive"},
	{"The phone is slow and the screen is scratched.", "negative"},
	{"The best novel I have read this year.", "positive"},
	{"I would not recommend this hostel to anyone.", "negative"},
}

// TestReviews labels reviews that the model has not read.
func TestReviews(t *testing.T) {
	m := pocket.Default()
	for _, shots := range []int{0, 1, 2, 4} {
		var prompt strings.Builder
		for _, r := range reviews[:shots] {
			prompt.WriteString("Review: " + r.text + "\nSentiment: " + r.label + "\n\n")
		}
		right := 0
		for _, r := range reviews[4:] {
			query := prompt.String() + "Review: " + r.text + "\nSentiment:"
			c := complete(t, m, query, sampling.Params{}, "\n")
			scores, err := m.Score(t.Context(), &sampling.Request{Prompt: query}, []string{" positive", " negative"})
			if err != nil {
				t.Fatal(err)
			}
			if c.Text == " "+r.label {
				right++
			} else {
				t.Logf("%s:%s, with the log probabilities %.2f for positive and %.2f for negative", r.text, c.Text, scores[0].Logprob, scores[1].Logprob)
			}
			likelier := " positive"
			if scores[1].Logprob > scores[0].Logprob {
				likelier = " negative"
			}
			if likelier != c.Text {
				t.Errorf("%s:%s was drawn greedily, and%s is likelier", r.text, c.Text, likelier)
			}
		}
		n := len(reviews) - 4
		t.Logf("%d shots: %d of %d right", shots, right, n)
		if right*10 < n*8 {
			t.Errorf("with %d shots %d of %d labels are right", shots, right, n)
		}
	}
}
