package faultwire

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
)

// bodyFaults are answers with status 200 and a body that is not what was asked
// for, in both modes.
func bodyFaults() []Fault {
	big := Outcome{Class: Either, Text: strings.Repeat("x", 1<<20)}
	runes := right()
	runes.Class, runes.TextMayDiffer = Either, true
	return []Fault{
		{Name: "200 with an error object", Does: "the error comes with status 200",
			outcome: failed(Temporary, 200, 500).saying("the model fell over"),
			serve:   func(x *exchange) { x.body(200, "application/json", x.errorBody(500, "the model fell over")) },
			api:     Completions},
		{Name: "200 with a text for an error", Does: "the error is a text, with status 200",
			outcome: failed(Unsure).saying("the model fell over"),
			serve:   plain(200, "application/json", `{"error":"the model fell over"}`)},
		{Name: "200 with vLLM's error", Does: "an object of the type error, with status 200",
			outcome: failed(Permanent, 200, 400).saying("prompt is too long"),
			serve:   plain(200, "application/json", `{"object":"error","message":"prompt is too long","type":"BadRequestError","param":null,"code":400}`),
			api:     Completions},
		{Name: "HTML page", Does: "a page to log in to the network, with status 200",
			outcome: failed(Unsure),
			serve:   plain(200, "text/html", "<!DOCTYPE html>\n<html><body>Please log in.</body></html>\n")},
		{Name: "empty body", Does: "status 200 and nothing", outcome: broken(),
			serve: plain(200, "application/json", "")},
		{Name: "null", Does: "the JSON value null", outcome: broken(),
			serve: plain(200, "application/json", "null")},
		{Name: "other JSON", Does: "an object with other fields", outcome: broken(),
			serve: plain(200, "application/json", `{"status":"ok","model_loaded":true}`)},
		{Name: "half the JSON", Does: "an answer that breaks off, with its length to match", outcome: broken(),
			serve: func(x *exchange) {
				body := string(x.whole(quote(x.text), `"stop"`))
				x.body(200, "application/json", body[:len(body)/2])
			}},
		{Name: "no choices", Does: "a list of no choices", outcome: broken(), api: Completions, modes: wholeOnly,
			serve: plain(200, "application/json", `{"id":"cmpl-1","object":"text_completion","model":"base","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5}}`)},
		{Name: "no reason", Does: "a whole answer without the reason it ended", outcome: Outcome{Class: Broken, Text: FaultText, TextMayStop: true}, modes: wholeOnly,
			serve: func(x *exchange) {
				x.body(200, "application/json", string(x.whole(quote(x.text), "null")))
			}},
		{Name: "text of another type", Does: "the text is a number", outcome: broken(), modes: wholeOnly,
			serve: func(x *exchange) { x.body(200, "application/json", string(x.whole("42", `"stop"`))) }},
		{Name: "other content type", Does: "the right answer as application/octet-stream", outcome: either(),
			serve: func(x *exchange) {
				body := string(x.whole(quote(x.text), `"stop"`))
				if x.stream {
					body = x.script()
				}
				x.body(200, "application/octet-stream", body)
			}},
		{Name: "whole for streamed", Does: "the server does not stream and sends the answer in one piece", outcome: either(), modes: streamOnly,
			serve: func(x *exchange) { x.body(200, "application/json", string(x.whole(quote(x.text), `"stop"`))) }},
		{Name: "streamed for whole", Does: "the server streams though nobody asked", outcome: either(), modes: wholeOnly,
			serve: func(x *exchange) { x.body(200, "text/event-stream", x.script()) }},
		{Name: "gzip", Does: "the right answer, compressed", outcome: right(),
			serve: func(x *exchange) { x.compressed("gzip", func(b []byte) []byte { return b }) }},
		{Name: "gzip broken", Does: "compressed, with its end missing", outcome: broken(),
			stream: &Outcome{Class: Broken, Text: FaultText, TextMayStop: true},
			serve:  func(x *exchange) { x.compressed("gzip", func(b []byte) []byte { return b[:len(b)*2/3] }) }},
		{Name: "gzip unannounced", Does: "compressed, and the header does not say so", outcome: broken(),
			serve: func(x *exchange) { x.compressed("", func(b []byte) []byte { return b }) }},
		{Name: "byte order mark", Does: "the right answer after a byte order mark", outcome: either(),
			serve: func(x *exchange) {
				body := string(x.whole(quote(x.text), `"stop"`))
				if x.stream {
					body = x.script()
				}
				x.body(200, "application/json", "\uFEFF"+body)
			}},
		{Name: "indented", Does: "the right answer over many lines", outcome: right(), modes: wholeOnly,
			serve: func(x *exchange) {
				body := strings.ReplaceAll(string(x.whole(quote(x.text), `"stop"`)), `,"`, ",\r\n\t\"")
				x.body(200, "application/json", "\r\n "+body+"\r\n\r\n")
			}},
		{Name: "1 MB of text", Does: "a text of a megabyte in one line", outcome: big,
			serve: func(x *exchange) {
				x.text = big.Text
				x.answer()
			}},
		{Name: "endless body", Does: "a text that never ends", outcome: Outcome{Class: Endless},
			serve: func(x *exchange) {
				x.head()
				if x.stream {
					x.forever(x.piece(quote(" and then")))
					return
				}
				whole := x.whole(quote(x.text), `"stop"`)
				x.raw(whole[:bytes.Index(whole, []byte(" there"))])
				x.forever([]byte(strings.Repeat(" and then", 400)))
			}},
		{Name: "invalid UTF-8", Does: "text that is not UTF-8", outcome: runes,
			serve: func(x *exchange) {
				x.rewrite = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("girl"), []byte("g\xffrl\xc3")) }
				if x.stream {
					x.answer()
					return
				}
				x.body(200, "application/json", string(x.rewrite(x.whole(quote(x.text), `"stop"`))))
			}},
		{Name: "lone surrogate", Does: "half of a UTF-16 pair as an escape in the text", outcome: runes,
			serve: func(x *exchange) {
				x.rewrite = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("girl"), []byte(`g\ud83erl`)) }
				if x.stream {
					x.answer()
					return
				}
				x.body(200, "application/json", string(x.rewrite(x.whole(quote(x.text), `"stop"`))))
			}},
	}
}

// compressed sends the right answer through gzip and then through change.
func (x *exchange) compressed(encoding string, change func([]byte) []byte) {
	body := x.whole(quote(x.text), `"stop"`)
	if x.stream {
		body = []byte(x.script())
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(body) // a Buffer takes everything
	z.Close()
	if encoding != "" {
		x.w.Header().Set("Content-Encoding", encoding)
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(http.StatusOK)
	x.raw(change(packed.Bytes()))
}
