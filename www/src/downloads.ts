/** Limits how long a stream's downloads may be silent, not how long they take altogether. */

import { aborted } from "./asset-fetch.js";
import { LiveKeypointsError } from "./errors.js";
import { Watchdog } from "./watchdog.js";

/**
 * After so much silence a file is asked for again, past the browser's HTTP cache: Chromium lets a request for what another
 * tab is downloading into that cache wait for the other tab. A module's pieces are told from then on only.
 */
export const RETRY_MS = 10_000;
/** After so much silence the second time, milliseconds, a file cannot be had. */
export const SILENCE_MS = 30_000;

/** How a file may be asked for: `no-store` alone where the answer is kept elsewhere, or cannot be had twice. */
export type Attempts = readonly ("default" | "no-store")[];

/** Files on their way over one line. While bytes of any of them arrive, none is given up. */
export class Downloads {
  readonly #signal: AbortSignal;
  readonly #watchdogs = new Set<Watchdog>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Bytes have arrived, here or in a worker. */
  heard(): void {
    for (const watchdog of this.#watchdogs) watchdog.renew();
  }

  /** What `get` gives. Rejects with its error, `asset-unreachable` after too much silence, or `aborted`. */
  async run<T>(
    name: string,
    attempts: Attempts,
    get: (request: RequestInit) => Promise<T>,
  ): Promise<T> {
    for (const [at, cache] of attempts.entries()) {
      if (this.#signal.aborted) throw aborted();
      const attempt = new AbortController();
      const abort = (): void => attempt.abort();
      const watchdog = new Watchdog();
      this.#signal.addEventListener("abort", abort);
      this.#watchdogs.add(watchdog);
      const isLast = at === attempts.length - 1;
      watchdog.start(isLast ? SILENCE_MS : RETRY_MS, abort);
      try {
        return await get({ cache, signal: attempt.signal });
      } catch (error) {
        if (this.#signal.aborted) throw aborted();
        if (!attempt.signal.aborted) throw error;
      } finally {
        watchdog.stop();
        this.#watchdogs.delete(watchdog);
        this.#signal.removeEventListener("abort", abort);
      }
    }
    throw silent(name);
  }
}

/** The error of a file whose bytes have stopped coming. */
export function silent(name: string): LiveKeypointsError {
  return new LiveKeypointsError(
    "asset-unreachable",
    `${name} could not be fetched: the network was silent for ${SILENCE_MS / 1000} seconds`,
  );
}
