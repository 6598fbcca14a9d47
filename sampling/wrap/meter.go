package wrap

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/foreword-go/foreword/sampling"
)

// ErrSpent says that a call could exceed the cap of a [Meter]. Nothing was sent.
var ErrSpent = errors.New("wrap: the cost cap is reached")

// A Meter counts the tokens and the cost of calls, in total and for each label of
// [WithLabel]. It can refuse calls over a cap.
//
// The cost is computed from the usage that the backend reports. Where it reports
// none, the cost is an estimate, and [Bill] counts such calls:
//
//   - A stream that was left early, as Model does at a stop sequence, or that broke
//     off, is charged for the prompt and the text received. The server may bill
//     more, for text that it drew before it noticed.
//   - A call whose context ended before any text came is charged for the prompt,
//     unless it was still waiting in a [Limit].
//   - Score without usage is charged for the prompt with each continuation.
//
// Any other call that failed before any text came costs nothing.
//
// The zero Meter counts tokens and sets no cap. A Meter must not be copied. It is
// safe for concurrent use, and several backends may share it.
type Meter struct {
	// Price is the cost of a million tokens.
	Price sampling.Price

	// Cap is the maximum cost of all calls, in the currency of Price. LabelCap is
	// the maximum for one label. 0 is unlimited. A call fails with ErrSpent before
	// anything is sent if it could exceed the cap, counting all its MaxTokens and
	// all calls under way. So the last cents may remain unspent.
	Cap, LabelCap float64

	// Counter estimates tokens where the backend reports none. nil is the backend's
	// own counter, or else one token a byte, which is several times too high.
	Counter sampling.Counter

	mu     sync.Mutex
	total  account
	labels map[string]*account
}

// An account is a Bill that is being written.
type account struct {
	bill Bill
	held float64 // the most that the calls under way can cost
}

// Total returns the cost of all calls so far, without those under way.
func (m *Meter) Total() Bill {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total.bill
}

// Labels returns the cost so far by label. Calls without a label are under "".
func (m *Meter) Labels() map[string]Bill {
	m.mu.Lock()
	defer m.mu.Unlock()
	bills := make(map[string]Bill, len(m.labels))
	for label, a := range m.labels {
		bills[label] = a.bill
	}
	return bills
}

// Wrap returns a backend whose calls are counted.
func (m *Meter) Wrap(backend sampling.Backend) sampling.Backend {
	return &handled{inside(backend), m}
}

// admit reserves the most that a call can cost. It calls most only if there is a cap.
func (m *Meter) admit(ctx context.Context, label string, most func() (prompt, completion int)) (held float64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if !(min(m.Price.Prompt, m.Price.Cached, m.Price.Completion, m.Cap, m.LabelCap) >= 0) { // NaN too
		return 0, fmt.Errorf("%w: a Price or a Cap of wrap.Meter is negative or not a number; use 0 for none", sampling.ErrInvalid)
	}
	if m.Cap == 0 && m.LabelCap == 0 {
		return 0, nil
	}
	if m.Price == (sampling.Price{}) {
		return 0, fmt.Errorf("%w: wrap.Meter has a cap and no Price, so that the cap would never be reached; set Meter.Price", sampling.ErrInvalid)
	}
	prompt, completion := most()
	held = m.Price.Of(sampling.Usage{PromptTokens: prompt, CompletionTokens: completion})

	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account(label)
	if err := m.total.fits(held, "Cap", m.Cap); err != nil {
		return 0, err
	}
	if label != "" {
		if err := a.fits(held, "LabelCap", m.LabelCap); err != nil {
			return 0, fmt.Errorf("%w, for the label %q", err, label)
		}
	}
	m.total.held += held
	a.held += held
	return held, nil
}

func (a *account) fits(held float64, name string, limit float64) error {
	const rounding = 1e-9 // error of many small sums
	if limit == 0 || a.bill.Cost+a.held+held <= limit*(1+rounding) {
		return nil
	}
	return fmt.Errorf("%w: this call may cost %.6g, and Meter.%s is %.6g, of which %.6g is spent and %.6g reserved by calls under way",
		ErrSpent, held, name, limit, a.bill.Cost, a.held)
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

// settle ends a call: it frees what was held and adds the call's bill.
func (m *Meter) settle(label string, held float64, b Bill) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range []*account{&m.total, m.account(label)} {
		a.held = max(a.held-held, 0)
		a.bill.add(b)
	}
}

// natural replaces negative numbers by 0, since they would pay a cap back.
func natural(u sampling.Usage) sampling.Usage {
	return sampling.Usage{PromptTokens: max(u.PromptTokens, 0), CompletionTokens: max(u.CompletionTokens, 0), CachedTokens: max(u.CachedTokens, 0)}
}

// unsent reports whether err says that nothing was sent to the server.
func unsent(err error) bool {
	if _, waiting := errors.AsType[*waitError](err); waiting {
		return true
	}
	if e, ok := errors.AsType[*sampling.Error](err); ok && e.Status != 0 {
		return false // the server answered
	}
	for _, before := range []error{ErrSpent, sampling.ErrUnsupported, sampling.ErrInvalid, sampling.ErrBudget} {
		if errors.Is(err, before) {
			return true
		}
	}
	return false
}

func (m *Meter) handle(ctx context.Context, c *call, do attempt) error {
	c.countBy(ctx, m.Counter)
	label := labelOf(ctx)
	held, err := m.admit(ctx, label, c.most)
	if err != nil {
		return err
	}
	defer func() { m.settle(label, held, m.bill(ctx, c)) }()
	return do(ctx, c.backend)
}

// bill returns the bill of one call.
func (m *Meter) bill(ctx context.Context, c *call) Bill {
	mayHaveRead := ctx.Err() != nil // the server, without an answer
	switch {
	case c.nothing() && unsent(c.err):
		return Bill{}
	case c.nothing() && !mayHaveRead:
		return Bill{Failed: 1}
	}
	u, told := c.cost()
	b := Bill{Calls: 1, Usage: natural(u)}
	if !told {
		b.Estimated = 1
	}
	b.Cost = m.Price.Of(b.Usage)
	note(ctx, func(t *trace) { t.cost, t.metered = t.cost+b.Cost, true })
	return b
}
