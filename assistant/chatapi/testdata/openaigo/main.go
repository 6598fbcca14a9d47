// Command openaigo uses OpenAI's client for Go at its defaults, on every endpoint.
// It is given the server's address, prints a table and fails at the first request
// that is not answered.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

const question = "Why is the sky blue?"

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client := openai.NewClient(option.WithBaseURL(os.Args[1]+"/v1/"), option.WithAPIKey("unused"))
	row := func(endpoint, what string, text string, err error) {
		if err != nil || text == "" {
			log.Fatalf("%s, %s: %q, %v", endpoint, what, text, err)
		}
		fmt.Printf("openai-go v3 | %s | %s | answered\n", endpoint, what)
	}

	chat := openai.ChatCompletionNewParams{
		Model:               "gpt-4o-mini",
		Messages:            []openai.ChatCompletionMessageParamUnion{openai.DeveloperMessage("Be brief."), openai.UserMessage(question)},
		MaxCompletionTokens: param.NewOpt(int64(32000)),
	}
	whole, err := client.Chat.Completions.New(ctx, chat)
	if err != nil {
		log.Fatal(err)
	}
	row("chat", "whole", whole.Choices[0].Message.Content, err)
	chat.Messages = append(chat.Messages, whole.Choices[0].Message.ToParam(), openai.UserMessage(question))
	stream := client.Chat.Completions.NewStreaming(ctx, chat)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			log.Fatal("the accumulator refuses a chunk")
		}
	}
	row("chat", "streamed, second turn", acc.Choices[0].Message.Content, stream.Err())
	var schema any
	if err := json.Unmarshal([]byte(`{"type":"object","properties":{"colour":{"enum":["blue","green"]}},"required":["colour"],"additionalProperties":false}`), &schema); err != nil {
		log.Fatal(err)
	}
	chat.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "sky", Schema: schema, Strict: param.NewOpt(true)}}
	whole, err = client.Chat.Completions.New(ctx, chat)
	if err != nil {
		log.Fatal(err)
	}
	var sky struct{ Colour string }
	err = json.Unmarshal([]byte(whole.Choices[0].Message.Content), &sky)
	row("chat", "json_schema", sky.Colour, err)

	completion := openai.CompletionNewParams{Model: "gpt-3.5-turbo-instruct", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("The sky is")}}
	text, err := client.Completions.New(ctx, completion)
	if err != nil {
		log.Fatal(err)
	}
	row("completions", "whole", text.Choices[0].Text, err)
	pieces := client.Completions.NewStreaming(ctx, completion)
	var joined strings.Builder
	for pieces.Next() {
		joined.WriteString(pieces.Current().Choices[0].Text)
	}
	row("completions", "streamed", joined.String(), pieces.Err())

	response := responses.ResponseNewParams{Model: "gpt-4o-mini", Input: responses.ResponseNewParamsInputUnion{OfString: param.NewOpt(question)}}
	answer, err := client.Responses.New(ctx, response)
	if err != nil {
		log.Fatal(err)
	}
	row("responses", "whole", answer.OutputText(), err)
	events := client.Responses.NewStreaming(ctx, response)
	final := ""
	for events.Next() {
		if done, ok := events.Current().AsAny().(responses.ResponseCompletedEvent); ok {
			final = done.Response.OutputText()
		}
	}
	row("responses", "streamed", final, events.Err())
	response.PreviousResponseID = param.NewOpt("resp_1")
	_, err = client.Responses.New(ctx, response)
	if refused, ok := errors.AsType[*openai.Error](err); !ok || refused.StatusCode != 400 || refused.Param != "previous_response_id" {
		log.Fatalf("previous_response_id: %v", err)
	}
	row("responses", "previous_response_id is refused by name", "yes", nil)
	fmt.Println("ok")
}
