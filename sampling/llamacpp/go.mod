module github.com/foreword-go/foreword/sampling/llamacpp

go 1.26.0

require github.com/ebitengine/purego v0.11.3

require github.com/foreword-go/foreword v0.0.0

require github.com/sashabaranov/go-openai v1.43.0 // indirect

replace github.com/foreword-go/foreword => ../..
