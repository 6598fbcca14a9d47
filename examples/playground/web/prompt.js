// A prompt as the model reads it, with its parts in colours and the continuation
// behind it.
import { element } from "./element.js";

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
  show({ parts, stop, tokens, shown, dropped }, what) {
    this.text = (parts ?? []).map((p) => p.text).join("");
    this.root.replaceChildren(...(parts ?? []).map((p) => element("span", { className: `part-${p.kind}`, title: titles[p.kind] ?? "", textContent: p.text })));
    const facts = [`${tokens} tokens`, `${shown} ${what} shown`];
    if (dropped) facts.push(`${dropped} left out for want of room`);
    facts.push(stop?.length ? `stops before ${stop.map((s) => JSON.stringify(s)).join(" or ")}` : "no stop sequences");
    this.facts.textContent = `${facts.join("; ")}.`;
  }

  // go puts a view of the continuation behind it.
  go(view) {
    this.root.append(view.root);
    view.root.style.display = "inline";
  }
}
