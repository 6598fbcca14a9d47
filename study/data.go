package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math/rand/v2"

	"github.com/foreword-go/foreword/fewshot"
	"github.com/foreword-go/foreword/fewshot/eval"
	"github.com/foreword-go/foreword/sampling"
)

//go:embed data/reviews.tsv
var reviewsTSV []byte

//go:embed data/capitals.tsv
var capitalsTSV []byte

type pair = fewshot.Example[string, string]

// half splits a file of examples into shots and cases, by the hash of each example.
func half(text []byte) (shots, cases []pair) {
	all, err := fewshot.Collect(fewshot.ReadTSV[string, string](bytes.NewReader(text), fewshot.LoadOptions{}))
	if err != nil {
		panic(err) // the file is part of the program
	}
	return eval.Split(all, 0.5, 1)
}

var (
	reviewShots, reviewCases   = half(reviewsTSV)
	capitalShots, capitalCases = half(capitalsTSV)
	peopleShots, peopleCases   = eval.Split(people(240), 0.5, 1)
	labels                     = []string{"negative", "positive"}
)

// sentiment asks for the label of a review.
func sentiment() fewshot.Task[string, string] {
	return fewshot.Task[string, string]{
		Examples: reviewShots,
		Format:   fewshot.Format{Before: "Review: ", Between: "\nSentiment: ", After: "\n\n"},
		Out:      fewshot.OneOf(labels...),
		Params:   sampling.Params{MaxTokens: 12},
	}
}

// capital asks for a country's capital.
func capital() fewshot.Task[string, string] {
	return fewshot.Task[string, string]{
		Examples: capitalShots,
		Format:   fewshot.Format{Before: "Country: ", Between: "\nCapital: ", After: "\n\n"},
		Params:   sampling.Params{MaxTokens: 12},
	}
}

// A person is extracted from a sentence.
type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
	Job  string `json:"job"`
	City string `json:"city"`
}

// extraction asks for the person in a sentence.
func extraction() fewshot.Task[string, person] {
	return fewshot.Task[string, person]{
		Instruction: "Write the name, age, job and city of each person as JSON.",
		Examples:    peopleShots,
		Format:      fewshot.Format{Before: "Text: ", Between: "\nJSON: ", After: "\n\n"},
		Params:      sampling.Params{MaxTokens: 64},
	}
}

// people makes sentences about invented people.
func people(n int) []fewshot.Example[string, person] {
	names := []string{"Marta", "Olaf", "Ingrid", "Tomas", "Leila", "Bruno", "Anika", "Pedro", "Yusuf", "Clara", "Hugo", "Noor", "Emil", "Rosa", "Viktor"}
	families := []string{"Holm", "Petrov", "Silva", "Okafor", "Lind", "Moreau", "Tanaka", "Kowalski", "Reyes", "Bauer", "Novak"}
	jobs := []string{"baker", "nurse", "pilot", "teacher", "plumber", "lawyer", "painter", "farmer", "dentist", "engineer", "waiter", "tailor"}
	cities := []string{"Lisbon", "Oslo", "Prague", "Dublin", "Vienna", "Turin", "Lyon", "Bergen", "Porto", "Krakow", "Ghent", "Seville", "Malmo"}
	forms := []string{
		"%[1]s, %[2]d, works as a %[3]s in %[4]s.",
		"The %[3]s %[1]s lives in %[4]s and is %[2]d years old.",
		"At the age of %[2]d, %[1]s moved to %[4]s to be a %[3]s.",
		"In %[4]s we met %[1]s, a %[3]s who has just turned %[2]d.",
		"%[1]s has been a %[3]s in %[4]s for years and will retire at 67; now %[2]d.",
		"Ask for %[1]s when you need a %[3]s in %[4]s, aged %[2]d and always in a good mood.",
	}
	seen := map[string]bool{}
	var all []fewshot.Example[string, person]
	for r := rand.New(rand.NewPCG(7, 7)); len(all) < n; {
		pick := func(from []string) string { return from[r.IntN(len(from))] }
		p := person{pick(names) + " " + pick(families), 19 + r.IntN(45), pick(jobs), pick(cities)}
		text := fmt.Sprintf(pick(forms), p.Name, p.Age, p.Job, p.City)
		if !seen[text] {
			seen[text] = true
			all = append(all, fewshot.Example[string, person]{In: text, Out: p})
		}
	}
	return all
}

// permutation returns 0 to n-1, shuffled by the seed.
func permutation(n int, seed uint64) []int { return rand.New(rand.NewPCG(seed, 0)).Perm(n) }
