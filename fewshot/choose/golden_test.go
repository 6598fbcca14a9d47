package choose

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/internal/golden"
)

// support is questions to a bank and what they are about, some nearly alike.
var support = []example{
	{In: "How do I reset my password?", Out: "account"},
	{In: "How do I reset the password of my account?", Out: "account"},
	{In: "I forgot my password, how do I reset it?", Out: "account"},
	{In: "How do I close my account?", Out: "account"},
	{In: "Please change the address of my account.", Out: "account"},
	{In: "My card was stolen on the train.", Out: "card"},
	{In: "The machine has swallowed my card.", Out: "card"},
	{In: "How do I order a second card?", Out: "card"},
	{In: "My card does not work abroad.", Out: "card"},
	{In: "How long does a transfer abroad take?", Out: "transfer"},
	{In: "I have sent a transfer to the wrong account.", Out: "transfer"},
	{In: "Can I take back a transfer?", Out: "transfer"},
	{In: "비밀번호를 잊어버렸어요", Out: "account"},
	{In: "카드를 잃어버렸어요", Out: "card"},
	{In: "해외 송금은 얼마나 걸리나요?", Out: "transfer"},
	{In: "我忘记了密码", Out: "account"},
	{In: "我的银行卡丢了", Out: "card"},
	{In: "汇款要多长时间？", Out: "transfer"},
	{In: "パスワードを忘れました", Out: "account"},
	{In: "カードをなくしました", Out: "card"},
	{In: "海外送金は何日かかりますか", Out: "transfer"},
}

// TestChosen shows what is chosen for some queries, for a person to review.
func TestChosen(t *testing.T) {
	var got strings.Builder
	for _, query := range []string{
		"How can I reset my password?",
		"How do I close my account?",
		"Does my card work on the train?",
		"신용카드를 잃어버렸는데 어떡하죠",
		"密码忘了怎么办",
		"カードを忘れた",
		"Guten Tag",
	} {
		fmt.Fprintf(&got, "%s\n", query)
		for _, s := range []struct {
			name   string
			choose fewshot.Selector
		}{
			{"BM25(4)", BM25(4)},
			{"Diverse(4, 0.5, Words{})", Diverse(4, 0.5, Words{})},
			{"Balanced(BM25(2))", Balanced(BM25(2))},
		} {
			order, err := pick(t.Context(), s.choose, query, support)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "  %s\n", s.name)
			for _, i := range order {
				fmt.Fprintf(&got, "    %2d %-8s %s\n", i, support[i].Out, support[i].In)
			}
		}
	}
	golden.Check(t, "testdata/chosen.txt", got.String())
}

// TestMoreThanThereAre asks for more examples than any pool has.
func TestMoreThanThereAre(t *testing.T) {
	for name, selector := range map[string]func(k int) fewshot.Selector{
		"BM25":     BM25,
		"Diverse":  func(k int) fewshot.Selector { return Diverse(k, 0.5, Words{}) },
		"Backbone": func(k int) fewshot.Selector { return Backbone(k, Words{}, BM25(1)) },
	} {
		pick, err := selector(math.MaxInt)([]example{{In: "a card"}, {In: "a red card"}, {In: "a transfer"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pick(t.Context(), "my card"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
