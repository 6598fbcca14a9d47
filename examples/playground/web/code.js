// The dialog with the Go program that does what a tab is set to.
import { post } from "./api.js";
import { byId, say } from "./element.js";

const dialog = byId("code");

// showCode asks for the program and shows it.
export async function showCode(path, body, signal) {
  const { code } = await post(path, body, signal);
  byId("code-text").textContent = code;
  byId("code-copy").textContent = "Copy";
  dialog.showModal();
}

byId("code-close").addEventListener("click", () => dialog.close());
byId("code-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId("code-text").textContent);
    byId("code-copy").textContent = "Copied";
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(byId("code-text")); // to be copied by hand
    say("The browser does not allow it; the text is selected.");
  }
});
