// The settings that all tabs share, and what was spent.
import { byId, element } from "./element.js";

const form = byId("form");
const numbers = ["max_tokens", "temperature", "top_p", "top_k", "min_p", "seed"];
let backends = [];

// setBackends fills in what there is to choose from.
export function setBackends(all) {
  backends = all;
  const select = byId("backend");
  select.replaceChildren(...all.map((b) => element("option", { value: b.kind, textContent: b.kind === "pocket" ? "pocket (built in)" : b.kind })));
  select.addEventListener("change", showModel);
  showModel();
}

function showModel() {
  const chosen = backends.find((b) => b.kind === byId("backend").value);
  byId("model-field").hidden = !chosen?.model;
  byId("model").value = chosen?.model ?? "";
}

// settings returns what a request has in it, or throws what cannot be meant.
export function settings() {
  const set = { backend: byId("backend").value, model: byId("model").value, logprobs: byId("logprobs").checked ? 5 : 0 };
  for (const name of numbers) {
    const field = form.elements[name];
    if (field.value === "" || !field.validity.valid && !field.validity.stepMismatch) {
      throw new Error(`${field.labels[0].textContent}: ${field.validationMessage || "write a number; 0 is off"}`);
    }
    set[name] = field.valueAsNumber;
  }
  return set;
}

// setSettings sets those that a preset names.
export function setSettings(preset) {
  for (const name of numbers) {
    if (name in preset) form.elements[name].value = preset[name];
  }
}

// onSettings calls back when something was changed.
export function onSettings(changed) {
  form.addEventListener("input", changed);
}
form.addEventListener("submit", (event) => event.preventDefault());

const spent = { prompt: 0, completion: 0, cost: 0, estimated: false };

// spend adds what an answer cost.
export function spend(end) {
  spent.prompt += end.prompt_tokens;
  spent.completion += end.completion_tokens;
  spent.cost += end.cost;
  spent.estimated ||= end.estimated;
  const about = spent.estimated ? "about " : "";
  let text = `Tokens so far: ${about}${spent.prompt.toLocaleString("en")} read, ${spent.completion.toLocaleString("en")} drawn`;
  if (spent.cost > 0) text += `, ${about}$${spent.cost.toFixed(6)}`;
  byId("tally").textContent = `${text}.`;
}

// ending says in words how a continuation ended.
export function ending(end, limit) {
  const tokens = `${end.estimated ? "about " : ""}${end.completion_tokens} tokens`;
  switch (end.reason) {
    case "stop sequence":
      return `Stopped before ${JSON.stringify(end.stop)}; ${tokens}, with those struck out.`;
    case "token limit":
      return `Cut by the limit of ${limit || 256} tokens.`;
    case "end of text":
      return `The text ended; ${tokens}.`;
  }
  return `Ended: ${end.reason}; ${tokens}.`;
}
