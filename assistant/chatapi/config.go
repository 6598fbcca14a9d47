package chatapi

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A Config says what a [Handler] serves and who may use it. Only Model is required:
// the zero value of every other field serves programs on this machine, without a
// key.
type Config struct {
	Model   sampling.Model
	Persona assistant.Persona // for chat and responses

	// Name is the model's id for clients. "" is "foreword".
	Name string

	// AnyModel answers requests for every model, and not only for Name. The
	// answer still says Name.
	AnyModel bool

	// Params are the values of fields that a request lacks. The zero Params are
	// greedy and 256 tokens at most, where OpenAI's own temperature is 1.
	Params sampling.Params

	// ReplaceDescription replaces the Persona's description by a request's system
	// and developer messages. Otherwise they are added to it. The Persona's
	// examples stay either way.
	ReplaceDescription bool

	// Keys are those that clients may present as a bearer token; without any,
	// none is needed. They are kept as hashes.
	Keys []sampling.Secret

	// Hosts are names by which the server may be called, beside localhost and IP
	// addresses, without a port; "*" is any. All others are refused, which stops
	// web pages that use DNS rebinding.
	Hosts []string

	// Origins are the web origins, such as "https://chat.example.org", whose
	// pages may call the server from elsewhere; "*" is any. Pages of all other
	// origins are refused.
	Origins []string

	Limits Limits

	// Logger gets one record for each request, without texts of prompts or
	// replies and without keys. Ignored fields are named at debug level. nil logs
	// nothing.
	Logger *slog.Logger
}

// Limits bound the cost of requests. 0 is the default of each.
type Limits struct {
	Requests  int           // requests for replies at once, of all clients together; more are status 429. 0 is 128
	Body      int64         // bytes of a request's body. 0 is 1 MiB
	Messages  int           // messages in a request. 0 is 1000
	Choices   int           // n, or n for each of several prompts. 0 is 8
	MaxTokens int           // tokens of one reply; a request for more gets this many. 0 is 4096
	Reply     time.Duration // until all replies are whole. 0 is five minutes
	Stall     time.Duration // until a body has come or one write has been taken. 0 is 30 seconds
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Requests:  cmp.Or(l.Requests, 128),
		Body:      cmp.Or(l.Body, 1<<20),
		Messages:  cmp.Or(l.Messages, 1000),
		Choices:   cmp.Or(l.Choices, 8),
		MaxTokens: cmp.Or(l.MaxTokens, 4096),
		Reply:     cmp.Or(l.Reply, 5*time.Minute),
		Stall:     cmp.Or(l.Stall, 30*time.Second),
	}
}

func (l Limits) validate() error {
	if min(l.Requests, l.Messages, l.Choices, l.MaxTokens) < 1 || l.Body < 1 || min(l.Reply, l.Stall) < 1 {
		return errors.New("chatapi: a limit is negative; use 0 for its default, or a positive one")
	}
	return nil
}
