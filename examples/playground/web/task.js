// One answer at a time in a tab: its button, its Stop button and its errors.
import { complain, say } from "./element.js";

// A Task runs what a tab does until it is over, fails or is stopped.
export class Task {
  #abort;

  // start and other are buttons that wait meanwhile; stop stops it.
  constructor({ buttons, stop, alert, wrong = () => {} }) {
    Object.assign(this, { buttons, stop, alert, wrong });
    stop.addEventListener("click", () => this.cancel());
  }

  get busy() {
    return this.#abort !== undefined;
  }

  cancel() {
    this.#abort?.abort();
  }

  // run calls work with a signal. What it throws is shown, unless it was
  // stopped. It returns whether work came to its end.
  async run(work) {
    if (this.busy) return false;
    const abort = new AbortController();
    this.#abort = abort;
    this.#show(true);
    complain(this.alert);
    this.wrong(null);
    try {
      await work(abort.signal);
      return true;
    } catch (err) {
      if (abort.signal.aborted) {
        say("Stopped.");
        return false;
      }
      abort.abort(); // whatever else it has started
      complain(this.alert, err.message);
      this.wrong(err);
      return false;
    } finally {
      this.#abort = undefined;
      this.#show(false);
    }
  }

  #show(busy) {
    for (const button of this.buttons) button.disabled = busy;
    this.stop.disabled = !busy;
  }
}
