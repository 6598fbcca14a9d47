// The tab Assistant: a persona, and a conversation with it.
import { showCode } from "./code.js";
import { byId, complain, element, say } from "./element.js";
import { PairTable } from "./pairs.js";
import { PromptView } from "./prompt.js";
import { setSettings, settings } from "./settings.js";
import { ending, run } from "./tally.js";
import { Task } from "./task.js";
import { TokenView } from "./tokens.js";

const chat = byId("assistant-chat");
const field = byId("assistant-text");
const prompt = new PromptView(byId("assistant-prompt"), byId("assistant-facts"));
const examples = new PairTable({
  root: byId("assistant-examples"), left: "The user says", right: "The assistant replies", part: "new", add: "Add an exchange", changed: () => {},
});
const task = new Task({
  buttons: ["assistant-send", "assistant-again", "assistant-undo", "assistant-bare", "assistant-code"].map(byId), stop: byId("assistant-stop"), alert: byId("assistant-alert"),
});

let helpful; // the persona of the demonstrations
let turns = []; // as the server gave them back
let elsewhere = () => {};

function persona() {
  const dialogues = [];
  for (const row of examples.value) {
    if (row.first || dialogues.length === 0) dialogues.push([]);
    dialogues.at(-1).push({ user: row.in, reply: row.out });
  }
  return {
    description: byId("assistant-description").value, examples: dialogues, layout: byId("assistant-layout").value,
    user: byId("assistant-user").value, name: byId("assistant-name").value,
  };
}

function setPersona({ description = "", examples: dialogues = [], layout = "dialogue", user = "", name = "" }) {
  byId("assistant-description").value = description;
  byId("assistant-layout").value = layout;
  byId("assistant-user").value = user;
  byId("assistant-name").value = name;
  examples.value = dialogues.flatMap((turns) => turns.map((t, i) => ({ in: t.user, out: t.reply, first: i === 0 })));
}

const request = (text, more = {}) => ({ ...settings(), persona: persona(), turns, text, prefill: byId("assistant-prefill").value, ...more });

function bubble(who, name, content) {
  const item = element("li", { className: who }, element("span", { className: "who", textContent: name }), content);
  chat.append(item);
  return item;
}

const userName = () => byId("assistant-user").value || "Human";
const ownName = () => byId("assistant-name").value || "Assistant";

// paint shows turns: those there are, or those that a reply is to stand behind.
function paint(shown = turns) {
  chat.replaceChildren();
  for (const t of shown) {
    bubble("user", userName(), element("span", { className: "typed", textContent: t.user }));
    bubble("assistant", ownName(), element("span", { className: "model", textContent: t.reply }));
  }
}

// ask says text to the assistant. The turn is kept when the reply is whole.
function ask(text, more) {
  return task.run(async (signal) => {
    const set = request(text, more);
    paint(set.turns);
    bubble("user", userName(), element("span", { className: "typed", textContent: text }));
    const view = new TokenView((before, other) => elsewhere(reads.text + before + other));
    const reads = new PromptView(prompt.root, prompt.facts);
    const behind = new TokenView((before, other) => elsewhere(reads.text + before + other));
    const item = bubble("assistant running", ownName(), view.root);
    let turn;
    try {
      await reads.run(() => run("api/assistant/run", set, (event) => {
        if (event.prompt) {
          reads.show(event.prompt, "turn");
          reads.go(behind);
        }
        if (event.text) {
          view.add(event.text);
          behind.add(event.text);
        }
        if (event.beyond) {
          view.beyond(event.beyond);
          behind.beyond(event.beyond);
        }
        if (event.end) {
          turn = event.end.turn;
          item.append(element("p", { className: "facts", textContent: ending(event.end, set.max_tokens) }));
        }
      }, signal));
    } catch (err) {
      const how = signal.aborted ? "Stopped" : "It broke off";
      if (signal.aborted || view.text) item.append(element("p", { className: "facts", textContent: `${how}; the turn is not kept.` }));
      else paint();
      throw err;
    } finally {
      item.classList.remove("running");
    }
    signal.throwIfAborted(); // another conversation may stand here by now
    turns = [...set.turns, turn];
    say(turn.reply);
  });
}

async function send() {
  const text = field.value;
  if (await ask(text) && field.value === text) field.value = ""; // not what was written meanwhile
}

async function again() {
  const last = turns.at(-1);
  if (!last) return complain(byId("assistant-alert"), "there is no turn yet to reply to anew");
  return ask(last.user, { turns: turns.slice(0, -1), seed: (last.seed ?? 0) + 1 });
}

byId("assistant-send").addEventListener("click", send);
byId("assistant-again").addEventListener("click", again);
byId("assistant-undo").addEventListener("click", () => {
  if (task.busy) return;
  const last = turns.at(-1);
  if (!last) return complain(byId("assistant-alert"), "there is no turn yet to take back");
  turns = turns.slice(0, -1);
  field.value = last.user;
  paint();
});
byId("assistant-bare").addEventListener("click", () => {
  if (task.busy) return;
  const text = field.value || turns.at(-1)?.user;
  if (!text) return complain(byId("assistant-alert"), "write a question first");
  elsewhere(text);
});
byId("assistant-code").addEventListener("click", () => {
  const last = turns.at(-1);
  const text = field.value || last?.user || "";
  const before = field.value ? turns : turns.slice(0, -1);
  task.run((signal) => showCode("api/assistant/code", request(text, { turns: before }), signal));
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});

// The tab as main.js knows it.
export const assistant = {
  go: send,
  stop: () => task.cancel(),
  // persona is given the one to begin with.
  persona(first) {
    helpful = first;
  },
  layouts(names) {
    byId("assistant-layout").replaceChildren(...names.map((name) => element("option", { textContent: name })));
  },
  // onElsewhere is given text that goes on in the tab Text.
  onElsewhere(call) {
    elsewhere = call;
  },
  set(preset) {
    setSettings(preset);
    setPersona(helpful);
    byId("assistant-prefill").value = "";
    prompt.clear();
    turns = preset.turns;
    field.value = preset.text;
    paint();
  },
};
