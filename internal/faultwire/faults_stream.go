package faultwire

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// streamErrorFaults are errors in the middle of a stream with status 200, in
// every shape that servers have for them.
func streamErrorFaults() []Fault {
	const words = "the model fell over"
	mid := func(name, does string, o Outcome, send string) Fault {
		return Fault{Name: name, Does: does, outcome: o.saying(words), midway: true, api: Completions, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				x.raw([]byte(send))
			}}
	}
	return []Fault{
		mid("error event of llama.cpp", "an error object as data", failed(Temporary, 200, 500),
			`data: {"error":{"code":500,"message":"the model fell over","type":"server_error"}}`+"\n\n"),
		mid("error event of old llama.cpp", "a field named error in place of data", failed(Temporary, 200, 500),
			`error: {"code":500,"message":"the model fell over","type":"server_error"}`+"\n\n"),
		mid("error event with a text", "the error is a text", failed(Unsure),
			`data: {"error":"the model fell over","error_type":"generation"}`+"\n\n"),
		mid("error event of OpenAI", "an error object without a code", failed(Unsure),
			`data: {"error":{"message":"the model fell over","type":"server_error","param":null,"code":null}}`+"\n\n"),
		mid("error event of vLLM", "an object of the type error", failed(Permanent, 200, 400),
			`data: {"object":"error","message":"the model fell over","type":"BadRequestError","param":null,"code":400}`+"\n\ndata: [DONE]\n\n"),
		mid("named error event", "an event of the type error", failed(Unsure),
			"event: error\n"+`data: {"message":"the model fell over"}`+"\n\n"),
		mid("error without data", "a bare JSON object between the events", failed(Unsure),
			`{"error":{"message":"the model fell over","type":"server_error","code":500}}`+"\n"),
		mid("error over many lines", "a bare JSON object, indented", failed(Unsure),
			"{\n  \"error\": {\n    \"message\": \"the model fell over\",\n    \"type\": \"server_error\"\n  }\n}\n"),
		mid("error as a reason", "the finish reason is error", failed(Unsure),
			`data: {"id":"cmpl-1","object":"text_completion","model":"base","error":{"code":502,"message":"the model fell over"},"choices":[{"index":0,"text":"","finish_reason":"error"}]}`+"\n\ndata: [DONE]\n\n"),
		{Name: "error event with the key", Does: "the error repeats the key", outcome: failed(Unsure), midway: true, api: Completions, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				x.raw(event(x.errorBody(401, "key "+x.key()+" has expired")))
			}},
		{Name: "error line", Does: "an error in the middle of the lines", outcome: failed(Unsure).saying(words), midway: true, api: Generate, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				x.raw([]byte(x.errorBody(500, words) + "\n"))
			}},
		{Name: "error line with the key", Does: "the error repeats the key", outcome: failed(Unsure), midway: true, api: Generate, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				x.raw([]byte(x.errorBody(500, "key "+x.key()+" has expired") + "\n"))
			}},
	}
}

// streamFaults are streams of either API that end wrongly, or rightly in a rare
// way.
func streamFaults() []Fault {
	stream := func(name, does string, o Outcome, serve func(x *exchange)) Fault {
		return Fault{Name: name, Does: does, outcome: o, modes: streamOnly, serve: serve}
	}
	rewritten := func(name, does string, rewrite func([]byte) []byte) Fault {
		return stream(name, does, right(), func(x *exchange) {
			x.rewrite = rewrite
			x.answer()
		})
	}
	cut := broken()
	whole := Outcome{Class: Broken, Text: FaultText}
	runes := Outcome{Class: Either, TextMayDiffer: true}
	return []Fault{
		{Name: "clean end in the middle", Does: "the stream closes in good order after the first words", outcome: cut, midway: true, modes: streamOnly,
			serve: (*exchange).begin},
		stream("clean end without a reason", "all the words come, and then the stream closes", whole, func(x *exchange) {
			x.head()
			for _, p := range x.pieces() {
				x.send(x.piece(quote(p)))
			}
		}),
		{Name: "broken JSON in the middle", Does: "an event breaks off, and the stream closes", outcome: cut, midway: true, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				next := x.piece(quote(" little"))
				x.raw(append(next[:len(next)/2], '\n', '\n'))
			}},
		{Name: "broken JSON and more", Does: "an event breaks off, and the stream goes on", outcome: cut, midway: true, modes: streamOnly,
			serve: func(x *exchange) {
				x.begin()
				next := x.piece(quote(" little"))
				x.raw(append(next[:len(next)/2], '\n', '\n'))
				x.raw(x.piece(quote(" girl")))
				x.raw(x.final(`"stop"`))
				x.raw(x.done())
			}},
		stream("nothing but the header", "the stream closes at once", cut, (*exchange).head),
		rewritten("line ends of two bytes", "CR LF in place of LF", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }),
		rewritten("blank lines", "empty lines between the parts", func(b []byte) []byte { return append([]byte("\n\n"), b...) }),
		rewritten("last part without a newline", "the last line does not end", func(b []byte) []byte {
			if bytes.Contains(b, []byte("[DONE]")) || bytes.Contains(b, []byte(`"done":true`)) {
				return bytes.TrimRight(b, "\n")
			}
			return b
		}),
		stream("byte by byte", "each byte in a packet of its own", right(), func(x *exchange) {
			x.head()
			for _, b := range []byte(x.script()) {
				x.raw([]byte{b})
			}
		}),
		stream("all at once", "the whole stream in one packet", right(), func(x *exchange) {
			x.head()
			x.raw([]byte(x.script()))
		}),
		stream("empty words", "parts without text between the others", right(), func(x *exchange) {
			x.rewrite = func(b []byte) []byte { return append(x.piece(`""`), b...) }
			x.answer()
		}),
		stream("rune split over parts", "the two bytes of a letter in two parts", runes, func(x *exchange) {
			x.head()
			for _, p := range []string{"\" caf\xc3\"", "\"\xa9 au\"", `" lait"`} {
				x.send(x.piece(p))
			}
			x.send(x.final(`"stop"`))
			x.send(x.done())
		}),
		stream("1 MB before the end", "a megabyte of blanks within a part", either(), func(x *exchange) {
			x.head()
			for _, p := range x.pieces() {
				x.send(x.piece(quote(p)))
			}
			x.send(bytes.Replace(x.final(`"stop"`), []byte("{"), []byte("{"+strings.Repeat(" ", 1<<20)), 1))
			x.send(x.done())
		}),
	}
}

// lineFaults have a meaning in one of the two formats of streams only.
func lineFaults() []Fault {
	sse := func(name, does string, o Outcome, serve func(x *exchange)) Fault {
		return Fault{Name: name, Does: does, outcome: o, api: Completions, modes: streamOnly, serve: serve}
	}
	lines := func(name, does string, o Outcome, serve func(x *exchange)) Fault {
		return Fault{Name: name, Does: does, outcome: o, api: Generate, modes: streamOnly, serve: serve}
	}
	events := func(name, does string, rewrite func([]byte) []byte) Fault {
		return sse(name, does, right(), func(x *exchange) {
			x.rewrite = rewrite
			x.answer()
		})
	}
	words := func(x *exchange) {
		x.head()
		for _, p := range x.pieces() {
			x.send(x.piece(quote(p)))
		}
	}
	return []Fault{
		sse("[DONE] without a reason", "the end is announced, and no finish reason came", Outcome{Class: Broken, Text: FaultText}, func(x *exchange) {
			words(x)
			x.send(x.done())
		}),
		sse("reason without [DONE]", "the finish reason comes, and then the stream closes", right(), func(x *exchange) {
			words(x)
			x.send(x.final(`"stop"`))
		}),
		sse("last event without a newline", "the event with the finish reason does not end, and no [DONE] comes", right(), func(x *exchange) {
			words(x)
			x.send(bytes.TrimRight(x.final(`"stop"`), "\n"))
		}),
		sse("reason with the last word", "the finish reason stands beside text", right(), func(x *exchange) {
			x.head()
			p := x.pieces()
			for _, one := range p[:len(p)-1] {
				x.send(x.piece(quote(one)))
			}
			x.send(bytes.ReplaceAll(x.piece(quote(p[len(p)-1])), []byte(`"finish_reason":null`), []byte(`"finish_reason":"stop"`)))
			x.send(x.done())
		}),
		sse("usage after the reason", "a last part with the usage and no choices", right(), func(x *exchange) {
			words(x)
			x.send(bytes.ReplaceAll(x.final(`"stop"`), []byte(`,"usage":`+x.usage()), nil))
			x.send(event(fmt.Sprintf(`{"id":"cmpl-1","object":"text_completion","model":"base","choices":[],"usage":%s}`, x.usage())))
			x.send(x.done())
		}),
		events("comments", "a thousand keep-alives before each event", func(b []byte) []byte {
			return append([]byte(strings.Repeat(": still here\n\n", 1000)), b...)
		}),
		sse("comments without end", "keep-alives and never an event", Outcome{Class: Endless}, func(x *exchange) {
			x.head()
			x.forever([]byte(": still here\n\n"))
		}),
		sse("1 MB comment", "one keep-alive of a megabyte", either(), func(x *exchange) {
			x.head()
			x.raw([]byte(": " + strings.Repeat("x", 1<<20) + "\n\n"))
			x.raw([]byte(x.script()))
		}),
		events("data without a space", "data:{…}", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("data: "), []byte("data:")) }),
		events("event over several lines", "one JSON object in several data fields", func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`,"object"`), []byte(",\ndata: \"object\""))
		}),
		events("other fields", "event, id and retry beside data", func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("data: "), []byte("event: completion\nid: 7\nretry: 1000\ndata: "))
		}),
		events("parts without choices", "empty lists of choices between the events", func(b []byte) []byte {
			return append(event(`{"id":"cmpl-1","object":"text_completion","model":"base","choices":[]}`), b...)
		}),
		sse("another choice between", "the text of a second choice that nobody asked for", either(), func(x *exchange) {
			second := event(`{"id":"cmpl-1","object":"text_completion","model":"base","choices":[{"text":" no","index":1,"logprobs":null,"finish_reason":null}]}`)
			x.rewrite = func(b []byte) []byte { return append(slices.Clone(second), b...) }
			x.answer()
		}),
		lines("model loaded", "the answer of Ollama to an empty prompt, which is none", broken(), func(x *exchange) {
			x.head()
			x.raw(x.final(`"load"`))
		}),
		lines("done without a reason", "the last line says done and not why, as old versions do", either(), func(x *exchange) {
			words(x)
			x.send(bytes.ReplaceAll(x.final(`"stop"`), []byte(`,"done_reason":"stop"`), nil))
		}),
	}
}
