package openai_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/openai"
)

// A score is the sum over the tokens of the continuation, as the model itself
// has them.
func TestScore(t *testing.T) {
	for _, name := range []string{"OpenAI", "vLLM", "llama.cpp"} {
		b := backendOf(t, flavours[name])
		texts := []string{" owl", " tree sat", "", "é 나비\n", " the owl."}
		for _, prompt := range []string{"Once upon", "", "on a\n"} {
			scores, err := (sampling.Model{Backend: b}).Score(t.Context(), &sampling.Request{Prompt: prompt}, texts)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if u := scores[0].Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.CachedTokens > u.PromptTokens || scores[1].Usage.PromptTokens != 0 {
				t.Errorf("%s: usage %+v, %+v", name, u, scores[1].Usage)
			}
			for i, text := range texts {
				ids := tokenize(prompt + text)
				want, joined, offset := 0.0, "", 0
				for j, id := range ids[1:] {
					if offset += len(tokenText(id)); offset > len(prompt) {
						want += nextToken(ids[j])[id].Logprob
						joined += tokenText(id)
					}
				}
				got := ""
				for _, token := range scores[i].Tokens {
					got += token.Text
				}
				if math.Abs(scores[i].Logprob-want) > 1e-9 || got != joined {
					t.Errorf("%s: %q after %q scores %v with the tokens %q, want %v, %q", name, text, prompt, scores[i].Logprob, got, want, joined)
				}
			}
		}
	}
}

// The ids of the prompt, which may be long, are only sent back if they are needed.
func TestScorePromptIDs(t *testing.T) {
	prompt := strings.Repeat("Once upon a time ", 40)
	for texts, want := range map[[2]string]bool{{" owl", " tree"}: false, {" owl", " tree sat"}: true} {
		requested := false
		b := overTransport(t, openai.VLLM, func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			requested = requested || strings.Contains(string(body), `"return_token_ids":true`)
			w := httptest.NewRecorder()
			r.Body = io.NopCloser(bytes.NewReader(body))
			serving(flavours["vLLM"]).ServeHTTP(w, r)
			return w.Result(), nil
		})
		if _, err := b.Score(t.Context(), &sampling.Request{Prompt: prompt}, texts[:]); err != nil || requested != want {
			t.Errorf("%q: requested %v, %v", texts, requested, err)
		}
	}
}

// echoing answers a request for scores; answer gets the prompt.
func echoing(t *testing.T, calls *atomic.Int32, answer func(prompt string) string) *openai.Backend {
	return overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		_, rest, _ := strings.Cut(string(body), `"prompt":"`)
		prompt, _, _ := strings.Cut(rest, `"`)
		return response(r, strings.NewReader(answer(prompt))), nil
	})
}

// A call that waits for another one's probe goes by its own context.
func TestScoreWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done() // a server that hangs
			return nil, r.Context().Err()
		})
		score := func(patience time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := b.Score(ctx, &sampling.Request{Prompt: "p"}, []string{"a"})
			return err
		}
		go score(time.Hour)
		synctest.Wait()
		start := time.Now()
		if err := score(time.Second); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// A SentencePiece vocabulary begins each text with a space, which the text does not
// have. Nor does it have the token of its end.
func TestScoreFindsTheText(t *testing.T) {
	for _, drawn := range []string{" upon", "</s>"} {
		b := echoing(t, new(atomic.Int32), func(prompt string) string {
			tokens, probs, text := `"<s>"`, "null", prompt+strings.TrimSuffix(drawn, "</s>")
			for _, word := range append(strings.SplitAfter(prompt, " "), drawn) {
				tokens, probs = tokens+","+rawString(word), probs+",-1.5"
			}
			return fmt.Sprintf(`{"choices":[{"text":%s,"finish_reason":"length","logprobs":{"tokens":[%s],"token_logprobs":[%s]}}]}`,
				rawString(text), strings.Replace(tokens, `,"`, `," `, 1), probs)
		})
		for prompt, text := range map[string]string{"a b ": "c", "": "s"} { // "<s>" has an s too
			scores, err := b.Score(t.Context(), &sampling.Request{Prompt: prompt}, []string{text})
			if err != nil || scores[0].Logprob != -1.5 || len(scores[0].Tokens) != 1 {
				t.Errorf("%q after %q: got %+v, %v", text, prompt, scores, err)
			}
		}
	}
}

// Servers that do not return what echo asks for are found out by one probe, and
// not asked again.
func TestScoreUnsupported(t *testing.T) {
	words := func(prompt, drawn string, prob func(i int) string) string {
		var tokens, probs []string
		for i, word := range strings.SplitAfter(prompt+drawn, " ") {
			tokens, probs = append(tokens, rawString(word)), append(probs, prob(i))
		}
		return fmt.Sprintf(`{"choices":[{"text":%s,"finish_reason":"length","logprobs":{"tokens":[%s],"token_logprobs":[%s]}}]}`,
			rawString(prompt+drawn), strings.Join(tokens, ","), strings.Join(probs, ","))
	}
	for name, answer := range map[string]func(prompt string) string{
		"echo is ignored": func(prompt string) string { return words("", " upon", func(int) string { return "-1.5" }) },
		"echo without log probabilities": func(prompt string) string {
			return `{"choices":[{"text":` + rawString(prompt+" upon") + `,"finish_reason":"length"}]}`
		},
		"those of what is drawn alone": func(prompt string) string {
			return `{"choices":[{"text":` + rawString(prompt+" upon") + `,"finish_reason":"length","logprobs":{"tokens":[" upon"],"token_logprobs":[-1]}}]}`
		},
		"nulls": func(prompt string) string { return words(prompt, " upon", func(int) string { return "null" }) },
		"zeros": func(prompt string) string { return words(prompt, " upon", func(int) string { return "0" }) },
		"zeros after a null": func(prompt string) string {
			return words(prompt, " upon", func(i int) string { return []string{"null", "0", "0.0"}[min(i, 2)] })
		},
		"tokens by their ids": func(prompt string) string {
			return words("token_id:1 token_id:2 token_id:3", "", func(int) string { return "-1" })
		},
	} {
		var calls atomic.Int32
		b := echoing(t, &calls, answer)
		for range 2 {
			if scores, err := b.Score(t.Context(), &sampling.Request{Prompt: "a"}, []string{" b", " c"}); scores != nil || !errors.Is(err, sampling.ErrUnsupported) {
				t.Errorf("%s: %v, %v", name, scores, err)
			}
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("%s: %d requests, want a probe of two texts and one of a single text", name, n)
		}
	}
}

// What a refused probe teaches lasts; a server that is busy may score later.
func TestScoreRefused(t *testing.T) {
	for status, calls := range map[int]int32{400: 2, 422: 2, 401: 2, 503: 2} {
		var n atomic.Int32
		b := overTransport(t, openai.OpenAI, func(r *http.Request) (*http.Response, error) {
			n.Add(1)
			resp := response(r, strings.NewReader(`{"error":{"message":"echo with logprobs is not for this model"}}`))
			resp.StatusCode = status
			return resp, nil
		})
		for range 2 {
			_, err := b.Score(t.Context(), &sampling.Request{Prompt: "a"}, []string{" b"})
			e, ok := errors.AsType[*sampling.Error](err)
			if !ok || e.Status != status || errors.Is(err, sampling.ErrUnsupported) != (status == 400 || status == 422) || !strings.Contains(err.Error(), "not for this model") {
				t.Errorf("%d: %v", status, err)
			}
		}
		if n.Load() != calls {
			t.Errorf("%d: %d requests, want %d", status, n.Load(), calls)
		}
	}
	b := overTransport(t, openai.SGLang, func(r *http.Request) (*http.Response, error) { t.Error("a request was sent"); return nil, io.EOF })
	if _, err := b.Score(t.Context(), &sampling.Request{Prompt: "a"}, []string{" b"}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("a dialect without echo: %v", err)
	}
}

// The first token of a text has no log probability unless the server begins the
// text with a token of its own. Leaving it out would invent a number.
func TestScoreWithoutBeginning(t *testing.T) {
	var calls atomic.Int32
	b := echoing(t, &calls, func(prompt string) string {
		var tokens, probs []string
		for i, word := range strings.SplitAfter(prompt, " ") {
			tokens, probs = append(tokens, rawString(word)), append(probs, map[bool]string{true: "null", false: "-2"}[i == 0])
		}
		return fmt.Sprintf(`{"choices":[{"text":%s,"finish_reason":"length","logprobs":{"tokens":[%s],"token_logprobs":[%s]}}]}`, rawString(prompt), strings.Join(tokens, ","), strings.Join(probs, ","))
	})
	scores, err := b.Score(t.Context(), &sampling.Request{Prompt: "a "}, []string{"b c"})
	if err != nil || len(scores) != 1 || scores[0].Logprob != -4 {
		t.Errorf("%v, %v", scores, err)
	}
	if _, err := b.Score(t.Context(), &sampling.Request{Prompt: ""}, []string{"b c"}); !errors.Is(err, sampling.ErrUnsupported) {
		t.Errorf("without a prompt: %v", err)
	}
	if scores, err := b.Score(t.Context(), &sampling.Request{Prompt: "a"}, nil); err != nil || len(scores) != 0 {
		t.Errorf("of nothing: %v, %v", scores, err)
	}
}
