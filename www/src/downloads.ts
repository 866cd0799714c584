/** Limits how long a download may be silent, not how long it takes altogether. */

import { aborted, LiveKeypointsError } from "./errors.js";

/**
 * After so much silence a file is asked for again, past the browser's HTTP cache: Chromium lets a request for what another
 * tab is downloading into that cache wait for the other tab.
 */
const RETRY_MS = 10_000;
/** After so much silence the second time, milliseconds, a file cannot be had. */
const SILENCE_MS = 30_000;

/**
 * What `get` gives, which calls `heard` for every piece that arrives. An answer that cannot be had twice has one attempt.
 * Rejects with its error, `asset-unreachable` after too much silence, or `aborted`.
 */
export async function unlessSilent<T>(
  name: string,
  attempts: readonly ("default" | "no-store")[],
  signal: AbortSignal,
  get: (request: RequestInit, heard: () => void) => Promise<T>,
): Promise<T> {
  for (const [at, cache] of attempts.entries()) {
    if (signal.aborted) throw aborted();
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const limitMs = at === attempts.length - 1 ? SILENCE_MS : RETRY_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // In two halves: a page that was frozen finds its timer overdue, and has the other half for what has arrived.
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = setTimeout(abort, limitMs / 2);
      }, limitMs / 2);
    };
    signal.addEventListener("abort", abort);
    heard();
    try {
      return await get({ cache, signal: attempt.signal }, heard);
    } catch (error) {
      if (signal.aborted) throw aborted();
      if (!attempt.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
  throw new LiveKeypointsError(
    "asset-unreachable",
    `${name} could not be fetched: the network was silent for ${SILENCE_MS / 1000} seconds`,
  );
}
