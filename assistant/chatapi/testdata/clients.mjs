// Clients at their defaults, on every endpoint that they have, with the habits of
// agents. It is given the server's address, prints a table and fails at the first
// request that is not answered.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const modules = path.resolve(process.env.FOREWORD_NPM);
const require = createRequire(pathToFileURL(path.join(modules, "x.js")));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { OpenAI } = require("openai");
const { generateText, generateObject, streamText, jsonSchema } = await load("ai");
const { createOpenAI } = await load("@ai-sdk/openai");
const { ChatOpenAI, OpenAI: LangChainOpenAI } = await load("@langchain/openai");
const { HumanMessage, AIMessage, SystemMessage } = await load("@langchain/core/messages");

const baseURL = process.argv[2] + "/v1", apiKey = "unused", model = "gpt-4o-mini";
const question = "Why is the sky blue?";
const about = /scatter/;
const schema = {
  type: "object", additionalProperties: false, required: ["colour", "reason"],
  properties: { colour: { type: "string", enum: ["blue", "green"] }, reason: { type: ["string", "null"], maxLength: 8 } },
};
const fits = (v) => { assert.ok(["blue", "green"].includes(v.colour)); assert.ok("reason" in v); };

const version = (name) => require(path.join(modules, name, "package.json")).version;
async function row(client, endpoint, what, run) {
  await run();
  console.log([client, endpoint, what, "answered"].join(" | "));
}
async function joined(stream, text) {
  let all = "";
  for await (const event of stream) all += text(event) ?? "";
  return all;
}

// The official client.
const name = "openai " + version("openai");
const openai = new OpenAI({ baseURL, apiKey });
const messages = [
  { role: "developer", content: "Be brief." },
  { role: "user", name: "Ann", content: [{ type: "text", text: question }] },
];
await row(name, "chat", "whole", async () => {
  assert.match((await openai.chat.completions.create({ model, messages })).choices[0].message.content, about);
});
await row(name, "chat", "streamed", async () => {
  assert.match(await joined(await openai.chat.completions.create({ model, messages, stream: true }), (e) => e.choices[0]?.delta.content), about);
});
await row(name, "chat", "an agent's habits", async () => {
  const first = await openai.chat.completions.create({ model, messages, max_completion_tokens: 32000, n: 2, store: true, tools: [], reasoning_effort: "low", parallel_tool_calls: true, user: "u" });
  const again = [...messages, { ...first.choices[0].message, id: "msg_1" }, { role: "user", id: "msg_2", content: question }];
  assert.match((await openai.chat.completions.create({ model, messages: again, max_tokens: 32000 })).choices[0].message.content, about);
});
await row(name, "chat", "json_schema", async () => {
  const answer = await openai.chat.completions.create({ model, messages, response_format: { type: "json_schema", json_schema: { name: "sky", strict: true, schema } } });
  fits(JSON.parse(answer.choices[0].message.content));
});
await row(name, "completions", "whole", async () => {
  const answer = await openai.completions.create({ model, prompt: "Human: " + question + "\n\nAssistant:", max_tokens: 32000, stop: "\n", logprobs: 2 });
  assert.equal(answer.choices[0].logprobs.tokens.join(""), answer.choices[0].text);
});
await row(name, "completions", "streamed", async () => {
  assert.ok(await joined(await openai.completions.create({ model, prompt: "The sky is", stream: true }), (e) => e.choices[0]?.text));
});
await row(name, "responses", "whole", async () => {
  const answer = await openai.responses.create({ model, input: question, instructions: "Be brief.", max_output_tokens: 32000 });
  assert.match(answer.output_text, about);
  const again = await openai.responses.create({ model, input: [{ role: "user", content: question }, ...answer.output, { role: "user", content: question }], reasoning: { effort: "low" } });
  assert.match(again.output_text, about);
});
await row(name, "responses", "streamed, by the client's own reader", async () => {
  const final = await openai.responses.stream({ model, input: question }).finalResponse();
  assert.equal(final.status, "completed");
  assert.match(final.output_text, about);
});
await row(name, "responses", "json_schema", async () => {
  const answer = await openai.responses.parse({ model, input: question, text: { format: { type: "json_schema", name: "sky", strict: true, schema } } });
  fits(JSON.parse(answer.output_text));
});
for (const field of [{ previous_response_id: "resp_1" }, { tools: [{ type: "web_search" }] }]) {
  const [param] = Object.keys(field);
  await row(name, "responses", param + " is refused by name", () =>
    assert.rejects(openai.responses.create({ model, input: question, ...field }), (err) => err.status === 400 && err.param === param));
}

// The AI SDK.
const sdk = `ai ${version("ai")}, @ai-sdk/openai ${version("@ai-sdk/openai")}`;
const provider = createOpenAI({ baseURL, apiKey });
for (const [endpoint, model] of [
  ["responses", provider("gpt-4o-mini")], ["chat", provider.chat("gpt-4o-mini")],
  ["completions", provider.completion("gpt-3.5-turbo-instruct")],
]) {
  await row(sdk, endpoint, "generateText", async () => {
    assert.ok((await generateText({ model, system: "Be brief.", prompt: question, maxOutputTokens: 32000 })).text);
  });
  await row(sdk, endpoint, "streamText", async () => {
    const answer = streamText({ model, prompt: question });
    assert.ok(await joined(answer.textStream, (text) => text));
    assert.ok((await answer.usage).outputTokens > 0);
  });
  if (endpoint === "completions") continue;
  await row(sdk, endpoint, "generateObject", async () => {
    fits((await generateObject({ model, prompt: question, schema: jsonSchema(schema) })).object);
  });
  await row(sdk, endpoint, "a second turn", async () => {
    const first = await generateText({ model, prompt: question });
    const turns = [{ role: "user", content: question }, ...first.response.messages, { role: "user", content: question }];
    assert.match((await generateText({ model, messages: turns })).text, about);
  });
}

// LangChain.
const chain = "@langchain/openai " + version("@langchain/openai");
const turns = [new SystemMessage("Be brief."), new HumanMessage({ content: question, name: "Ann", id: "1" }), new AIMessage({ content: "It scatters.", id: "2" }), new HumanMessage(question)];
for (const [endpoint, options] of [["chat", {}], ["responses", { useResponsesApi: true }]]) {
  const chat = new ChatOpenAI({ model, apiKey, configuration: { baseURL }, maxTokens: 32000, ...options });
  await row(chain, endpoint, "invoke", async () => assert.match((await chat.invoke(turns)).text, about));
  await row(chain, endpoint, "a second turn", async () => {
    const first = await chat.invoke(question);
    assert.match((await chat.invoke([new HumanMessage(question), first, new HumanMessage(question)])).text, about);
  });
  await row(chain, endpoint, "stream", async () => assert.match(await joined(await chat.stream(question), (e) => e.text), about));
  await row(chain, endpoint, "withStructuredOutput", async () => {
    fits(await chat.withStructuredOutput({ title: "sky", ...schema }, { method: "jsonSchema" }).invoke(question));
  });
}
const llm = new LangChainOpenAI({ model: "gpt-3.5-turbo-instruct", apiKey, configuration: { baseURL }, maxTokens: 64 });
await row(chain, "completions", "invoke", async () => assert.ok(await llm.invoke("The sky is")));
await row(chain, "completions", "batch", async () => assert.equal((await llm.generate(["The sky is", "The sea is"])).generations.length, 2));
await row(chain, "completions", "stream", async () => assert.ok(await joined(await llm.stream("The sky is"), (text) => text)));
console.log("ok");
