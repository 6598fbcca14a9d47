// Elements of the page. Text is only ever set as text: nothing that a model or
// a person writes is read as HTML.

// byId returns the element with an id, which must be there.
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

// element makes an element with properties and children, which are elements or
// text.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// visible writes white space so that it can be seen where text is cited.
export function visible(text) {
  return text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

// say tells a screen reader something.
export function say(text) {
  byId("status").textContent = text;
}

// complain shows what is wrong in a paragraph of a panel, or hides it again.
export function complain(paragraph, message = "") {
  if (paragraph.textContent === message && paragraph.hidden === (message === "")) return; // a screen reader would read it out again
  paragraph.textContent = message;
  paragraph.hidden = message === "";
}
