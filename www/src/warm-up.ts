/** The first run of a model, in a worker that has nothing else to do: it takes about twice as long as any later one. */

import { codeOf } from "./errors.js";

/**
 * A worker is taken to have nothing to do after so many milliseconds without a step. Less would slow down the first frame
 * of a page that pushes it at once: on two cores, the other workers would be in its way.
 */
const IDLE_MS = 200;

/** Runs models one by one until each has run, and makes way for steps. */
export class WarmUp {
  /** Runs a model that has not run yet; false if all have. */
  readonly #next: () => boolean;
  readonly #broken: (error: unknown) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `broken` hears of errors without a code: the WebAssembly instance is of no more use then. */
  constructor(next: () => boolean, broken: (error: unknown) => void) {
    this.#next = next;
    this.#broken = broken;
    this.#wait(IDLE_MS);
  }

  /** A step has come. */
  postpone(): void {
    if (this.#timer !== undefined) this.#wait(IDLE_MS);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), ms);
  }

  #run(): void {
    this.#timer = undefined;
    try {
      // Not all at once: a step that has come meanwhile goes first.
      if (this.#next()) this.#wait(0);
    } catch (error) {
      // What has a code will fail a frame, too, and be told with it.
      if (codeOf(error) === undefined) this.#broken(error);
    }
  }
}
