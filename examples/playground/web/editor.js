// The editor of the tab Text: a text field whose text lies, in colours, in a layer
// below it.
import { byId, element } from "./element.js";
import { append, edited, joined } from "./segments.js";

const field = byId("raw-text");
const layer = byId("raw-layer");
let pieces = [];

function paint() {
  layer.replaceChildren(...pieces.map((p) => element("span", { className: p.by, textContent: p.text })), "\u200b");
}

field.addEventListener("input", () => {
  pieces = edited(pieces, field.value);
  paint();
});

// text returns the text of the editor.
export const text = () => joined(pieces);

// current returns the pieces, to be set again.
export const current = () => pieces;

// set puts pieces into the editor.
export function set(next) {
  pieces = next;
  field.value = joined(pieces);
  paint();
}

// add appends what the model says.
export function add(more) {
  set(append(pieces, more, "model"));
}

// lock keeps the text as it is while the model writes.
export function lock(locked) {
  field.readOnly = locked;
  layer.classList.toggle("running", locked);
}
