// The tab Few-shot: pairs, a slider for how many of them are shown, and a query.
import { post } from "./api.js";
import { showCode } from "./code.js";
import { byId, complain, element, say } from "./element.js";
import { PairTable } from "./pairs.js";
import { PromptView } from "./prompt.js";
import { onSettings, setSettings, settings } from "./settings.js";
import { ending, run } from "./tally.js";
import { Task } from "./task.js";
import { TokenView } from "./tokens.js";

const slider = byId("fewshot-shots");
const prompt = new PromptView(byId("fewshot-prompt"), byId("fewshot-facts"));
const pairs = new PairTable({
  root: byId("fewshot-pairs"), left: "Input", right: "Output", add: "Add a pair",
  changed: () => {
    const all = Number(slider.max) === Number(slider.value); // new pairs are shown where all were
    count(all ? Infinity : slider.value);
    changed();
  },
});
const task = new Task({
  buttons: ["fewshot-run", "fewshot-code"].map(byId), stop: byId("fewshot-stop"), alert: byId("fewshot-alert"), wrong: (err) => pairs.blame(err),
});

let elsewhere = () => {};

// count sets the slider, within what there is.
function count(shots) {
  const n = pairs.value.length;
  slider.max = n;
  slider.value = Math.min(shots, n);
  const shown = Number(slider.value);
  pairs.see(shown);
  const name = ["zero-shot", "one-shot"][shown] ?? "few-shot";
  byId("fewshot-count").textContent = `${shown} of ${n}: ${name}`;
}

const request = () => ({
  ...settings(),
  instruction: byId("fewshot-instruction").value, format: byId("fewshot-format").value,
  pairs: pairs.value.map(({ in: left, out }) => ({ in: left, out })), shots: Number(slider.value), query: byId("fewshot-query").value,
  constrain: byId("fewshot-constrain").checked,
});

// changed shows the prompt anew, once nothing has changed for a moment.
let waiting, asked;
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    if (task.busy) return;
    asked?.abort();
    const mine = (asked = new AbortController());
    byId("fewshot-answer").textContent = "";
    try {
      prompt.show(await post("api/fewshot/prompt", request(), mine.signal), "example");
      complain(byId("fewshot-alert"));
      pairs.blame(null);
    } catch (err) {
      if (!mine.signal.aborted) {
        prompt.fade();
        complain(byId("fewshot-alert"), err.message);
        pairs.blame(err);
      }
    }
  }, 200);
}

function answer() {
  clearTimeout(waiting);
  asked?.abort();
  return task.run(async (signal) => {
    const line = byId("fewshot-answer");
    line.textContent = "";
    const set = request();
    const view = new TokenView((text, other) => elsewhere(prompt.text + text + other));
    const facts = byId("fewshot-facts");
    try {
      await prompt.run(() => run("api/fewshot/run", set, (event) => {
        if (event.prompt) {
          prompt.show(event.prompt, "example");
          prompt.go(view);
        }
        if (event.text) view.add(event.text);
        if (event.beyond) view.beyond(event.beyond);
        if (event.end) {
          if (event.end.problem) complain(byId("fewshot-alert"), event.end.problem);
          else line.textContent = event.end.answer;
          facts.textContent += ` ${ending(event.end, set.max_tokens)}`;
        }
      }, signal));
    } catch (err) {
      if (view.root.isConnected) facts.textContent += signal.aborted ? " Stopped." : " It broke off.";
      throw err;
    }
    say(line.textContent);
  });
}

slider.addEventListener("input", () => {
  count(slider.value);
  changed();
});
for (const id of ["fewshot-instruction", "fewshot-format", "fewshot-query", "fewshot-constrain"]) byId(id).addEventListener("input", changed);
onSettings(changed);
byId("fewshot-run").addEventListener("click", answer);
byId("fewshot-code").addEventListener("click", () => task.run((signal) => showCode("api/fewshot/code", request(), signal)));

// The tab as main.js knows it.
export const fewshot = {
  go: answer,
  stop: () => task.cancel(),
  formats(names) {
    byId("fewshot-format").replaceChildren(...names.map((name) => element("option", { textContent: name })));
  },
  // onElsewhere is given text that goes on in the tab Text.
  onElsewhere(call) {
    elsewhere = call;
  },
  set(preset) {
    setSettings(preset);
    byId("fewshot-instruction").value = preset.instruction;
    byId("fewshot-format").value = preset.format;
    byId("fewshot-query").value = preset.query;
    byId("fewshot-constrain").checked = preset.constrain ?? false;
    pairs.value = preset.pairs;
    count(preset.shots);
    changed();
  },
};
