// The tabs: one panel is shown at a time. Arrow keys go from tab to tab.
import { byId } from "./element.js";

const names = ["raw", "fewshot", "assistant"];
let shown = "raw";

export const currentTab = () => shown;

// showTab shows a panel, and moves to its tab if asked to.
export function showTab(name, focus = false) {
  shown = name;
  for (const other of names) {
    const tab = byId(`tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    byId(`panel-${other}`).hidden = other !== name;
  }
  if (focus) byId(`tab-${name}`).focus();
}

names.forEach((name, i) => {
  const tab = byId(`tab-${name}`);
  tab.addEventListener("click", () => showTab(name));
  tab.addEventListener("keydown", (event) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1 + names.length, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    showTab(names[to % names.length], true);
  });
});
