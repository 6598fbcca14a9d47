// A continuation shown by its tokens, each shaded by its probability, with the
// tokens that could have stood in its place.
import { byId, element, say, visible } from "./element.js";

const popover = byId("alternatives");
let closing;
let opener; // the token whose alternatives are shown

const share = (logprob) => Math.exp(logprob);
const percent = (logprob) => {
  const p = 100 * share(logprob);
  if (p < 0.1) return "< 0.1 %";
  return `${p >= 10 ? Math.round(p) : p.toFixed(1)} %`;
};
const shade = (logprob) => `q${[0.05, 0.2, 0.5, 0.9].filter((least) => share(logprob) >= least).length}`;

// A TokenView shows a continuation as it comes. pick is called with the text
// before a token and the token that is to stand there instead.
export class TokenView {
  constructor(pick) {
    this.pick = pick;
    this.text = "";
    this.top = 0;
    this.root = element("div", { className: "tokens", role: "group", "aria-label": "The continuation, by tokens" });
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  // add shows a piece of text with its tokens, if any are told.
  add({ text, tokens = [] }) {
    this.#follow();
    let rest = text;
    for (const token of tokens) {
      const at = rest.indexOf(token.text);
      if (token.text === "" || at < 0) continue; // it is not in this piece as it is
      this.#plain(rest.slice(0, at));
      this.#token(token);
      rest = rest.slice(at + token.text.length);
    }
    this.#plain(rest);
  }

  // beyond shows what a stop sequence kept away.
  beyond(text) {
    this.#follow();
    const last = this.root.lastElementChild;
    if (last?.className === "beyond") last.textContent += text;
    else this.root.append(element("s", { className: "beyond", title: "kept away by the stop sequence" }, text));
  }

  // What is written stays in sight, unless somebody has scrolled away from it. Once
  // a frame: sizes asked for at each token would have the page laid out each time.
  #follow() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      const box = this.root.closest(".prompt") ?? this.root;
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
      if (box.scrollTop < this.top && !atEnd) return;
      box.scrollTop = box.scrollHeight;
      this.top = box.scrollTop; // whoever is above it has scrolled
    });
  }

  #plain(text) {
    if (!text) return;
    this.text += text;
    this.root.append(element("span", { className: "model", textContent: text }));
  }

  #token(token) {
    const before = this.text;
    this.text += token.text;
    const span = element("span", {
      className: `token ${shade(token.logprob)}`, textContent: token.text, role: "button",
      "aria-label": `${visible(token.text)}, ${percent(token.logprob)}`, "aria-haspopup": "true",
      tabIndex: this.root.querySelector(".token") ? -1 : 0,
    });
    const open = (focus) => show(span, token, (other) => this.pick(before, other), focus);
    span.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && !held() && open(false));
    span.addEventListener("pointerleave", closeSoon);
    span.addEventListener("click", () => open(false));
    span.open = () => open(true);
    this.root.append(span);
  }

  // One token can be reached by Tab; the arrow keys go to the others.
  #key(event) {
    const all = [...this.root.querySelectorAll(".token")];
    const at = all.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " " || event.key === "ArrowDown") {
      event.preventDefault();
      all[at].open();
    } else if (to !== undefined) {
      event.preventDefault();
      const next = all[Math.max(0, Math.min(all.length - 1, to))];
      all[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }
}

function show(span, token, pick, focus) {
  clearTimeout(closing);
  close(false);
  opener = span;
  span.classList.add("open");
  const others = token.top ?? [];
  popover.replaceChildren(element("p", { textContent: others.length ? "What could stand here. A click goes on from it." : `Probability ${percent(token.logprob)}; no alternatives were told.` }));
  for (const other of others) {
    const button = element(
      "button", { "aria-label": `${visible(other.text)}, ${percent(other.logprob)}${other.refused ? ", refused by the constraint" : ""}` },
      element(other.refused ? "s" : "span", { textContent: visible(other.text), className: other.refused ? "beyond" : other.text === token.text ? "model" : "" }),
      element("meter", { min: 0, max: 1, value: share(other.logprob), "aria-hidden": "true" }),
      element("span", { textContent: percent(other.logprob) }),
    );
    button.addEventListener("click", () => {
      close(true);
      pick(other.text);
    });
    popover.append(button);
  }
  popover.hidden = false;
  const at = span.getBoundingClientRect();
  const left = Math.min(at.left, document.documentElement.clientWidth - popover.offsetWidth - 8);
  popover.style.left = `${Math.max(8, left) + scrollX}px`;
  // Above the token where there is no room below it.
  const below = at.bottom + 4, above = at.top - 4 - popover.offsetHeight;
  popover.style.top = `${(below + popover.offsetHeight > innerHeight && above > 0 ? above : below) + scrollY}px`;
  if (!focus) return;
  if (others.length) popover.querySelector("button").focus();
  else say(popover.textContent);
}

// held reports whether the keyboard is in the list, which no mouse may close then.
const held = () => popover.contains(document.activeElement);

function close(refocus) {
  popover.hidden = true;
  opener?.classList.remove("open");
  if (refocus) opener?.focus();
  opener = undefined;
}

function closeSoon() {
  clearTimeout(closing);
  closing = setTimeout(() => held() || close(false), 250);
}

popover.addEventListener("pointerenter", () => clearTimeout(closing));
popover.addEventListener("pointerleave", closeSoon);
popover.addEventListener("keydown", (event) => {
  const all = [...popover.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  if (event.key === "Tab") {
    close(true); // and on from the token
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
  }
});
document.addEventListener("pointerdown", (event) => {
  if (!popover.hidden && !popover.contains(event.target) && event.target !== opener) close(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || popover.hidden) return;
  if (held()) event.preventDefault(); // what runs goes on
  close(held());
});
// What is shown about a token goes when the token does.
new MutationObserver(() => {
  if (opener && !opener.isConnected) close(false);
}).observe(document.querySelector("main"), { childList: true, subtree: true });
