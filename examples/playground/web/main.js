// The page begins here: what there is to choose from, the demonstrations, and the
// keys that work everywhere.
import { state } from "./api.js";
import { assistant } from "./assistant.js";
import { byId, complain, element } from "./element.js";
import { fewshot } from "./fewshot.js";
import { raw } from "./raw.js";
import { setBackends } from "./settings.js";
import { currentTab, showTab } from "./tabs.js";

const tabs = { raw, fewshot, assistant };

function elsewhere(text) {
  showTab("raw", true);
  raw.from(text);
}
fewshot.onElsewhere(elsewhere);
assistant.onElsewhere(elsewhere);

document.addEventListener("keydown", (event) => {
  const tab = tabs[currentTab()];
  if (document.querySelector("dialog[open]")) return; // the tab is out of reach
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    tab.go();
  } else if (event.key === "Escape" && !event.defaultPrevented) {
    tab.stop();
  }
});

function offer(presets) {
  byId("presets").replaceChildren(...presets.map((preset) => {
    const button = element("button", { type: "button", textContent: preset.name });
    button.addEventListener("click", () => {
      for (const tab of Object.values(tabs)) tab.stop();
      showTab(preset.tab);
      tabs[preset.tab].set(preset.set);
      byId("about").textContent = preset.about;
    });
    return element("li", {}, button);
  }));
}

try {
  const { backends, formats, layouts, persona, presets } = await state();
  setBackends(backends);
  fewshot.formats(formats);
  assistant.layouts(layouts);
  assistant.persona(persona);
  offer(presets);
  for (const name of ["assistant", "fewshot", "raw"]) {
    tabs[name].set(presets.findLast((preset) => preset.tab === name).set);
  }
  raw.set(presets[0].set);
} catch (err) {
  complain(byId("raw-alert"), err.message);
}
