// Package faultwire is an HTTP server on the loopback interface that misbehaves
// on demand, in the ways listed by [Faults]. [TestFaults] lets a backend meet all
// of them. The [FaultServer] alone is for the tests of what is put around
// backends.
//
// The faults are data: each is a section of a file in testdata.
//
//	=== 429 Retry-After in seconds
//	Does: status 429 with a number of seconds
//	Want: failed temporary 429
//	Retry: 2s 2s
//
//	HTTP/1.1 429
//	Content-Type: application/json
//	Retry-After: 2
//
//	{{.Error 429 "slow down"}}
//
// Does is for people. The answer is a text/template over the exchange, without the
// blank lines at its end. If it does not begin with HTTP/, its header is that of a
// right answer. The other fields are optional:
//
//   - Want is the [Class] of the [Outcome], the [Verdict], and the statuses of which
//     one must be in the error.
//   - Retry holds the bounds of RetryAfter, and Says the server's own words.
//   - Text is the text that must arrive: "start" for the first words or "all", with
//     "or less" and "in streams". "any" accepts all valid text.
//   - Only limits the fault to an API or a mode: "completions", "generate",
//     "streamed", "whole".
//   - Reply is the right answer, as a text and how often it is repeated.
//   - URL is the base URL, if it is not that of the plain server. {plain} and {tls} are
//     the addresses of the servers.
package faultwire
