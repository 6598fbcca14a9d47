// Drives the playground in a headless Chromium. It is given the page's address,
// and fails at the first thing that is not as a person would expect it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const address = process.argv[2];
const pictures = process.env.FOREWORD_SCREENSHOTS;
const require = createRequire(pathToFileURL(path.join(path.resolve(process.env.FOREWORD_NPM), "x.js")));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: execFileSync("which", ["chromium"], { encoding: "utf8" }).trim(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const problems = [];
let refusals = false; // whether a step means the server to refuse something

// open opens the page and watches it: nothing on the console, and no request that
// leaves this machine.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    // The browser notes each refusal by itself.
    if (refusals && message.text().includes("status of 400")) return;
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (err) => problems.push(`page: ${err.stack}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== new URL(address).origin) problems.push(`request: ${url}`);
  });
  await page.goto(address);
  await page.locator("#presets li").first().waitFor();
  await page.selectOption("#backend", "pocket");
  return page;
}

// endless selects the test's own backend, which never ends. An answer of more pieces
// than max_tokens would be an error.
const endless = async (page) => {
  await page.selectOption("#backend", "openai");
  await page.fill("#max_tokens", "2000");
};
const preset = (page, name) => page.getByRole("button", { name, exact: true }).click();
const done = (page, button) => page.locator(`${button}:not([aria-disabled=true])`).waitFor();
const value = (page, field) => page.locator(field).inputValue();
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className.split(" ")[0]);
const text = async (page, place) => (await page.locator(place).innerText()).trim();

// accessible looks for obstacles to keyboards and screen readers.
// The page's own policy would refuse the script, so it is run as the debugger's.
async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
  for (const v of violations) problems.push(`${where}: ${v.id}, ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 4).join("; ")}`);
}

// within fails when a step takes too long. A browser that does not answer is not
// waited for otherwise.
async function within(seconds, what, step) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what} takes more than ${seconds} seconds`)), seconds * 1000)));
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `playground-${name}.png`) });
}

const steps = {
  async "a beginning goes on, and on"(page) {
    await preset(page, "Landmarks of Paris, cut by the limit");
    await page.click("#raw-continue");
    await done(page, "#raw-continue");
    const once = await value(page, "#raw-text");
    assert.match(once, /^Here are the most famous landmarks of Paris:\n+1\. /);
    assert.match(await text(page, ".card .facts"), /^Cut by the limit of 60 tokens/);
    await page.keyboard.press("Control+Enter");
    await page.waitForFunction((n) => document.querySelector("#raw-text").value.length > n, once.length);
    await done(page, "#raw-continue");
    assert.ok((await value(page, "#raw-text")).startsWith(once));
    assert.equal(await page.locator("#raw-tree li").count(), 3);
    // The caller's text and the model's have different colours.
    const colours = await page.locator("#raw-layer span").evaluateAll((spans) => spans.map((s) => getComputedStyle(s).color));
    assert.equal(new Set(colours).size, 2);
    // The layer stands exactly below the text field.
    const boxes = await page.evaluate(() => ["#raw-text", "#raw-layer"].map((q) => document.querySelector(q)).map((e) => [e.scrollHeight, e.clientWidth]));
    assert.deepEqual(boxes[0], boxes[1]);
  },

  async "five samples, side by side"(page) {
    await preset(page, "Goes on differently each time");
    await page.click("#raw-sample");
    await done(page, "#raw-sample");
    const texts = await page.locator(".card .tokens").allInnerTexts();
    assert.equal(texts.length, 5);
    assert.ok(new Set(texts).size > 1, `all alike: ${texts}`);
    assert.equal(await value(page, "#raw-text"), "2+2");
    await accessible(page, "text");
    await page.locator(".card .token").first().hover();
    await page.locator("#alternatives button").first().waitFor();
    await picture(page, "text");
    await page.mouse.move(0, 0);
    await page.locator("#alternatives").waitFor({ state: "hidden" });
    await page.locator(".card").nth(2).getByRole("button", { name: "Go on from this" }).click();
    assert.ok((await value(page, "#raw-text")).startsWith("2+2"));
    assert.equal(await page.locator("#raw-tree [aria-current=true]").count(), 1);
  },

  async "another token, by the keyboard"(page) {
    await preset(page, "Goes on differently each time");
    await page.fill("#seed", "3");
    await page.click("#raw-continue");
    await done(page, "#raw-continue");
    await page.locator(".card .token").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    const other = page.locator("#alternatives button").nth(1);
    const label = (await other.getAttribute("aria-label")).split(",")[0];
    await page.keyboard.press("ArrowDown");
    assert.ok(await other.evaluate((button) => button === document.activeElement));
    await page.keyboard.press("Enter");
    await page.waitForFunction((start) => document.querySelector("#raw-text").value.startsWith(start), `2+2${label}`);
    await done(page, "#raw-continue");
    assert.ok((await value(page, "#raw-text")).length > `2+2${label}`.length);
    // Escape closes the list and gives the token the focus again.
    await page.locator(".card .token").first().focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    assert.ok(await page.locator("#alternatives").isHidden());
    assert.equal(await focused(page), "token");
    // Tab leaves it and goes on after the token.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.ok(await page.locator("#alternatives").isHidden());
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Go on from this");
    // Who was in a card that goes is put where the next one was asked for.
    await page.keyboard.press("Control+Enter");
    await done(page, "#raw-continue");
    assert.equal(await focused(page), "raw-continue");
    // A list that the mouse has opened closes by the keyboard too.
    await page.locator(".card .token").first().hover();
    await page.locator("#alternatives button").first().waitFor();
    await page.keyboard.press("Escape");
    assert.ok(await page.locator("#alternatives").isHidden());
    await page.mouse.move(0, 0);
  },

  async "stop"(page) {
    await preset(page, "Goes on differently each time");
    await endless(page);
    assert.equal(await value(page, "#model"), "endless");
    refusals = true;
    await page.click("#raw-continue");
    await page.locator("#raw-alert").filter({ hasText: "its settings can do without" }).waitFor(); // it tells none
    refusals = false;
    assert.equal(await page.locator(".card").count(), 0);
    for (const name of ["#top_k", "#min_p"]) assert.ok(await page.locator(name).isDisabled()); // OpenAI has none
    const told = await text(page, "#tally");
    await page.uncheck("#logprobs");
    await page.click("#raw-continue");
    await page.waitForFunction(() => document.querySelector(".card .tokens").textContent.length > 10);
    assert.equal(await page.locator("#raw-continue").getAttribute("aria-disabled"), "true");
    assert.equal(await focused(page), "raw-continue"); // it keeps the keyboard
    await page.keyboard.press("Escape");
    await done(page, "#raw-continue");
    const stopped = await value(page, "#raw-text");
    await page.waitForTimeout(300);
    assert.equal(await value(page, "#raw-text"), stopped);
    assert.equal(await text(page, ".card .facts"), "Stopped.");
    assert.ok(await page.locator("#raw-alert").isHidden());
    assert.notEqual(await text(page, "#tally"), told); // what was stopped was read and drawn too
    assert.match(await text(page, "#tally"), /at most/);
    await page.check("#logprobs");
    await page.selectOption("#backend", "pocket");
    assert.ok(await page.locator("#model-field").isHidden());
    assert.ok(await page.locator("#top_k").isEnabled());
  },

  async "one of several fails, and is told of while the others go on"(page) {
    await preset(page, "Goes on differently each time");
    await endless(page);
    await page.uncheck("#logprobs");
    let n = 0;
    await page.route("**/api/raw/run", (route) => {
      if (++n === 2) return route.fulfill({ status: 200, body: '{"text":{"text":" a half"}}\n{"error":{"message":"it fell over"}}\n' });
      return route.continue();
    });
    await page.fill("#raw-samples", "3");
    await page.click("#raw-sample");
    await page.locator("#raw-alert").filter({ hasText: "it fell over" }).waitFor();
    assert.equal(await page.locator(".card .facts").filter({ hasText: "Failed: it fell over" }).count(), 1);
    assert.equal(await page.locator(".card.running").count(), 2);
    await page.waitForFunction(() => [...document.querySelectorAll(".card .tokens")].every((t) => t.textContent.length > 5));
    await page.click("#raw-stop");
    await done(page, "#raw-sample");
    assert.deepEqual((await page.locator(".card .facts").allInnerTexts()).sort(), ["Failed: it fell over", "Stopped.", "Stopped."]);
    assert.ok(await page.locator("#raw-alert").isVisible());
    await page.unroute("**/api/raw/run");
    await page.check("#logprobs");
    await page.selectOption("#backend", "pocket");
  },

  async "Stop stays in sight, and so does what is written"(page) {
    await preset(page, "Translation from ten pairs");
    await endless(page);
    await page.uncheck("#logprobs");
    await page.selectOption("#fewshot-format", "QA");
    await page.click("#fewshot-run");
    await page.waitForFunction(() => (document.querySelector("#fewshot-prompt .tokens")?.textContent ?? "").length > 10);
    await page.waitForFunction(() => {
      const box = document.querySelector("#fewshot-prompt"), tokens = box.querySelector(".tokens");
      return tokens.getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom && box.scrollTop > 0;
    });
    for (const end of [0, 1e6]) {
      await page.evaluate((y) => scrollTo(0, y), end);
      const { top, bottom } = await page.locator("#fewshot-stop").evaluate((b) => ({ top: b.getBoundingClientRect().top, bottom: b.getBoundingClientRect().bottom }));
      assert.ok(top >= 0 && bottom <= 860, `Stop stands at ${top}`);
    }
    await page.click("#fewshot-stop");
    await done(page, "#fewshot-run");
    assert.match(await text(page, "#fewshot-facts"), /Stopped\.$/);
    assert.equal(await text(page, "#fewshot-answer"), "");
    await page.check("#logprobs");
    await page.selectOption("#backend", "pocket");
  },

  async "stop sequences, and what they keep away"(page) {
    await preset(page, "Why is the sky blue? Without a persona");
    await page.fill("#raw-stops", "?\\nHow");
    await page.click("#raw-continue");
    await done(page, "#raw-continue");
    assert.equal(await value(page, "#raw-text"), "Why is the sky blue?\nWhy is the grass green");
    assert.match(await page.locator(".card .beyond").innerText(), /^\?\nHow/);
    assert.match(await text(page, ".card .facts"), /^Stopped before "\?\\nHow"/);
  },

  async "pairs, with a slider"(page) {
    await preset(page, "Translation from ten pairs");
    await page.click("#fewshot-run");
    await done(page, "#fewshot-run");
    assert.equal(await text(page, "#fewshot-answer"), "선생님");
    assert.match(await page.locator("#fewshot-prompt .beyond").innerText(), /^\n\w+: /);
    const kinds = await page.locator("#fewshot-prompt > span").evaluateAll((spans) => spans.map((s) => s.className));
    assert.equal(kinds.filter((k) => k === "part-output").length, 10);
    assert.equal(kinds.filter((k) => k === "part-query").length, 1);
    await accessible(page, "few-shot");
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, "few-shot");
    for (const [shots, name] of [[0, "zero-shot"], [1, "one-shot"]]) {
      await page.locator("#fewshot-shots").fill(String(shots));
      assert.equal(await text(page, "#fewshot-count"), `${shots} of 10: ${name}`);
      await page.waitForFunction((n) => document.querySelectorAll("#fewshot-prompt .part-output").length === n, shots);
      assert.equal(await page.locator("tr.unseen").count(), 10 - shots);
    }
    await page.click("#fewshot-run");
    await done(page, "#fewshot-run");
    assert.equal(await text(page, "#fewshot-answer"), "선생님");
    refusals = true;
    await page.getByRole("button", { name: "Add a pair" }).click();
    await page.keyboard.type("two");
    await page.locator("#fewshot-shots").fill("11");
    await page.getByLabel("Output 11").fill("one\ntwo");
    await page.locator("#fewshot-alert").filter({ hasText: "pair 11: output" }).waitFor();
    assert.equal(await page.locator("textarea[aria-invalid=true]").count(), 1);
    assert.equal(await page.locator("#fewshot-prompt.stale").count(), 1); // nobody would read that
    await page.locator("#fewshot-pairs tbody tr").last().getByRole("button").click();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Remove the row 10");
    await page.locator("#fewshot-alert").waitFor({ state: "hidden" });
    refusals = false;
  },

  async "a demonstration chosen while a reply is drawn anew"(page) {
    await preset(page, "Why is the sky blue? With a persona");
    await page.click("#assistant-send");
    await done(page, "#assistant-send");
    await endless(page);
    await page.uncheck("#logprobs");
    await page.click("#assistant-again");
    await page.waitForFunction(() => document.querySelector("#assistant-chat .running .tokens")?.textContent.length > 10);
    await preset(page, "Why is the sky blue? With a persona");
    await done(page, "#assistant-send");
    await page.check("#logprobs");
    await page.selectOption("#backend", "pocket");
    await page.click("#assistant-send");
    await done(page, "#assistant-send");
    // The conversation before it does not come back.
    assert.equal(await page.locator("#assistant-chat li").count(), 2);
    // What was written while a reply came is not lost with what it replies to.
    await page.fill("#assistant-text", "And why red?");
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/api/assistant/run", async (route) => {
      await held;
      await route.continue();
    });
    await page.click("#assistant-send");
    await page.fill("#assistant-text", "And why green?");
    release();
    await done(page, "#assistant-send");
    await page.unroute("**/api/assistant/run");
    assert.equal(await page.locator("#assistant-chat li").count(), 4);
    assert.equal(await value(page, "#assistant-text"), "And why green?");
    // A demonstration is what it says, whatever was set before.
    await page.fill("#assistant-prefill", "Sure,");
    await page.fill("#top_p", "0.5");
    await page.locator("#assistant-persona summary").click();
    await page.fill("#assistant-description", "A pirate.");
    await page.locator("#assistant-persona summary").click();
    await preset(page, "Why is the sky blue? With a persona");
    assert.equal(await value(page, "#assistant-prefill"), "");
    assert.equal(await value(page, "#top_p"), "0");
    assert.match(await value(page, "#assistant-description"), /^Below are conversations/);
  },

  async "an assistant, turn after turn"(page) {
    await preset(page, "Why is the sky blue? With a persona");
    await page.click("#assistant-send");
    await done(page, "#assistant-send");
    const reply = page.locator("#assistant-chat li.assistant").last();
    assert.match(await reply.innerText(), /scatters sunlight/);
    assert.match(await reply.locator(".beyond").innerText(), /Human: /);
    await page.locator("#assistant-reads summary").click();
    assert.match(await text(page, "#assistant-prompt"), /^Below are conversations/);
    await accessible(page, "assistant");
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, "assistant");
    await page.fill("#assistant-text", "Why are sunsets red, then?");
    await page.locator("#assistant-text").press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("#assistant-chat li").length === 4);
    await done(page, "#assistant-send");
    assert.equal(await value(page, "#assistant-text"), "");
    assert.match(await text(page, "#assistant-facts"), /1 turns? shown/);
    await page.click("#assistant-again");
    await done(page, "#assistant-send");
    assert.equal(await page.locator("#assistant-chat li").count(), 4);
    await page.click("#assistant-undo");
    assert.equal(await page.locator("#assistant-chat li").count(), 2);
    assert.equal(await value(page, "#assistant-text"), "Why are sunsets red, then?");
    await page.fill("#assistant-text", "Why is the sky blue?");
    await page.fill("#max_tokens", "40");
    await page.click("#assistant-bare");
    await page.waitForFunction(() => document.querySelector("#raw-text").value.length > 60);
    await done(page, "#raw-continue");
    assert.match(await value(page, "#raw-text"), /^Why is the sky blue\?\nWhy/);
  },

  async "a program to take home"(page) {
    await preset(page, "Translation from ten pairs");
    await page.click("#fewshot-code");
    await page.locator("#code[open]").waitFor();
    const code = await text(page, "#code-text");
    assert.match(code, /^package main/);
    assert.match(code, /task\.Add\("butterfly", "나비"\)/);
    await accessible(page, "program");
    await page.keyboard.press("Control+Enter"); // nothing runs after it
    assert.equal(await page.locator("#fewshot-stop").getAttribute("aria-disabled"), "true");
    await page.keyboard.press("Escape");
    await page.locator("#code").waitFor({ state: "hidden" });
    assert.equal(await focused(page), "fewshot-code");
  },

  async "mistakes are told, and nothing is lost"(page) {
    await preset(page, "Goes on differently each time");
    await page.fill("#temperature", "-1");
    await page.click("#raw-continue");
    assert.match(await text(page, "#raw-alert"), /^Temperature: /);
    await page.fill("#temperature", "1");
    await page.route("**/api/raw/run", (route) => route.fulfill({ status: 200, body: '{"text":{"text":" half"}}\n' }));
    await page.click("#raw-continue");
    await done(page, "#raw-continue");
    assert.match(await text(page, "#raw-alert"), /broke off/);
    assert.equal(await value(page, "#raw-text"), "2+2 half");
    await page.unroute("**/api/raw/run");
  },

  async "tabs, by the keyboard"(page) {
    await page.locator("#tab-raw").click();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("tab", { selected: true }).innerText(), "Few-shot");
    assert.ok(await page.locator("#panel-fewshot").isVisible());
    await page.keyboard.press("End");
    assert.ok(await page.locator("#panel-assistant").isVisible());
    await page.keyboard.press("Home");
    assert.ok(await page.locator("#panel-raw").isVisible());
  },

  async "of what is asked for while something runs, the last is done"(page) {
    const ran = await page.evaluate(async () => {
      const { Task } = await import("./task.js");
      const button = () => document.createElement("button");
      const task = new Task({ buttons: [button()], stop: button(), alert: document.createElement("p") });
      const ran = [];
      const until = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const running = (name) => (signal) => (ran.push(name), until(signal));
      const first = task.run(running("first"));
      const second = task.instead(running("second"));
      const third = task.instead(running("third")); // the second is never begun
      const ends = [await first, await second];
      while (!task.busy) await new Promise((resolve) => setTimeout(resolve, 1));
      const fourth = task.instead(running("fourth"));
      task.cancel(); // nor is the fourth
      ends.push(await third, await fourth, task.busy, await task.run(async () => ran.push("fifth")));
      return { ran, ends };
    });
    assert.deepEqual(ran, { ran: ["first", "third", "fifth"], ends: [false, false, false, false, false, true] });
  },

  async "whose text it is survives any edit"(page) {
    const wrong = await page.evaluate(async () => {
      const { append, edited, joined } = await import("./segments.js");
      let seed = 1;
      const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
      for (let i = 0; i < 20_000; i++) {
        const alphabet = [["a", "b"], ["😀", "😁"]][i % 2]; // an emoji is two units, of which these share the first
        let pieces = [];
        for (let n = random(4); n >= 0; n--) pieces = append(pieces, alphabet.join("").repeat(random(3)).slice(random(2) * alphabet[0].length), ["typed", "model"][random(2)]);
        const old = joined(pieces), next = Array.from({ length: random(6) }, () => alphabet[random(2)]).join("");
        const made = edited(pieces, next);
        if (joined(made) !== next || made.some((p) => !p.text.isWellFormed())) return { pieces, next, made };
        const owned = (list) => list.filter((p) => p.by === "model").map((p) => p.text.length).reduce((a, b) => a + b, 0);
        if (owned(made) > owned(pieces) || (next === old && JSON.stringify(made) !== JSON.stringify(pieces))) return { pieces, next, made };
      }
      return null;
    });
    assert.equal(wrong, null);
  },
};

const desktop = await open({ viewport: { width: 1280, height: 860 } });
for (const [name, step] of Object.entries(steps)) {
  await within(90, name, step(desktop)).catch(async (err) => {
    console.log(`failed: ${name}`);
    for (const alert of await within(5, "the page", desktop.getByRole("alert").allInnerTexts()).catch(() => [])) if (alert) console.log(`the page says: ${alert}`);
    console.log(err.stack);
    process.exit(1);
  });
  assert.deepEqual(problems, [], name);
  console.log(`ok: ${name}`);
}

// On a phone, in the dark: nothing stands out of the screen on the side.
const phone = await open({ viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true, isMobile: true });
const fits = async (where) => assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where} is wider than a phone`);
await preset(phone, "An election, told in different ways");
await phone.tap("#raw-sample");
await done(phone, "#raw-sample");
assert.equal(await phone.locator(".card").count(), 5);
await fits("text");
assert.equal(await phone.evaluate(() => document.querySelector(".editor").clientWidth + 2), await phone.evaluate(() => document.querySelector("#panel-raw").clientWidth));
await phone.locator(".card .token").nth(2).tap();
assert.ok(await phone.locator("#alternatives").isVisible());
await fits("alternatives");
await accessible(phone, "text on a phone");
await phone.tap("#tab-raw");
await phone.waitForTimeout(500); // the mark of a finger fades
await picture(phone, "phone-text");
await preset(phone, "Translation from ten pairs");
await phone.tap("#fewshot-run");
await done(phone, "#fewshot-run");
await fits("few-shot");
await accessible(phone, "few-shot on a phone");
await preset(phone, "Why is the sky blue? With a persona");
await phone.tap("#assistant-persona summary");
await fits("assistant");
await phone.tap("#assistant-persona summary");
await phone.tap("#assistant-send");
await done(phone, "#assistant-send");
await accessible(phone, "assistant on a phone");
await phone.evaluate(() => scrollTo(0, 0));
await picture(phone, "phone-assistant");
assert.deepEqual(problems, []);
console.log("ok: on a phone, in the dark");
await browser.close();
