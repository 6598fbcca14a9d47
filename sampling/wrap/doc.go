// Package wrap has middleware for a [sampling.Backend], like that for an
// [net/http.Handler]. Each wrapper adds one thing.
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
// Use a single wrapper by its Wrap method:
//
//	m := sampling.Model{Backend: wrap.Retry{}.Wrap(server)}
//
// [Around] combines several, the innermost first. Use this order:
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
//   - Limit and Meter are inside Retry, since the server counts and bills each
//     attempt.
//   - Meter is outside Limit, so that a call over the cap fails at once and not after
//     a wait.
//   - Cache is outside all of them: a cached answer costs nothing and does not wait.
//   - Log is outermost: one record for each call of the program, with its attempts,
//     waits, cache hits and cost.
//
// # Common rules
//
// Every zero value works. A wrong field makes each call fail with
// [sampling.ErrInvalid] before anything is sent. Do not change fields once a wrapper
// is in use. All wrappers are safe for concurrent use. Limit, Meter and Cache have
// state: use them by pointer. Backends that share an account share a Limit and a
// Meter.
//
// Streams stay streams: each chunk is passed on when it arrives, and leaving the
// loop reaches the backend at once. Waits end with the context. No wrapper starts
// a goroutine.
//
// A [Fallback] takes the place of the server. Its backends can have wrappers of
// their own, such as a Limit, a Meter and a Retry each.
//
// A wrapper keeps all abilities of its backend, by [sampling.Forward]. Draw and Score
// are retried, limited, metered, cached and logged like samples. Count is passed on,
// except by a Cache with a Store.
//
// Where the backend reports no number of tokens, a wrapper uses its own Counter, or
// else the backend's. Without either it counts each byte as a token, which is several
// times too many but never too few. For a hosted model set the same Counter as in
// [sampling.Model].
package wrap
