// The tab Text: a beginning, and how the model goes on.
import { showCode } from "./code.js";
import * as editor from "./editor.js";
import { byId, complain, element, say } from "./element.js";
import { append, joined } from "./segments.js";
import { setSettings, settings } from "./settings.js";
import { ending, run, some } from "./tally.js";
import { Task } from "./task.js";
import { TokenView } from "./tokens.js";
import { choose, currentNode, grow, onNode, whole } from "./tree.js";

const cards = byId("raw-cards");
const task = new Task({
  buttons: ["raw-continue", "raw-sample", "raw-code"].map(byId), stop: byId("raw-stop"), alert: byId("raw-alert"),
});

// stops reads the stop sequences, with \n, \t and \\ for what cannot be typed.
function stops() {
  const escapes = { n: "\n", t: "\t", "\\": "\\" };
  return byId("raw-stops").value.split("\n").filter((line) => line !== "").map((line) => line.replace(/\\([nt\\])/g, (_, c) => escapes[c]));
}

function setStops(list) {
  byId("raw-stops").value = list.map((s) => s.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t")).join("\n");
}

const request = (prompt) => ({ ...settings(), prompt, stop: stops() });

// clear removes the cards. The page keeps its height meanwhile, so that nothing
// jumps, and who was in a card with the keyboard goes to the button that did it.
function clear(button) {
  const inside = cards.contains(document.activeElement);
  cards.style.minHeight = `${cards.offsetHeight}px`;
  cards.replaceChildren();
  if (inside) byId(button).focus({ preventScroll: true });
}

// draw draws one continuation of the pieces before it, into a card of its own.
// live is called with each piece of text.
async function draw(before, set, signal, { name = "The continuation", live = () => {} }) {
  const node = { prefix: before, start: joined(before), text: "" };
  const view = new TokenView((text, other) => branch(append(append(before, text, "model"), other, "typed")));
  const facts = element("p", { className: "facts" });
  const use = element("button", { textContent: "Go on from this", type: "button" });
  use.addEventListener("click", () => task.instead(async () => take(node)));
  const card = element("article", { className: "card running", "aria-label": name }, view.root, facts);
  node.card = card;
  cards.append(card);
  try {
    await run("api/raw/run", set, (event) => {
      if (event.text) {
        view.add(event.text);
        node.text += event.text.text;
        live(event.text.text);
      }
      if (event.beyond) view.beyond(event.beyond);
      if (event.end) facts.textContent = ending(event.end, set.max_tokens);
    }, signal);
  } catch (err) {
    facts.textContent = signal.aborted ? "Stopped." : `Failed: ${err.message}`;
    if (!signal.aborted) complain(byId("raw-alert"), err.message); // the others may take their time
    throw err;
  } finally {
    card.classList.remove("running");
    if (node.text) {
      card.append(use);
      grow(node);
    }
  }
  return node;
}

// goOn continues from where the text in the editor ends.
const goOn = () => task.run(continued);

async function continued(signal) {
  const before = editor.current();
  const set = request(editor.text());
  clear("raw-continue");
  editor.lock(true);
  let node;
  try {
    node = await draw(before, set, signal, { live: editor.add });
  } finally {
    editor.lock(false);
    if (!cards.querySelector(".tokens").textContent && !node) cards.replaceChildren(); // the alert says it all
    cards.style.minHeight = "";
    choose(node ?? currentNode());
  }
  say(cards.querySelector(".facts").textContent);
}

// sample draws several continuations of one beginning: that of the last
// continuation if the editor still ends in it, or else all of the text.
function sample() {
  return task.run(async (signal) => {
    const node = currentNode();
    const same = node && editor.text() === node.start + node.text;
    const before = same ? node.prefix : editor.current();
    const n = Number(byId("raw-samples").value);
    if (!(n >= 1 && n <= 5)) throw new Error("sample between 1 and 5 continuations");
    const set = request(joined(before));
    clear("raw-sample");
    editor.set(before);
    const all = Array.from({ length: n }, (_, i) => {
      return draw(before, { ...set, seed: set.seed ? set.seed + i : 0 }, signal, { name: `Continuation ${i + 1} of ${n}` });
    });
    const done = await Promise.allSettled(all);
    cards.style.minHeight = "";
    choose(undefined);
    const failed = done.find((d) => d.status === "rejected");
    if (failed) throw failed.reason;
    say(`${some(n, "continuation")}.`);
    if (set.temperature === 0 && n > 1) byId("about").textContent = "At temperature 0 all continuations are alike: each takes the likeliest token. Raise it to see others.";
  });
}

// take makes a continuation the text in the editor.
function take(node) {
  editor.set(whole(node));
  choose(node.text ? node : undefined);
  byId("raw-text").focus();
}

// branch goes on from other text, such as another token, instead of what runs.
function branch(pieces) {
  return task.instead((signal) => {
    editor.set(pieces);
    return continued(signal);
  });
}

onNode((node) => task.instead(async () => {
  take(node);
  cards.replaceChildren(...(node.text ? [node] : node.children).map((n) => n.card));
}));

byId("raw-continue").addEventListener("click", goOn);
byId("raw-sample").addEventListener("click", sample);
byId("raw-code").addEventListener("click", () => task.run((signal) => showCode("api/raw/code", request(editor.text()), signal)));

// The tab as main.js knows it.
export const raw = {
  go: goOn,
  stop: () => task.cancel(),
  set(preset) {
    setSettings(preset);
    setStops(preset.stop);
    byId("raw-samples").value = preset.samples;
    cards.replaceChildren();
    choose(undefined);
    editor.set(append([], preset.prompt, "typed"));
  },
  // from goes on from a text that another tab has.
  from(text) {
    setStops([]);
    cards.replaceChildren();
    return branch(append([], text, "typed"));
  },
};
