package wrap

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	return &watched{inside(backend), m}
}

// A charge is one call on its way through a Meter.
type charge struct {
	meter *Meter
	label string
	ctx   context.Context
	held  float64 // the most that it can cost
}

// admit begins a call that costs at most what most returns. It calls most only if
// there is a cap.
func (m *Meter) admit(ctx context.Context, most func() (prompt, completion int)) (*charge, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &charge{meter: m, label: labelOf(ctx), ctx: ctx}
	if !(min(m.Price.Prompt, m.Price.Cached, m.Price.Completion, m.Cap, m.LabelCap) >= 0) { // NaN too
		return nil, fmt.Errorf("%w: a Price or a Cap of wrap.Meter is negative or not a number; use 0 for none", sampling.ErrInvalid)
	}
	if m.Cap == 0 && m.LabelCap == 0 {
		return c, nil
	}
	if m.Price == (sampling.Price{}) {
		return nil, fmt.Errorf("%w: wrap.Meter has a cap and no Price, so that the cap would never be reached; set Meter.Price", sampling.ErrInvalid)
	}
	prompt, completion := most()
	c.held = m.Price.Of(sampling.Usage{PromptTokens: prompt, CompletionTokens: completion})

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
	m.total.held += c.held
	a.held += c.held
	return c, nil
}

func (m *Meter) fits(a *account, c *charge, name string, limit float64) error {
	const rounding = 1e-9 // error of many small sums
	if limit == 0 || a.bill.Cost+a.held+c.held <= limit*(1+rounding) {
		return nil
	}
	return fmt.Errorf("%w: this call may cost %.6g, and Meter.%s is %.6g, of which %.6g is spent and %.6g reserved by calls under way",
		ErrSpent, c.held, name, limit, a.bill.Cost, a.held)
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

// drop ends a call that failed and cost nothing.
func (c *charge) drop(err error) {
	c.end(func(a *account) {
		if !unsent(err) {
			a.bill.Failed++
		}
	})
}

// settle ends a call that cost u. told says that the backend reported u.
func (c *charge) settle(u sampling.Usage, told bool) {
	u = natural(u)
	cost := c.meter.Price.Of(u)
	c.end(func(a *account) {
		a.bill.Calls++
		if !told {
			a.bill.Estimated++
		}
		a.bill.PromptTokens = plus(a.bill.PromptTokens, u.PromptTokens)
		a.bill.CompletionTokens = plus(a.bill.CompletionTokens, u.CompletionTokens)
		a.bill.CachedTokens = plus(a.bill.CachedTokens, u.CachedTokens)
		a.bill.Cost += cost
	})
	note(c.ctx, func(t *trace) { t.cost, t.metered = t.cost+cost, true })
}

// end updates the accounts of a call.
func (c *charge) end(write func(*account)) {
	m := c.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range []*account{&m.total, m.account(c.label)} {
		a.held = max(a.held-c.held, 0)
		write(a)
	}
}

// natural replaces negative numbers by 0, since they would pay a cap back.
func natural(u sampling.Usage) sampling.Usage {
	return sampling.Usage{PromptTokens: max(u.PromptTokens, 0), CompletionTokens: max(u.CompletionTokens, 0), CachedTokens: max(u.CachedTokens, 0)}
}

// plus adds, and returns the largest int on overflow.
func plus(sum, n int) int {
	if sum > math.MaxInt-n {
		return math.MaxInt
	}
	return sum + n
}

// mayHaveRead reports whether the server may have read the prompt of a call that
// yielded nothing and ended with err.
func mayHaveRead(ctx context.Context, err error) bool {
	return ctx.Err() != nil && !unsent(err)
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

func (m *Meter) watch(ctx context.Context, c *call, backend sampling.Forward) (context.Context, func(), error) {
	c.countBy(ctx, m.Counter, backend)
	charge, err := m.admit(ctx, c.most)
	if err != nil {
		return nil, nil, err
	}
	return ctx, func() {
		if c.nothing() && !mayHaveRead(ctx, c.err) {
			charge.drop(c.err)
			return
		}
		charge.settle(c.cost())
	}, nil
}
