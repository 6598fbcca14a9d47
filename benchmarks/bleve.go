package main

import (
	"fmt"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
)

// bleveMapping asks of bleve what choose.BM25 does and no more: words in lower
// case, scored by BM25. It keeps no text and no positions, has no stop words and
// one field.
func bleveMapping() (mapping.IndexMapping, error) {
	m := bleve.NewIndexMapping()
	m.ScoringModel = "bm25"
	err := m.AddCustomAnalyzer("words", map[string]any{
		"type": custom.Name, "tokenizer": unicode.Name, "token_filters": []string{lowercase.Name},
	})
	if err != nil {
		return nil, err
	}
	m.DefaultAnalyzer = "words"
	field := bleve.NewTextFieldMapping()
	field.Store, field.IncludeInAll, field.IncludeTermVectors, field.DocValues = false, false, false, false
	m.DefaultMapping = bleve.NewDocumentStaticMapping()
	m.DefaultMapping.AddFieldMappingsAt("in", field)
	return m, nil
}

// newScorch is the index of bleve that knows BM25, held in memory, filled in ten batches: with
// more, each query has more segments to go through, and with one, building takes
// longer.
func newScorch(pool []pair) (searcher, error) {
	m, err := bleveMapping()
	if err != nil {
		return nil, err
	}
	index, err := bleve.NewUsing("", m, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, err
	}
	batch := index.NewBatch()
	for i := range pool {
		// The identifiers sort as the pool does.
		if err := batch.Index(fmt.Sprintf("%07d", i), map[string]any{"in": pool[i].In}); err != nil {
			return nil, err
		}
		if batch.Size() == batchOf(pool) || i == len(pool)-1 {
			if err := index.Batch(batch); err != nil {
				return nil, err
			}
			batch = index.NewBatch()
		}
	}
	return bleveIndex{index}, nil
}

// batchOf is how many examples are added to the index at a time.
func batchOf(pool []pair) int { return (len(pool) + 9) / 10 }

// A bleveIndex is a searcher.
type bleveIndex struct{ index bleve.Index }

func (b bleveIndex) search(query string, k int) ([]int, error) {
	match := bleve.NewMatchQuery(query)
	match.SetField("in")
	found, err := b.index.Search(bleve.NewSearchRequestOptions(match, k, 0, false))
	if err != nil {
		return nil, err
	}
	order := make([]int, len(found.Hits))
	for i, hit := range found.Hits {
		if order[i], err = strconv.Atoi(hit.ID); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func (b bleveIndex) Close() error { return b.index.Close() }
