package choose_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/choose"
	"github.com/foreword-go/foreword/sampling"
	"github.com/foreword-go/foreword/sampling/pocket"
)

// reviews is a pool with labels, most of them negative.
var reviews = []fewshot.Example[string, string]{
	{In: "The soup was cold and the waiter was rude.", Out: "negative"},
	{In: "The soup was cold.", Out: "negative"},
	{In: "The soup was cold, and so was the tea.", Out: "negative"},
	{In: "A wonderful evening, and a wonderful soup.", Out: "positive"},
	{In: "The battery was empty after an hour.", Out: "negative"},
	{In: "The battery lasts for days!", Out: "positive"},
	{In: "The waiter forgot us.", Out: "negative"},
	{In: "A screen as bright as the sun.", Out: "positive"},
}

// The whole way on a base model. The pool is a mixture; for each query, the
// examples near it tell the model which part of the mixture is meant.
func Example() {
	task := fewshot.Task[string, string]{
		Select: choose.BM25(2),
		Format: fewshot.Format{Between: " is ", After: "\n"},
	}
	task.Add("five plus one", "six")
	task.Add("the capital of Japan", "Tokyo")
	task.Add("nine minus nine", "zero")
	task.Add("ten times one", "ten")
	task.Add("the capital of Cuba", "Havana")
	task.Add("twelve minus two", "ten")
	task.Add("one times five", "five")

	model := sampling.Model{Backend: pocket.Default()}
	for _, query := range []string{"seven times three", "six minus two"} {
		answer, err := task.MustCompile().Do(context.Background(), model, query)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s\n\n", answer.Prompt.Text, answer.Value)
	}
	// Output:
	// one times five is five
	// ten times one is ten
	// seven times three is twenty-one
	//
	// nine minus nine is zero
	// twelve minus two is ten
	// six minus two is four
}

func show(s fewshot.Selector, query string, pool []fewshot.Example[string, string]) {
	picker, err := s(pool)
	if err != nil {
		log.Fatal(err)
	}
	picks, err := picker(context.Background(), query)
	if err != nil {
		log.Fatal(err)
	}
	for _, i := range picks.Chosen {
		fmt.Printf("%s (%s)\n", pool[i].In, pool[i].Out)
	}
}

// The examples that share the most telling words with the query are shown, the
// nearest last, where a model heeds it most.
func ExampleBM25() {
	task := fewshot.Task[string, string]{
		Examples: reviews,
		Select:   choose.BM25(2),
		Format:   fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"},
	}
	prompt, err := task.MustCompile().Prompt(context.Background(), sampling.Model{}, "Why is the battery empty?")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(prompt.Text)
	// Output:
	// Review: The battery lasts for days!
	// Sentiment: positive
	//
	// Review: The battery was empty after an hour.
	// Sentiment: negative
	//
	// Review: Why is the battery empty?
	// Sentiment:
}

// Korean, Chinese and Japanese need no spaces between words, and particles do
// not hide the word before them.
func ExampleBM25_cjk() {
	pool := []fewshot.Example[string, string]{
		{In: "선생님은 학교에 있다", Out: "ko"},
		{In: "나비가 꽃에 앉았다", Out: "ko"},
		{In: "猫在桌子上", Out: "zh"},
		{In: "老师在学校", Out: "zh"},
		{In: "先生は学校にいる", Out: "ja"},
		{In: "猫が寝ている", Out: "ja"},
	}
	for _, query := range []string{"선생님께 드리는 꽃", "学校的老师", "寝ている犬"} {
		show(choose.BM25(1), query, pool)
	}
	// Output:
	// 선생님은 학교에 있다 (ko)
	// 老师在学校 (zh)
	// 猫が寝ている (ja)
}

// Any function from texts to vectors is an Embedder. A real one asks a model;
// this one only knows what a text is about.
func ExampleNearest() {
	topics := map[string]int{"soup": 0, "tea": 0, "waiter": 0, "battery": 1, "screen": 1, "phone": 1, "charge": 1}
	embed := func(_ context.Context, texts []string) ([][]float32, error) {
		vectors := make([][]float32, len(texts))
		for i, text := range texts {
			vectors[i] = []float32{0.1, 0.1}
			for _, word := range strings.Fields(strings.ToLower(text)) {
				if topic, ok := topics[strings.Trim(word, ".,!?")]; ok {
					vectors[i][topic]++
				}
			}
		}
		return vectors, nil
	}
	// Not a word in common, but the same topic.
	var texts []string
	for _, r := range reviews {
		texts = append(texts, r.In)
	}
	vectors, err := choose.Embed(context.Background(), choose.EmbedderFunc(embed), texts, choose.EmbedOptions{})
	if err != nil {
		log.Fatal(err)
	}
	show(choose.Nearest(3, vectors), "My phone does not charge", reviews)
	// Output:
	// A screen as bright as the sun. (positive)
	// The battery lasts for days! (positive)
	// The battery was empty after an hour. (negative)
}

// Three reviews say that the soup was cold. Diverse shows one of them, and then
// what else there is.
func ExampleDiverse() {
	const query = "My soup was cold"
	fmt.Println("nearest:")
	show(choose.BM25(3), query, reviews)
	fmt.Println("diverse:")
	show(choose.Diverse(3, 0.3, choose.Words{}), query, reviews)
	// Output:
	// nearest:
	// The soup was cold, and so was the tea. (negative)
	// The soup was cold and the waiter was rude. (negative)
	// The soup was cold. (negative)
	// diverse:
	// The battery was empty after an hour. (negative)
	// A wonderful evening, and a wonderful soup. (positive)
	// The soup was cold. (negative)
}

// As many examples of each label as of any other, and no label that always
// stands last.
func ExampleBalanced() {
	s := choose.Balanced(choose.BM25(1))
	for _, query := range []string{"The tea was cold", "A cold waiter", "What a soup"} {
		show(s, query, reviews)
		fmt.Println()
	}
	// Output:
	// The soup was cold, and so was the tea. (negative)
	// The battery lasts for days! (positive)
	//
	// The soup was cold and the waiter was rude. (negative)
	// A wonderful evening, and a wonderful soup. (positive)
	//
	// A wonderful evening, and a wonderful soup. (positive)
	// The soup was cold. (negative)
}
