// What was spent. The server tells it at the end of an answer; what an answer
// cost that was stopped or broke off before is estimated here.
import { run as answer } from "./api.js";
import { byId } from "./element.js";
import { backend } from "./settings.js";

const spent = { prompt: 0, completion: 0, cost: 0, estimated: false };

// run is that of api.js, and counts.
export async function run(path, body, on, signal) {
  const { prompt_price: promptPrice = 0, completion_price: price = 0 } = backend();
  let prompt = 0, completion = 0, told = false;
  try {
    await answer(path, body, (event) => {
      if (event.prompt) prompt = event.prompt.tokens;
      if (event.text) completion += event.text.tokens?.length || 1;
      if (event.beyond) completion++;
      if (event.end) {
        told = true;
        spend(event.end);
      }
      on(event);
    }, signal);
  } finally {
    if (!told && prompt > 0 && (completion > 0 || signal.aborted)) {
      const cost = (prompt * promptPrice + completion * price) / 1e6;
      spend({ prompt_tokens: prompt, completion_tokens: completion, cost, estimated: true });
    }
  }
}

// spend adds what an answer cost. Estimates are too high where nobody counts the
// tokens, as they are then taken for bytes.
function spend(end) {
  spent.prompt += end.prompt_tokens;
  spent.completion += end.completion_tokens;
  spent.cost += end.cost;
  spent.estimated ||= end.estimated;
  const most = spent.estimated ? "at most " : "";
  let text = `Tokens so far: ${most}${spent.prompt.toLocaleString("en")} read, ${spent.completion.toLocaleString("en")} drawn`;
  if (spent.cost > 0) text += `, ${most}$${spent.cost.toFixed(6)}`;
  byId("tally").textContent = `${text}.`;
}

// some says how many there are of something.
export const some = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

// ending says in words how a continuation ended.
export function ending(end, limit) {
  const tokens = `${end.estimated ? "at most " : ""}${some(end.completion_tokens, "token")}`;
  switch (end.reason) {
    case "stop sequence":
      return `Stopped before ${JSON.stringify(end.stop)}; ${tokens}, with those struck out.`;
    case "token limit":
      return `Cut by the limit of ${some(limit || 256, "token")}.`;
    case "end of text":
      return `The text ended; ${tokens}.`;
  }
  return `Ended: ${end.reason}; ${tokens}.`;
}
