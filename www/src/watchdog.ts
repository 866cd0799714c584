/** Notices silence: a worker that the browser killed says nothing, and neither does a line that went dead. */

/** One timer at a time; starting it again restarts it. */
export class Watchdog {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restart: (() => void) | undefined;

  /**
   * Calls `bark` after `timeoutMs` unless stopped. In two halves: a page that was frozen finds its timer overdue at
   * once, and its worker, which was frozen too, then has the other half to answer.
   */
  start(timeoutMs: number, bark: () => void): void {
    this.stop();
    this.#restart = () => this.start(timeoutMs, bark);
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => {
        this.stop();
        bark();
      }, timeoutMs / 2);
    }, timeoutMs / 2);
  }

  /** Gives it all of its time again, if it is running. */
  renew(): void {
    this.#restart?.();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#restart = undefined;
  }
}
