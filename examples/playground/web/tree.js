// The tree of what was tried: each continuation hangs below the text that it goes
// on from, a beginning or another continuation.
import { byId, element, visible } from "./element.js";
import { append } from "./segments.js";

// A node is a text of which the end is the model's: { prefix, start, text }, where
// prefix is what it goes on from, in pieces, start the same as a string, and text
// the model's. A beginning has no text.

const roots = [];
let chosen = () => {};
let current;

export const currentNode = () => current;

// onNode calls back with the node that was chosen in the tree.
export function onNode(call) {
  chosen = call;
}

// whole returns the text of a node, in pieces.
export const whole = (node) => append(node.prefix, node.text, "model");

const full = (node) => node.start + node.text;

// grow adds a continuation. It hangs below the one with the longest text that its
// own begins with, or else below its beginning.
export function grow(node) {
  let parent;
  const visit = (n) => {
    const goesOn = n.text ? node.start.startsWith(full(n)) : node.start === n.start;
    if (goesOn && (!parent || full(n).length > full(parent).length)) parent = n;
    n.children.forEach(visit);
  };
  roots.forEach(visit);
  if (!parent) {
    parent = { prefix: node.prefix, start: node.start, text: "", children: [] };
    roots.push(parent);
  }
  node.children = [];
  node.parent = parent;
  parent.children.push(node);
}

// choose makes a node the current one, or none, and draws the tree.
export function choose(node) {
  current = node;
  byId("raw-tree-section").hidden = roots.length === 0;
  byId("raw-tree").replaceChildren(...roots.map(item));
}

function item(node) {
  const typed = node.parent ? node.start.slice(full(node.parent).length) : node.start;
  const button = element(
    "button", { type: "button", "aria-current": String(node === current), title: full(node) },
    element("span", { className: "typed", textContent: snippet(typed, 40) || (node.text ? "" : "(nothing)") }),
    element("span", { className: "model", textContent: snippet(node.text, 60) }),
  );
  button.addEventListener("click", () => chosen(node));
  const list = element("li", {}, button);
  if (node.children.length) list.append(element("ul", {}, ...node.children.map(item)));
  return list;
}

function snippet(text, most) {
  const runes = [...visible(text)];
  return runes.length > most ? `${runes.slice(0, most).join("")}…` : runes.join("");
}
