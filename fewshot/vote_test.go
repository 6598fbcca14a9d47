package fewshot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// bySeed is a model whose answer is a function of the seed, and the number of
// its calls.
func bySeed(answer func(seed uint64) string) (sampling.Model, *atomic.Int64) {
	calls := new(atomic.Int64)
	return sampling.Model{Backend: sampling.BackendFunc(func(_ context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
		return func(yield func(sampling.Chunk, error) bool) {
			calls.Add(1)
			text := answer(req.Params.Seed)
			if text == "" {
				yield(sampling.Chunk{}, errors.New("the server is gone"))
				return
			}
			yield(sampling.Chunk{Text: " " + text + "\n", Reason: sampling.EndOfText}, nil)
		}
	})}, calls
}

func votingTask() *fewshot.Task[string, int] {
	return &fewshot.Task[string, int]{Format: fewshot.Lines, Params: sampling.Params{Temperature: 0.7, Seed: 1}}
}

func TestVote(t *testing.T) {
	inTurn := func(answers ...string) func(uint64) string {
		return func(seed uint64) string { return answers[int(seed-1)%len(answers)] }
	}
	tests := []struct {
		name    string
		answers []string
		voting  fewshot.VoteOptions[int]
		want    fewshot.Votes[int]
	}{
		{
			name: "all agree", answers: []string{"4"},
			want: fewshot.Votes[int]{Value: 4, Share: 1, Samples: 6, Candidates: []fewshot.Candidate[int]{{Value: 4, Votes: 6}}},
		},
		{
			name: "a majority", answers: []string{"4", "4", "5", "4", "4", "4", "5", "4", "4", "4"},
			want: fewshot.Votes[int]{Value: 4, Share: 6.0 / 8, Samples: 8, Candidates: []fewshot.Candidate[int]{{Value: 4, Votes: 6}, {Value: 5, Votes: 2}}},
		},
		{
			name: "what is not an answer has no vote", answers: []string{"4", "four", "5", "4"},
			voting: fewshot.VoteOptions[int]{Samples: 4},
			want:   fewshot.Votes[int]{Value: 4, Share: 0.5, Samples: 4, Candidates: []fewshot.Candidate[int]{{Value: 4, Votes: 2}, {Value: 5, Votes: 1}}},
		},
		{
			name: "a tie goes to the first", answers: []string{"5", "4"},
			voting: fewshot.VoteOptions[int]{Samples: 2},
			want:   fewshot.Votes[int]{Value: 5, Share: 0.5, Samples: 2, Candidates: []fewshot.Candidate[int]{{Value: 5, Votes: 1}, {Value: 4, Votes: 1}}},
		},
		{
			name: "a key of the caller's own", answers: []string{"1", "2", "3", "5", "8"},
			voting: fewshot.VoteOptions[int]{Samples: 5, Key: func(n int) string { return fmt.Sprint(n % 2) }},
			want:   fewshot.Votes[int]{Value: 1, Share: 0.75, Samples: 4, Candidates: []fewshot.Candidate[int]{{Value: 1, Votes: 3}, {Value: 2, Votes: 1}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model, calls := bySeed(inTurn(tt.answers...))
			got, err := voteOf(t.Context(), votingTask(), model, "2+2", tt.voting)
			if err != nil {
				t.Fatal(err)
			}
			if int(calls.Load()) != got.Samples {
				t.Errorf("%d samples were drawn and %d counted", calls.Load(), got.Samples)
			}
			got.Prompt = nil
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVoteErrors(t *testing.T) {
	task := votingTask()
	// Six samples are drawn at once. They tie, so the next batch begins with seed 7.
	model, _ := bySeed(func(seed uint64) string {
		if seed >= 7 {
			return ""
		}
		return fmt.Sprint(4 + seed%2)
	})
	votes, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{})
	if err == nil || votes == nil || votes.Samples != 6 || votes.Value != 5 || votes.Share != 0.5 {
		t.Errorf("a model that fails in between: %+v, %v; want the votes so far and the error", votes, err)
	}
	model, _ = bySeed(func(uint64) string { return "four" })
	var answer *fewshot.AnswerError
	if _, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{}); !errors.As(err, &answer) {
		t.Errorf("no answer at all: %v", err)
	}
	if _, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{Samples: -1}); err == nil {
		t.Error("a negative number of samples: accepted")
	}
	task.Params.Temperature = 0
	if _, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{}); !errors.Is(err, sampling.ErrInvalid) {
		t.Errorf("greedy samples: %v", err)
	}
}

// TestVoteWithoutASeed draws one after the other where the first are not settled:
// no sample is drawn twice.
func TestVoteWithoutASeed(t *testing.T) {
	var mu sync.Mutex
	seeds := map[uint64]bool{}
	model, calls := bySeed(func(seed uint64) string {
		mu.Lock()
		defer mu.Unlock()
		seeds[seed] = true
		return fmt.Sprint(len(seeds)) // no two answers agree
	})
	task := votingTask()
	task.Params.Seed = 0
	if _, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{}); err != nil {
		t.Fatal(err)
	}
	first := slices.Min(slices.Collect(maps.Keys(seeds)))
	if calls.Load() != 10 || len(seeds) != 10 || first == 0 || !seeds[first+9] {
		t.Errorf("%d samples with the seeds %v; want ten that follow each other", calls.Load(), seeds)
	}
}

// TestVoteWithACodecThatOnlyReads keeps apart answers that cannot be written back.
func TestVoteWithACodecThatOnlyReads(t *testing.T) {
	model, _ := bySeed(func(seed uint64) string { return fmt.Sprint(4 + seed%3) })
	task := votingTask()
	task.Out.Encode = func(int) (string, error) { return "", errors.New("only reads") }
	poll, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{Samples: 3})
	if err != nil || len(poll.Candidates) != 3 {
		t.Errorf("%+v, %v; want three answers", poll, err)
	}
}

// TestMajorityIsBinomial compares how often a majority of 5 is right with the
// binomial distribution, for a model that is right with probability 0.7.
func TestMajorityIsBinomial(t *testing.T) {
	const p, n, polls = 0.7, 5, 1000
	model, calls := bySeed(func(seed uint64) string {
		if rand.New(rand.NewPCG(seed, 7)).Float64() < p {
			return "4"
		}
		return "5"
	})
	right := 0
	for i := range polls {
		task := votingTask()
		task.Params.Seed = uint64(i*n + 1)
		poll, err := voteOf(t.Context(), task, model, "2+2", fewshot.VoteOptions[int]{Samples: n})
		if err != nil {
			t.Fatal(err)
		}
		if poll.Value == 4 {
			right++
		}
	}
	want := 0.0
	for k := 3; k <= n; k++ {
		want += float64(choose(n, k)) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
	}
	got := float64(right) / polls
	// Four standard deviations of the share, on a fixed set of seeds.
	if tolerance := 4 * math.Sqrt(want*(1-want)/polls); math.Abs(got-want) > tolerance {
		t.Errorf("the majority of %d is right in %.3f of the polls, the binomial says %.3f ± %.3f", n, got, want, tolerance)
	}
	if drawn := float64(calls.Load()) / polls; drawn >= n {
		t.Errorf("%.2f samples a poll: the early exit never came", drawn)
	}
	t.Logf("majority of %d right: %.3f (binomial %.3f), with %.2f samples a poll", n, got, want, float64(calls.Load())/polls)
}

func choose(n, k int) int {
	if k == 0 {
		return 1
	}
	return choose(n, k-1) * (n - k + 1) / k
}

// One sample of ten may go astray. The majority is settled after six that agree,
// and then no more are drawn.
func ExamplePrompter_Vote() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines, Params: sampling.Params{Temperature: 1, Seed: 1}}
	task.Add("butterfly", "나비")
	model := sampling.Model{Backend: pocket.Default()}
	poll, err := task.MustCompile().Vote(context.Background(), model, "teacher", fewshot.VoteOptions[string]{Samples: 10})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.0f %% of %d samples\n", poll.Value, 100*poll.Share, poll.Samples)
	// Output:
	// 선생님: 100 % of 6 samples
}
