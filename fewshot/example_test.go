package fewshot_test

import (
	"context"
	"fmt"
	"log"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// The whole path: typed pairs, a prompt, a base model, a typed answer.
func Example() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("butterfly", "나비")
	task.Add("ocean", "바다")
	task.Add("whisper", "속삭임")

	model := sampling.Model{Backend: pocket.Default()}
	word, err := task.MustCompile().Run(context.Background(), model, "teacher")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(word)
	// Output: 선생님
}

// Zero-shot: no example, only an instruction. A base model does not obey it; it
// goes on with the text that such a line usually begins.
func Example_zeroShot() {
	task := fewshot.Task[string, string]{
		Instruction: "Translate English to Korean.",
		Format:      fewshot.Lines,
	}
	model := sampling.Model{Backend: pocket.Default()}
	word, err := task.MustCompile().Run(context.Background(), model, "teacher")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(word)
	// Output: 선생님
}

// One-shot: one example says which language is meant, and how the answer looks.
func Example_oneShot() {
	model := sampling.Model{Backend: pocket.Default()}
	for _, butterfly := range []string{"나비", "papillon", "Schmetterling"} {
		task := fewshot.Task[string, string]{Format: fewshot.Lines}
		task.Add("butterfly", butterfly)
		word, err := task.MustCompile().Run(context.Background(), model, "teacher")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(word)
	}
	// Output:
	// 선생님
	// professeur
	// Lehrer
}

// Few-shot: the prompt is a column of examples with the last answer missing.
func Example_fewShot() {
	task := fewshot.Task[string, string]{Examples: tenPairs, Select: fewshot.First(3), Format: fewshot.Arrow}
	model := sampling.Model{Backend: pocket.Default()}
	answer, err := task.MustCompile().Do(context.Background(), model, "teacher")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Prompt.Text)
	fmt.Printf("%q, stopped at %q\n", answer.Value, answer.Completion.Stop)
	// Output:
	// butterfly => 나비
	// ocean => 바다
	// whisper => 속삭임
	// teacher =>
	// "선생님", stopped at "\n"
}

// A Sentiment is a label of the reviews that pocket has read.
type Sentiment string

const (
	Positive Sentiment = "positive"
	Negative Sentiment = "negative"
)

// Typed labels: an answer is one of them, or an error.
func ExampleOneOf() {
	task := fewshot.Task[string, Sentiment]{
		Format: fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"},
		Out:    fewshot.OneOf(Positive, Negative),
	}
	task.Add("The soup arrived cold and the waiter was rude.", Negative)
	task.Add("Wonderful bread, and the staff were friendly.", Positive)

	prompter := task.MustCompile()
	model := sampling.Model{Backend: pocket.Default()}
	for _, review := range []string{
		"The delicious cake was worth every penny.",
		"The screen was broken and nobody answered my complaint.",
	} {
		label, err := prompter.Run(context.Background(), model, review)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(label)
	}
	_, err := prompter.Parse(&sampling.Completion{Text: " splendid", Reason: sampling.EndOfText})
	fmt.Println(err)
	// Output:
	// positive
	// negative
	// fewshot: the answer "splendid" cannot be decoded: not one of the labels ["positive" "negative"]
}

// A struct as the answer: it is in the prompt as JSON on one line.
func Example_struct() {
	type person struct {
		Name string `json:"name"`
		Job  string `json:"job"`
		City string `json:"city"`
		Age  int    `json:"age"`
	}
	task := fewshot.Task[string, person]{}
	task.Add("Ada Moreno, a nurse from Lisbon, is 34 years old.", person{"Ada Moreno", "nurse", "Lisbon", 34})

	model := sampling.Model{Backend: pocket.Default()}
	answer, err := task.MustCompile().Do(context.Background(), model, "Yuki Tanabe works as a pilot in Osaka and is 42 years old.")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Prompt.Text)
	fmt.Printf("%+v\n", answer.Value)
	// Output:
	// Input: Ada Moreno, a nurse from Lisbon, is 34 years old.
	// Output: {"name":"Ada Moreno","job":"nurse","city":"Lisbon","age":34}
	//
	// Input: Yuki Tanabe works as a pilot in Osaka and is 42 years old.
	// Output:
	// {Name:Yuki Tanabe Job:pilot City:Osaka Age:42}
}

// A prompt can be looked at without a model.
func ExamplePrompter_Prompt() {
	task := fewshot.Task[string, int]{Instruction: "How many legs has it?", Format: fewshot.QA}
	task.Add("a spider", 8)
	prompt, err := task.MustCompile().Prompt(context.Background(), sampling.Model{}, "a bee")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(prompt.Text)
	fmt.Printf("stops: %q\n", prompt.Stop)
	// Output:
	// How many legs has it?
	//
	// Q: a spider
	// A: 8
	//
	// Q: a bee
	// A:
	// stops: ["\n\n" "\nQ:"]
}

// What would break the layout is refused before a token is paid for.
func ExampleValueError() {
	task := fewshot.Task[string, string]{Format: fewshot.Lines}
	task.Add("ocean", "바다")
	task.Add("haiku", "an old silent pond\na frog jumps in")
	_, err := task.Compile()
	fmt.Println(err)
	// Output:
	// fewshot: Examples[1]: output contains a line break, the separator "\n" of the Format; use a Format of several lines such as Labeled, or set Format.Quote to have it written as a JSON string
}
