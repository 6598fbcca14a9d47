package wrap

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// ErrSpent is what a [Meter] answers to a call that could take it over its cap.
// Nothing was sent.
var ErrSpent = errors.New("wrap: the money is spent")

// A Meter counts the tokens and the money that calls cost, in all and for each
// label of [WithLabel], and can stop at a cap.
//
// What a call costs is the backend's own word where there is one. Otherwise it is
// an estimate, and the [Bill] says how many calls have one:
//
//   - A stream that is left early, as happens when Model finds a stop sequence,
//     and one that breaks off in the middle have no final count. The Meter
//     charges for the prompt and for the text that came, up to MaxTokens. What a
//     server draws beyond that before it notices that nobody listens, it may
//     bill, and nobody here can know.
//   - A call whose context ended before anything came is charged for the prompt,
//     which the server may have read, unless it was still waiting in a [Limit].
//   - Score is charged for the prompt and the continuation, each time.
//
// A call that fails in another way before anything came costs nothing.
//
// The zero Meter counts tokens and sets no cap. A Meter must not be copied. It is
// safe for concurrent use, and several backends may share it.
type Meter struct {
	// Price is what a million tokens cost.
	Price Price

	// Cap is the most that all calls may cost together, and LabelCap the most
	// that those of any one label may. 0 is no cap. A call is answered with
	// ErrSpent, before anything is sent, when the cap might not hold for it: if
	// it drew all of its MaxTokens, and if all calls under way did. So the sum
	// stays below the cap, and the last cents may remain unspent. That is as
	// sure as the Counter counts no prompt too short and the server keeps to
	// MaxTokens.
	Cap, LabelCap Money

	// Counter counts the tokens of texts where the backend does not tell. nil is
	// the backend where it counts, and bytes where it does not, which makes
	// estimates several times too high.
	Counter sampling.Counter

	mu     sync.Mutex
	total  account
	labels map[string]*account
}

// An account is a Bill that is being written. The cost is only ever computed from
// the sums, so that no rounding adds up.
type account struct {
	bill                        Bill
	heldPrompt, heldCompletions int64 // the most that the calls under way can take
}

func (a *account) hold(prompt, completion int64) {
	a.heldPrompt += prompt
	a.heldCompletions += completion
}

// most returns what the account comes to if it is charged with this much more
// and every call under way takes all that it can.
func (a *account) most(p Price, prompt, completion int64) Money {
	return p.of(a.bill.PromptTokens+a.heldPrompt+prompt, a.bill.CompletionTokens+a.heldCompletions+completion)
}

// Bills returns what was counted by now. Calls under way are not in it.
func (m *Meter) Bills() Bills {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := Bills{Total: m.priced(&m.total), Labels: make(map[string]Bill, len(m.labels))}
	for label, a := range m.labels {
		b.Labels[label] = m.priced(a)
	}
	return b
}

func (m *Meter) priced(a *account) Bill {
	b := a.bill
	b.Cost = m.Price.of(b.PromptTokens, b.CompletionTokens)
	return b
}

// Wrap returns a backend whose calls are counted.
func (m *Meter) Wrap(backend sampling.Backend) sampling.Backend {
	in := look(backend)
	return in.expose(&metered{m, in})
}

// A charge is one call on its way through a Meter.
type charge struct {
	meter                       *Meter
	label                       string
	trace                       *trace
	heldPrompt, heldCompletions int64
}

// admit begins a call that costs at most what the two functions say, which are
// only asked when there is a cap.
func (m *Meter) admit(ctx context.Context, most func() (prompt, completion int)) (*charge, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &charge{meter: m, label: labelOf(ctx), trace: traced(ctx)}
	if m.Price.Prompt < 0 || m.Price.Completion < 0 || m.Cap < 0 || m.LabelCap < 0 {
		return nil, fmt.Errorf("%w: a Price or a Cap of wrap.Meter is negative; use 0 for none", sampling.ErrInvalid)
	}
	if m.Cap == 0 && m.LabelCap == 0 {
		return c, nil
	}
	if m.Price == (Price{}) {
		return nil, fmt.Errorf("%w: wrap.Meter has a cap and no Price, so that the cap would never be reached; set Meter.Price", sampling.ErrInvalid)
	}
	prompt, completion := most()
	c.heldPrompt, c.heldCompletions = int64(prompt), int64(completion)

	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account(c.label)
	if err := m.fits(&m.total, c, "Cap", m.Cap); err != nil {
		return nil, err
	}
	if c.label != "" {
		if err := m.fits(a, c, "LabelCap", m.LabelCap); err != nil {
			return nil, fmt.Errorf("%w, for the label %q", err, c.label)
		}
	}
	m.total.hold(c.heldPrompt, c.heldCompletions)
	a.hold(c.heldPrompt, c.heldCompletions)
	return c, nil
}

func (m *Meter) fits(a *account, c *charge, name string, limit Money) error {
	if limit == 0 || a.most(m.Price, c.heldPrompt, c.heldCompletions) <= limit {
		return nil
	}
	return fmt.Errorf("%w: this call may cost %v, and of Meter.%s, %v, %v is spent and %v held by calls under way",
		ErrSpent, m.Price.of(c.heldPrompt, c.heldCompletions), name, limit,
		m.Price.of(a.bill.PromptTokens, a.bill.CompletionTokens), m.Price.of(a.heldPrompt, a.heldCompletions))
}

// account returns the account of a label. The lock is held.
func (m *Meter) account(label string) *account {
	a := m.labels[label]
	if a == nil {
		if m.labels == nil {
			m.labels = make(map[string]*account)
		}
		a = new(account)
		m.labels[label] = a
	}
	return a
}

// drop ends a call that came to nothing.
func (c *charge) drop(err error) {
	c.end(func(a *account) {
		if !unsent(err) {
			a.bill.Failed++
		}
	})
}

// settle ends a call that cost u, and told says that the backend said so.
func (c *charge) settle(u sampling.Usage, told bool) {
	c.end(func(a *account) {
		a.bill.Calls++
		if !told {
			a.bill.Estimated++
		}
		a.bill.PromptTokens += int64(u.PromptTokens)
		a.bill.CompletionTokens += int64(u.CompletionTokens)
		a.bill.CachedTokens += int64(u.CachedTokens)
	})
	c.trace.charge(c.meter.Price.Of(u))
}

// end writes a call into the accounts that it belongs to.
func (c *charge) end(write func(*account)) {
	m := c.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range []*account{&m.total, m.account(c.label)} {
		a.hold(-c.heldPrompt, -c.heldCompletions)
		write(a)
	}
}

// mayHaveRead reports whether a call that brought nothing and ended with err may
// still have made the server read the prompt.
func mayHaveRead(ctx context.Context, err error) bool {
	return ctx.Err() != nil && !unsent(err)
}

// unsent reports whether err says that nothing was sent to the server.
func unsent(err error) bool {
	if _, waiting := errors.AsType[*waitError](err); waiting {
		return true
	}
	if e, ok := errors.AsType[*sampling.Error](err); ok && e.Status != 0 {
		return false // the server has answered it
	}
	for _, before := range []error{ErrSpent, sampling.ErrUnsupported, sampling.ErrInvalid, sampling.ErrBudget} {
		if errors.Is(err, before) {
			return true
		}
	}
	return false
}

// metered is a backend with a Meter around it.
type metered struct {
	meter *Meter
	inner
}

func (m *metered) Sample(ctx context.Context, req *sampling.Request) iter.Seq2[sampling.Chunk, error] {
	return func(yield func(sampling.Chunk, error) bool) {
		t := tally{counter: m.counter(m.meter.Counter)}
		c, err := m.meter.admit(ctx, func() (int, int) { return bound(t.counter, req.Prompt), mayDraw(req) })
		if err != nil {
			yield(sampling.Chunk{}, err)
			return
		}
		var end ending
		defer func() {
			if t.chunks == 0 && !mayHaveRead(ctx, end.err) {
				c.drop(end.err)
				return
			}
			u, told := t.cost(req)
			c.settle(u, told)
		}()
		end.pass(m.backend.Sample(ctx, req), &t, yield)
	}
}

func (m *metered) Draw(ctx context.Context, req *sampling.Request, n int) (all []*sampling.Completion, err error) {
	counter := m.counter(m.meter.Counter)
	c, err := m.meter.admit(ctx, func() (int, int) { return bound(counter, req.Prompt), n * mayDraw(req) })
	if err != nil {
		return nil, err
	}
	defer func() {
		if len(all) == 0 && !mayHaveRead(ctx, err) {
			c.drop(err)
			return
		}
		u, told := drawn(counter, req, all)
		c.settle(u, told && err == nil)
	}()
	return m.draws.Draw(ctx, req, n)
}

func (m *metered) Score(ctx context.Context, req *sampling.Request, continuations []string) (scores []sampling.Score, err error) {
	counter := m.counter(m.meter.Counter)
	c, err := m.meter.admit(ctx, func() (int, int) { return scored(counter, req.Prompt, continuations), 0 })
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && !mayHaveRead(ctx, err) {
			c.drop(err)
			return
		}
		c.settle(sampling.Usage{PromptTokens: scored(counter, req.Prompt, continuations)}, false)
	}()
	return m.scores.Score(ctx, req, continuations)
}
