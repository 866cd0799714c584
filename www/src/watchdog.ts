/** Notices silence: a worker that the browser killed says nothing. */

/** One timer at a time; starting it again restarts it. */
export class Watchdog {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Calls `bark` after `timeoutMs` unless stopped. In two halves: a page that was frozen finds its timer overdue at
   * once, and its worker, which was frozen too, then has the other half to answer.
   */
  start(timeoutMs: number, bark: () => void): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(bark, timeoutMs / 2);
    }, timeoutMs / 2);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
