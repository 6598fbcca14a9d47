package faultwire

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// statusFaults are answers with a status other than 200.
func statusFaults() []Fault {
	return []Fault{
		refusal(400, Permanent, "words", "top_p must lie between 0 and 1, but is 7"),
		status("400 context size", "llama.cpp's answer to a prompt that is too long, with both numbers",
			failed(Permanent, 400).saying("992"), jsonBody(400, `{"error":{"code":400,"message":"request (992 tokens) exceeds the available context size (512 tokens)","type":"exceed_context_size_error","n_prompt_tokens":992,"n_ctx":512}}`, `{"error":"the prompt of 992 tokens is longer than the context of 512"}`)),
		status("400 plain text", "a refusal that is not JSON", failed(Permanent, 400).saying("bad prompt"), plain(400, "text/plain", "bad prompt")),
		status("400 with another type", "an error object whose code is a text and whose message is a list",
			failed(Permanent, 400), plain(400, "application/json", `{"error":{"message":["bad","prompt"],"type":null,"code":"bad_prompt"}}`)),
		status("401 with the key", "the server repeats the key that it refuses", failed(Permanent, 401), func(x *exchange) {
			x.w.Header().Set("WWW-Authenticate", "Bearer "+x.key())
			x.body(401, "application/json", x.errorBody(401, "Incorrect API key provided: "+x.key()+"."))
		}),
		status("401 with the key in HTML", "a gateway repeats the key that it refuses", failed(Permanent, 401), func(x *exchange) {
			x.body(401, "text/html", "<html><body><h1>401</h1>Authorization: Bearer "+x.key()+"</body></html>")
		}),
		refusal(403, Permanent, "words", "your plan does not include this model"),
		refusal(404, Permanent, "model", "model 'base' not found"),
		status("404 page", "a base URL without its path", failed(Permanent, 404), plain(404, "text/plain", "404 page not found\n")),
		refusal(405, Permanent, "words", "method not allowed"),
		refusal(408, Temporary, "words", "the request took too long to arrive"),
		status("413 HTML", "a gateway finds the prompt too long", failed(Permanent, 413), plain(413, "text/html", page(413))),
		status("422 detail", "FastAPI's answer to a field that it does not know", failed(Permanent, 422).saying("Extra inputs are not permitted"),
			plain(422, "application/json", `{"detail":[{"type":"extra_forbidden","loc":["body","min_p"],"msg":"Extra inputs are not permitted","input":0.1}]}`)),
		refusal(429, Temporary, "words", "rate limit reached"),
		retryAfter(429, "in seconds", func() string { return "2" }, 2*time.Second, 2*time.Second),
		retryAfter(429, "as a date", func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) }, 30*time.Second, 90*time.Second),
		retryAfter(429, "that is nonsense", func() string { return "soon" }, 0, 0),
		retryAfter(429, "below zero", func() string { return "-5" }, 0, 0),
		retryAfter(429, "beyond all bounds", func() string { return "99999999999999999999" }, 0, math.MaxInt64),
		refusal(500, Temporary, "words", "the model fell over"),
		status("500 with the key", "a stack trace with the request's header in it", failed(Temporary, 500), func(x *exchange) {
			x.body(500, "application/json", x.errorBody(500, "panic: header map[Authorization:[Bearer "+x.key()+"]]"))
		}),
		status("500 without a body", "a status and no words", failed(Temporary, 500), plain(500, "", "")),
		status("500 with a text for an error", "the error is a text where others have an object", failed(Temporary, 500).saying("out of memory"),
			plain(500, "application/json", `{"error":"out of memory"}`)),
		status("500 with 1 MB", "an error page of a megabyte", failed(Temporary, 500), func(x *exchange) {
			x.body(500, "text/html", "<html>"+strings.Repeat("<p>sorry</p>", 1<<20/12)+"</html>")
		}),
		status("500 that never ends", "an error whose body has no end", Outcome{Class: Endless}, func(x *exchange) {
			x.w.WriteHeader(500)
			x.forever([]byte(strings.Repeat("sorry ", 1000)))
		}),
		status("502 HTML", "a gateway without its server", failed(Temporary, 502), plain(502, "text/html", page(502))),
		refusal(503, Temporary, "loading", "Loading model"),
		retryAfter(503, "in seconds", func() string { return "1" }, time.Second, time.Second),
		retryAfter(503, "in the past", func() string { return "Mon, 02 Jan 2006 15:04:05 GMT" }, 0, 0),
		status("504 HTML", "a gateway whose server is too slow", failed(Temporary, 504), plain(504, "text/html", page(504))),
		refusal(529, Temporary, "words", "overloaded"),
		status("204", "success without content", broken(), plain(204, "", "")),
	}
}

// redirectFaults lead elsewhere.
func redirectFaults() []Fault {
	to := func(status int, where func(x *exchange) string) func(*exchange) {
		return func(x *exchange) {
			x.w.Header().Set("Location", where(x))
			x.w.WriteHeader(status)
		}
	}
	here := func(x *exchange) string { return x.server.RightURL() + string(x.api) }
	return []Fault{
		status("307 to the same host", "a redirect that keeps method and body", either(), to(307, here)),
		status("308 to the same host", "the same for ever", either(), to(308, here)),
		status("301 to the same host", "a redirect that makes a GET of a POST", failed(Permanent), to(301, here)),
		status("307 to another host", "a redirect to a host that must not see the key", failed(Permanent), to(307, func(x *exchange) string {
			return x.server.otherHost() + string(x.api)
		})),
		status("redirect in a circle", "a redirect to itself", failed(Unsure), to(307, func(x *exchange) string { return x.r.URL.Path })),
		status("redirect to nowhere", "a redirect without a location", failed(Unsure), func(x *exchange) { x.w.WriteHeader(302) }),
	}
}

// status is a fault that is the same streamed and whole.
func status(name, does string, o Outcome, serve func(*exchange)) Fault {
	return Fault{Name: name, Does: does, outcome: o, serve: serve}
}

// refusal is a status with an error object of the API.
func refusal(code int, v Verdict, name, words string) Fault {
	return status(fmt.Sprintf("%d %s", code, name), fmt.Sprintf("status %d with the words %q", code, words), failed(v, code).saying(words), func(x *exchange) {
		x.body(code, "application/json", x.errorBody(code, words))
	})
}

// retryAfter is a refusal with a Retry-After header.
func retryAfter(code int, name string, value func() string, least, most time.Duration) Fault {
	o := failed(Temporary, code)
	o.RetryAtLeast, o.RetryAtMost = least, most
	return status(fmt.Sprintf("%d Retry-After %s", code, name), fmt.Sprintf("status %d with Retry-After %s", code, name), o, func(x *exchange) {
		x.w.Header().Set("Retry-After", value())
		x.body(code, "application/json", x.errorBody(code, "slow down"))
	})
}

// plain answers with a fixed body.
func plain(code int, kind, body string) func(*exchange) {
	return func(x *exchange) {
		if kind == "" {
			x.w.WriteHeader(code)
			return
		}
		x.body(code, kind, body)
	}
}

// jsonBody answers with a body for each API.
func jsonBody(code int, completions, generate string) func(*exchange) {
	return func(x *exchange) {
		body := completions
		if x.api == Generate {
			body = generate
		}
		x.body(code, "application/json", body)
	}
}

// page is the page that a gateway shows.
func page(code int) string {
	title := fmt.Sprintf("%d %s", code, http.StatusText(code))
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}
