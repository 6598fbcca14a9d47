package httpwire

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words are what a server said about a failure.
type Words struct {
	Text   string // in one line, at most textLimit bytes; "" when it said nothing
	Type   string // such as "invalid_request_error"; "" when it named none
	Code   string // such as "insufficient_quota"; "" when it named none or a number
	Param  string // the field at fault, such as "logprobs"; "" when it named none
	Status int    // the HTTP status that it named in its words, or 0
}

// textLimit is how long a server's words may be in an error, in bytes.
const textLimit = 500

// Read finds the words in the body of a failed response. It knows the shapes
// that are in use:
//
//	{"error": "model 'x' not found"}                            Ollama
//	{"error": {"message": "...", "type": "...", "code": ...}}   OpenAI, llama.cpp, vLLM
//	{"object": "error", "message": "...", "code": 400}          older vLLM
//	{"detail": "..."} and {"detail": [{"msg": "..."}]}          FastAPI
//	{"error": "...", "details": "..."}                          gateways
//	{"message": "..."}                                          gateways
//	{"error": {"message": "...", "metadata": {"raw": "..."}}}   OpenRouter
//	{"choices": [{"error": {"message": "..."}}]}                OpenRouter, in an answer
//
// A message that is itself such an object, as when one server hands on the words
// of another, is opened too. Words of another server come after the first ones. Of an
// HTML page the title is taken, and of anything else the beginning.
func Read(body []byte) Words {
	return read(string(body), 4)
}

func read(body string, depth int) Words {
	if body = strings.TrimSpace(body); body == "null" {
		return Words{}
	}
	var object struct {
		Error, Message, Detail, Details json.RawMessage
		Type, Code, Param               json.RawMessage
		Metadata                        struct{ Raw json.RawMessage }
		Choices                         []struct{ Error json.RawMessage }
	}
	if depth < 0 || !strings.HasPrefix(body, "{") || json.Unmarshal([]byte(body), &object) != nil {
		return Words{Text: plain(body)}
	}
	var w Words
	places := []json.RawMessage{object.Error, object.Message, object.Detail}
	if len(object.Choices) > 0 {
		places = append(places, object.Choices[0].Error)
	}
	for _, place := range places {
		if w = read(text(place), depth-1); w.Text != "" {
			break
		}
	}
	for _, more := range []json.RawMessage{object.Metadata.Raw, object.Details} {
		if inner := read(cmp.Or(text(more), string(more)), depth-1); inner.Text != "" {
			w.Text = strings.TrimPrefix(w.Text+": "+inner.Text, ": ")
			w.Type, w.Code = cmp.Or(inner.Type, w.Type), cmp.Or(inner.Code, w.Code)
		}
	}
	w.Text = plain(cmp.Or(w.Text, body))
	if w.Type == "" {
		json.Unmarshal(object.Type, &w.Type) // only a string is a type
	}
	if w.Param == "" {
		json.Unmarshal(object.Param, &w.Param)
	}
	if w.Code == "" && w.Status == 0 {
		json.Unmarshal(object.Code, &w.Code)
		if n, err := strconv.Atoi(cmp.Or(w.Code, string(object.Code))); err == nil {
			w.Code, w.Status = "", n
		}
		if w.Status < 400 || w.Status > 599 {
			w.Status = 0 // some other numbering
		}
	}
	return w
}

// text returns the words in a JSON value: a string, an object as it is, or a list of
// strings or of complaints, as FastAPI sends them.
func text(raw json.RawMessage) string {
	var s string
	var list []json.RawMessage
	switch {
	case json.Unmarshal(raw, &s) == nil:
		return s
	case json.Unmarshal(raw, &list) != nil:
		if len(raw) > 0 && raw[0] == '{' {
			return string(raw)
		}
		return ""
	}
	var all []string
	for _, one := range list {
		var said struct {
			Msg, Message string
			Loc          []any
		}
		if json.Unmarshal(one, &said.Msg) != nil {
			json.Unmarshal(one, &said)
		}
		words := said.Msg + said.Message
		if n := len(said.Loc); n > 0 && words != "" {
			if field, ok := said.Loc[n-1].(string); ok && field != "body" {
				words = field + ": " + words
			}
		}
		if words != "" {
			all = append(all, words)
		}
	}
	return strings.Join(all, "; ")
}

// plain makes one line of bounded length out of a text or an HTML page.
func plain(s string) string {
	if htmlStart.MatchString(s) {
		s = htmlPage + htmlText(s)
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if len(s) <= textLimit {
		return s
	}
	cut := textLimit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + " …"
}

const htmlPage = "an HTML page: "

var (
	htmlStart = regexp.MustCompile(`(?i)^[\s\x{FEFF}]*<(!doctype html|html)`)
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	htmlTag   = regexp.MustCompile(`<[^>]*>?`)
)

// htmlText returns the title of an HTML page, where proxies say what is wrong, or the
// page's words if it has no title.
func htmlText(page string) string {
	if title := htmlTitle.FindStringSubmatch(page); title != nil && strings.TrimSpace(title[1]) != "" {
		return title[1]
	}
	return htmlTag.ReplaceAllString(page, " ")
}

// ErrNoModel means that the server does not have the model.
var ErrNoModel = errors.New("no such model")

// modelless is ErrNoModel in the server's words.
type modelless struct{ error }

func (e modelless) Unwrap() error        { return e.error }
func (e modelless) Is(target error) bool { return target == ErrNoModel }

// namesModel finds the word "model" in a server's words, but not in an address that it
// repeats, such as /v1/models or /props?model=x.
var namesModel = regexp.MustCompile(`(?i)(^|_|[^/?&=.\w-])model(s?\b|_|not)`)

// noModel reports whether a refusal with this status means ErrNoModel. llama.cpp's router
// answers with a 400. An HTML page comes from a proxy.
func (w Words) noModel(status int) bool {
	switch {
	case w.Code == "model_not_found":
		return true
	case !namesModel.MatchString(w.Text) || strings.HasPrefix(w.Text, htmlPage):
		return false
	}
	return status == http.StatusNotFound || status == http.StatusBadRequest && strings.Contains(w.Text, "not found")
}

// final reports whether the server named a failure that waiting does not mend.
func (w Words) final() bool {
	return w.outweighs() || slices.Contains(lasting, w.Type)
}

// outweighs reports whether that name counts beside a status that says "later".
// A type does not, since some servers call every refusal an invalid request,
// unless it is the 429 for a bill that somebody has to pay; a code is more exact.
func (w Words) outweighs() bool {
	return w.budget() || slices.Contains(lasting, w.Code) || slices.Contains(unpaid, w.Code) || slices.Contains(unpaid, w.Type) ||
		unpaidText.MatchString(w.Text)
}

// unpaidText are the words for a bill that somebody has to pay, where no name says so.
var unpaidText = regexp.MustCompile(`(?i)exceeded your current quota|insufficient (balance|credits?|funds|quota)|budget has been exceeded|payment required`)

var (
	unpaid = []string{"insufficient_quota", "billing_hard_limit_reached", "budget_exceeded", "quota_exceeded",
		"insufficient_balance", "insufficient_credits", "billing_not_active", "payment_required", "credit_limit_reached"}
	lasting = []string{"invalid_request_error", "BadRequestError",
		"authentication_error", "invalid_api_key", "permission_error", "not_found_error", "NotFoundError", "model_not_found"}
)
