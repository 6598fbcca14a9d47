// A program that uses the official client. It is given the server's address,
// which serves the backend of TestOpenAINPM, and fails at the first thing that
// is not as the client expects it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const modules = path.resolve(process.env.FOREWORD_NPM);
const require = createRequire(pathToFileURL(path.join(modules, "x.js")));
const { OpenAI } = require("openai");

const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: "sk-npm", maxRetries: 0 });
const ask = (content, more) => ({ model: "foreword", messages: [{ role: "user", content }], ...more });

// Whole.
const whole = await client.chat.completions.create(ask("count", { logprobs: true, top_logprobs: 1, seed: 7 }));
assert.equal(whole.object, "chat.completion");
assert.equal(whole.choices[0].message.content, "one two three four five");
assert.equal(whole.choices[0].message.refusal, null);
assert.equal(whole.choices[0].finish_reason, "stop");
assert.deepEqual(whole.choices[0].logprobs, { content: [], refusal: null });
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
assert.ok(whole.usage.completion_tokens > 0);
assert.ok(whole._request_id);

// Stops, as a string and as a list, and several choices.
for (const stop of [" three", [" four", " three"]]) {
  const cut = await client.chat.completions.create(ask("count", { stop, n: 2 }));
  assert.deepEqual(cut.choices.map((c) => c.message.content), ["one two", "one two"]);
}

// Nothing to say.
const nothing = await client.chat.completions.create(ask("silence"));
assert.equal(nothing.choices[0].message.content, "");

// Streamed, with usage.
const stream = await client.chat.completions.create(ask("count", { stream: true, stream_options: { include_usage: true } }));
let text = "", usage, finish;
for await (const event of stream) {
  text += event.choices[0]?.delta?.content ?? "";
  finish = event.choices[0]?.finish_reason ?? finish;
  usage = event.usage ?? usage;
}
assert.equal(text, "one two three four five");
assert.equal(finish, "stop");
assert.deepEqual(usage, whole.usage);

// Streamed, by the client's own reader of streams, which checks the events.
const final = await client.chat.completions.stream(ask("count")).finalChatCompletion();
assert.equal(final.choices[0].message.content, "one two three four five");

// Errors.
await assert.rejects(client.chat.completions.create(ask("count", { tools: [{ type: "function", function: { name: "f" } }] })), (err) => {
  assert.ok(err instanceof OpenAI.BadRequestError);
  assert.equal(err.param, "tools");
  assert.equal(err.code, "unsupported_parameter");
  return true;
});
await assert.rejects(client.chat.completions.create(ask("count", { model: "gpt-4o" })), OpenAI.NotFoundError);
await assert.rejects(new OpenAI({ baseURL: client.baseURL, apiKey: "wrong", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);
await assert.rejects(client.chat.completions.create(ask("busy")), (err) => {
  assert.ok(err instanceof OpenAI.RateLimitError);
  assert.equal(err.headers.get("retry-after"), "3");
  return true;
});
await assert.rejects(
  (async () => {
    for await (const event of await client.chat.completions.create(ask("break", { stream: true }))) {
      assert.equal(event.choices[0].finish_reason, null);
    }
  })(),
  (err) => {
    assert.ok(err instanceof OpenAI.APIError);
    assert.equal(err.type, "server_error");
    return true;
  },
);

// The models.
const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.deepEqual(models, ["foreword"]);
assert.equal((await client.models.retrieve("foreword")).owned_by, "foreword");

// Leaving in the middle. The test looks at how far the backend was read.
const long = await client.chat.completions.create(ask("hang", { stream: true }));
for await (const event of long) {
  if (event.choices[0].delta.content) break;
}
console.log("ok");
