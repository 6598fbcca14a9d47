// Package wrap puts a [sampling.Backend] around a sampling.Backend, as
// middleware is put around an [net/http.Handler]: each wrapper adds one thing
// and leaves the rest as it was.
//
//   - [Limit] keeps to a server's requests and tokens a minute, and to so many
//     calls at once.
//   - [Meter] counts tokens and money, for the whole process and for each label
//     that [WithLabel] sets, and refuses calls over a cap.
//   - [Retry] tries again after faults that pass.
//   - [Cache] answers a request that was answered before.
//   - [Log] writes one [log/slog] record a call.
//   - [Record] keeps a file of exchanges, and [Replay] answers from it, so that
//     a program's own tests run without a server.
//
// One alone is put around a backend by its Wrap method:
//
//	m := sampling.Model{Backend: wrap.Retry{}.Wrap(server)}
//
// [Around] puts several together, the innermost first. This is the order that they
// are meant to have, and a program leaves out what it does not need:
//
//	backend := wrap.Around(server,
//		&wrap.Record{To: file},
//		&wrap.Limit{Requests: 600, AtOnce: 16},
//		&wrap.Meter{Price: price, Cap: 20 * wrap.Dollar},
//		wrap.Retry{},
//		&wrap.Cache{},
//		wrap.Log{},
//	)
//
// Why this order:
//
//   - Record stands next to the server, since a Replay later stands in the
//     server's place. It sees each attempt, faults included.
//   - Limit and Meter stand inside Retry, since the server counts, and bills,
//     each attempt and not each call of the program.
//   - Meter stands outside Limit, so that a program over its cap is told at
//     once and not after a wait. A call that gave up while it waited was never
//     sent, and Meter does not charge for it.
//   - Cache stands outside all of them: an answer that is there already costs
//     nothing, waits for nothing and cannot fail.
//   - Log stands outermost: one record for one call of the program. What
//     happened inside, such as attempts, waits, a hit and the cost, is in it.
//
// # What all have in common
//
// The zero value of each works, but for Record, which needs a file. Limit, Meter,
// Cache and Record have state: use them by pointer. Where several backends share
// an account they share a Limit and a Meter. Fields must not change once a
// wrapper is in use. Everything here is safe for concurrent use.
//
// Streams stay streams: a chunk is passed on when it comes, and leaving the loop
// reaches the backend at once. Waits end when ctx does. No wrapper starts a
// goroutine.
//
// A wrapped backend is a [sampling.Counter], a [sampling.Scorer] or a
// [sampling.Drawer] when, and only when, the backend in it is. Draw and Score
// are retried, limited, metered, cached, logged and recorded like samples. Count
// passes straight through (Record and Replay keep its answers): it has no
// context that could end a wait, and costs nothing.
//
// Where a wrapper must know a number of tokens that the backend has not told, it
// asks its own Counter, or else the backend where that counts, or else takes one
// token for each byte of text, which is several times too many but never too
// few. For a hosted model set the same Counter as in [sampling.Model].
package wrap
