// One answer at a time in a tab: its buttons, its Stop button and its errors.
import { complain, say } from "./element.js";

// A Task runs what a tab does until it is over, fails or is stopped.
export class Task {
  #abort;
  #over = Promise.resolve();
  #asked = 0; // how often something was begun or stopped

  // buttons do nothing meanwhile, and stop stops it.
  constructor({ buttons, stop, alert, wrong = () => {} }) {
    Object.assign(this, { buttons, stop, alert, wrong });
    stop.addEventListener("click", () => this.cancel());
  }

  get busy() {
    return this.#abort !== undefined;
  }

  // cancel stops what runs, and what waits to run instead of it.
  cancel() {
    this.#asked++;
    this.#abort?.abort();
  }

  // run calls work with a signal. What it throws is shown, unless it was
  // stopped. It returns whether work came to its end.
  run(work) {
    if (this.busy) return Promise.resolve(false);
    const done = this.#attempt(work);
    this.#over = done;
    return done;
  }

  // instead stops what runs and then runs work, unless by then something else was
  // asked for.
  async instead(work) {
    this.cancel();
    const mine = this.#asked;
    await this.#over;
    return mine === this.#asked && this.run(work);
  }

  async #attempt(work) {
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
    // Not by disabled: a button that is disabled loses the focus, and who uses the
    // keyboard is back at the top of the page.
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(busy));
    this.stop.setAttribute("aria-disabled", String(!busy));
  }
}
