// A prompt as the model reads it, with its parts in colours and the continuation
// after it.
import { element } from "./element.js";
import { some } from "./tally.js";

const titles = {
  instruction: "instruction", input: "input of an example", output: "output of an example",
  layout: "written by the layout", query: "what is asked",
};

// A PromptView shows one prompt in an element, and facts about it in another.
export class PromptView {
  constructor(root, facts) {
    Object.assign(this, { root, facts, text: "" });
  }

  // show draws the prompt.
  show({ parts, stop, tokens, bound, shown, dropped }, what) {
    this.root.classList.remove("stale");
    this.text = (parts ?? []).map((p) => p.text).join("");
    this.root.replaceChildren(...(parts ?? []).map((p) => element("span", { className: `part-${p.kind}`, title: titles[p.kind] ?? "", textContent: p.text })));
    const facts = [`${bound ? "at most " : ""}${some(tokens, "token")}`, `${some(shown, what)} shown`];
    if (dropped) facts.push(`${dropped} left out for want of room`);
    facts.push(stop?.length ? `stops before ${stop.map((s) => JSON.stringify(s)).join(" or ")}` : "no stop sequences");
    this.facts.textContent = `${facts.join("; ")}.`;
  }

  // go puts a view of the continuation after it.
  go(view) {
    this.root.append(view.root);
    view.root.style.display = "inline";
    this.root.scrollTop = this.root.scrollHeight;
  }

  // run shows that the model writes, while work lasts.
  async run(work) {
    this.root.classList.add("running");
    try {
      await work();
    } finally {
      this.root.classList.remove("running");
    }
  }

  clear() {
    this.root.replaceChildren();
    this.facts.textContent = "";
  }

  // fade says that this is no longer what would be read.
  fade() {
    this.root.classList.add("stale");
    this.facts.textContent = "";
  }
}
