// The settings that all tabs share.
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

// backend returns the one that is chosen.
export const backend = () => backends.find((b) => b.kind === byId("backend").value);

function showModel() {
  const { model, lacks } = backend();
  byId("model-field").hidden = !model;
  byId("model").value = model;
  for (const name of ["top_k", "min_p", "logprobs"]) {
    const field = form.elements[name];
    field.disabled = lacks?.includes(name) ?? false;
    field.title = field.disabled ? "this server has no field for it" : "";
  }
}

// settings returns what a request has in it, or throws what cannot be meant.
export function settings() {
  const set = { backend: byId("backend").value, model: byId("model").value, logprobs: byId("logprobs").checked && !byId("logprobs").disabled ? 5 : 0 };
  for (const name of numbers) {
    const field = form.elements[name];
    if (field.disabled) {
      set[name] = 0;
      continue;
    }
    if (field.value === "" || !field.validity.valid && !field.validity.stepMismatch) {
      throw new Error(`${field.labels[0].textContent}: ${field.validationMessage || "write a number; 0 is off"}`);
    }
    set[name] = field.valueAsNumber;
  }
  return set;
}

// setSettings sets what a preset says, and switches off what it does not name.
export function setSettings(preset) {
  for (const name of numbers) form.elements[name].value = preset[name] ?? 0;
}

// onSettings calls back when something was changed.
export function onSettings(changed) {
  form.addEventListener("input", changed);
}
form.addEventListener("submit", (event) => event.preventDefault());
