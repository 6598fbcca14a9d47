// Package wrap puts a [sampling.Backend] around a sampling.Backend, as
// middleware is put around an [net/http.Handler]: each wrapper adds one thing
// and leaves the rest as it was.
//
//   - [Limit] keeps to a server's requests and tokens a minute, and to a number of
//     concurrent calls.
//   - [Meter] counts tokens and cost, for the whole process and for each label
//     that [WithLabel] sets, and refuses calls over a cap.
//   - [Retry] tries again after temporary faults.
//   - [Cache] answers a request that was answered before. With a file it resumes
//     interrupted work, and replays exchanges in a program's tests.
//   - [Fallback] asks another backend where one cannot answer.
//   - [Forbid] ends a continuation before it reproduces a protected text.
//   - [Log] writes one [log/slog] record a call.
//
// One alone is put around a backend by its Wrap method:
//
//	m := sampling.Model{Backend: wrap.Retry{}.Wrap(server)}
//
// [Around] puts several together, the innermost first, in this order:
//
//	backend := wrap.Around(server,
//		&wrap.Limit{Requests: 600, Concurrent: 16},
//		&wrap.Meter{Price: price, Cap: 20},
//		wrap.Retry{},
//		&wrap.Cache{},
//		wrap.Log{},
//	)
//
// Why this order:
//
//   - Limit and Meter are inside Retry, since the server counts, and bills, each
//     attempt and not each call of the program.
//   - Meter is outside Limit, so that a program over its cap is told at once and
//     not after a wait. Meter does not charge for a call that gave up while it
//     waited.
//   - Cache is outside all of them: a cached answer costs nothing, waits for
//     nothing and cannot fail.
//   - Log is outermost: one record for one call of the program. Attempts, waits,
//     cache hits and cost are in it.
//
// # What all have in common
//
// The zero value of each works. Limit, Meter and Cache have state: use them by
// pointer. Backends that share an account share a Limit and a Meter. Fields must
// not change once a wrapper is in use. Everything here is safe for concurrent use.
//
// Streams stay streams: a chunk is passed on when it comes, and leaving the loop
// reaches the backend at once. Waits end when ctx does. No wrapper starts a
// goroutine.
//
// A [Fallback] takes the place of the server. Its backends can have wrappers of
// their own, such as a Limit, a Meter and a Retry each.
//
// A wrapper keeps all abilities of the backend in it, by [sampling.Forward]. Draw
// and Score are retried, limited, metered, cached and logged like samples. Count
// passes straight through, but for a Cache with a Store.
//
// Where a wrapper must know a number of tokens that the backend has not told, it
// asks its own Counter, or else the backend where that counts, or else takes one
// token for each byte of text, which is several times too many but never too few.
// For a hosted model set the same Counter as in [sampling.Model].
package wrap
