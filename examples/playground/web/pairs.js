// A table of pairs that can be edited: examples of a task, or exchanges of a
// persona.
import { element } from "./element.js";

// A PairTable has rows of two texts. With parts it says for each row whether it
// begins a new dialogue, in a column of that name.
export class PairTable {
  constructor({ root, left, right, part, add, changed }) {
    Object.assign(this, { left, right, part, changed });
    this.body = element("tbody");
    const head = element("tr", {}, element("th", { textContent: left, scope: "col" }), element("th", { textContent: right, scope: "col" }));
    if (part) head.append(element("th", { textContent: part, scope: "col", className: "mark", title: "begins a new dialogue" }));
    head.append(element("td"));
    const button = element("button", { type: "button", textContent: add });
    button.addEventListener("click", () => {
      this.#row({}).querySelector("textarea").focus();
      this.changed();
    });
    this.button = button;
    root.append(element("table", {}, element("thead", {}, head), this.body), button);
  }

  // value is the rows as { in, out, first }.
  get value() {
    return [...this.body.rows].map((row) => {
      const [left, right] = row.querySelectorAll("textarea");
      return { in: left.value, out: right.value, first: row.querySelector("input")?.checked ?? false };
    });
  }

  set value(pairs) {
    this.body.replaceChildren();
    pairs.forEach((pair) => this.#row(pair));
  }

  // see greys out the rows that are not shown.
  see(shown) {
    [...this.body.rows].forEach((row, i) => row.classList.toggle("unseen", i >= shown));
  }

  // blame marks what an error is about.
  blame(fault) {
    [...this.body.rows].forEach((row, i) => {
      const wrong = fault?.example === i + 1;
      row.classList.toggle("wrong", wrong);
      row.querySelectorAll("textarea").forEach((field, side) => {
        const here = wrong && fault.field === ["input", "output"][side];
        field.classList.toggle("wrong", here);
        field.setAttribute("aria-invalid", String(here));
      });
    });
  }

  #row({ in: left = "", out: right = "", first = false }) {
    const row = element("tr");
    const number = () => [...this.body.rows].indexOf(row) + 1;
    for (const [name, value] of [[this.left, left], [this.right, right]]) {
      const field = element("textarea", { value, rows: 1, spellcheck: false });
      field.addEventListener("focus", () => field.setAttribute("aria-label", `${name} ${number()}`));
      field.setAttribute("aria-label", `${name} ${this.body.rows.length + 1}`);
      field.addEventListener("input", this.changed);
      row.append(element("td", {}, field));
    }
    if (this.part) {
      const box = element("input", { type: "checkbox", checked: first, "aria-label": "begins a new dialogue", title: "begins a new dialogue" });
      box.addEventListener("change", this.changed);
      row.append(element("td", { className: "mark" }, element("label", {}, box)));
    }
    const cross = element("button", { type: "button", className: "cross", textContent: "✕", title: "Remove the row", "aria-label": "Remove the row" });
    cross.addEventListener("focus", () => cross.setAttribute("aria-label", `Remove the row ${number()}`));
    cross.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector(".cross") ?? this.button).focus({ preventScroll: true }); // or the keyboard would be nowhere
      this.changed();
    });
    row.append(element("td", {}, cross));
    this.body.append(row);
    return row;
  }
}
