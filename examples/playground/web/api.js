// What the page asks of its server. Answers that go on for a while are JSON
// Lines, read as they come.

// A Fault is what the server says is wrong, with the field and the example to
// blame where it knows them.
export class Fault extends Error {
  constructor({ message, field = "", example = 0 }) {
    super(message);
    Object.assign(this, { field, example });
  }
}

async function ask(path, body, signal) {
  let response;
  try {
    response = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
      signal,
    });
  } catch (err) {
    if (signal?.aborted) throw err;
    throw new Fault({ message: "the playground's program does not answer; is it still running?" });
  }
  if (response.ok) return response;
  const text = await response.text();
  let error = { message: text };
  try {
    error = JSON.parse(text).error ?? error;
  } catch {} // it was no JSON
  throw new Fault(error);
}

// post asks for an answer that comes at once.
export async function post(path, body, signal) {
  return (await ask(path, body, signal)).json();
}

// state asks what there is to choose from.
export async function state() {
  return (await ask("api/state")).json();
}

// run asks for a continuation and hands on its events. It ends when the
// continuation does, and throws what went wrong.
export async function run(path, body, on, signal) {
  const response = await ask(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  let ended = false;
  for (;;) {
    const { value, done } = await reader.read().catch((err) => {
      throw signal?.aborted ? err : new Fault({ message: "the answer broke off" });
    });
    if (done) break;
    held += value;
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.error) throw new Fault(event.error);
      ended ||= Boolean(event.end);
      on(event);
    }
  }
  if (!ended) throw new Fault({ message: "the answer broke off" });
}
