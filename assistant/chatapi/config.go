package chatapi

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"github.com/foreword-go/foreword/assistant"
	"github.com/foreword-go/foreword/sampling"
)

// A Config says what the handler of [New] serves and who may use it. Only Model is
// required. The zero value of the other fields serves programs on this machine,
// without a key.
type Config struct {
	Model   sampling.Model
	Persona assistant.Persona // for chat completions and responses

	// Name is the id of the model for clients. The default is "foreword".
	Name string

	// AnyModel accepts requests for every model id. The answer still has Name.
	AnyModel bool

	// Params are the values of fields that a request lacks. The zero Params are
	// greedy with at most 256 tokens. OpenAI's default temperature is 1.
	Params sampling.Params

	// ReplaceDescription makes system and developer messages replace the Persona's
	// description. By default they are added to it. The examples stay in both cases.
	ReplaceDescription bool

	// Keys are the accepted bearer tokens. Without any, no key is needed. Only their
	// hashes are kept.
	Keys []sampling.Secret

	// Hosts are the accepted names in Host headers, without a port. localhost and IP
	// addresses are always accepted, and "*" accepts all. This stops web pages that
	// use DNS rebinding.
	Hosts []string

	// Origins are web origins, such as "https://chat.example.org", whose pages may
	// call the server. "*" is any. Pages of other origins are refused.
	Origins []string

	Limits Limits

	// Logger gets one record per request, without keys and texts. The record at debug
	// level lists ignored fields. nil logs nothing.
	Logger *slog.Logger
}

// Limits bound the cost of requests. Each zero has a default.
type Limits struct {
	Requests  int           // concurrent requests for replies; more get status 429. The default is 128
	Body      int64         // bytes in the body of a request. The default is 1 MiB
	Choices   int           // n times the number of prompts. The default is 8
	MaxTokens int           // tokens in one reply; larger requests get this many. The default is 4096
	Reply     time.Duration // time for all replies of a request. The default is five minutes
	Stall     time.Duration // time to receive a body, or to send one write. The default is 30 seconds
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Requests:  cmp.Or(l.Requests, 128),
		Body:      cmp.Or(l.Body, 1<<20),
		Choices:   cmp.Or(l.Choices, 8),
		MaxTokens: cmp.Or(l.MaxTokens, 4096),
		Reply:     cmp.Or(l.Reply, 5*time.Minute),
		Stall:     cmp.Or(l.Stall, 30*time.Second),
	}
}

func (l Limits) validate() error {
	if min(l.Requests, l.Choices, l.MaxTokens) < 1 || l.Body < 1 || min(l.Reply, l.Stall) < 1 {
		return errors.New("chatapi: a limit is negative; use a positive one, or 0 for the default")
	}
	return nil
}
