/** Results on their way to the one iterator of a stream. */

import { LiveKeypointsError } from "./errors.js";
import type { Keypoints } from "./generated/results.js";

interface Waiter {
  resolve: (result: IteratorResult<Keypoints, undefined>) => void;
  reject: (error: LiveKeypointsError) => void;
}

/** Holds at most `capacity` unread results; the oldest go, and are counted in the next one's `dropped`. */
export class ResultQueue {
  readonly #capacity: number;
  readonly #unread: Keypoints[] = [];
  readonly #waiters: Waiter[] = [];
  #isIterated = false;
  #end: "closed" | LiveKeypointsError | undefined;
  /** Results that were thrown away unread. */
  dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Results that wait to be read. */
  get unread(): number {
    return this.#unread.length;
  }

  /** Whether an iterator is open. */
  get isIterated(): boolean {
    return this.#isIterated;
  }

  push(keypoints: Keypoints): void {
    const waiter = this.#waiters.shift();
    if (waiter) return waiter.resolve({ done: false, value: keypoints });
    this.#unread.push(keypoints);
    if (this.#unread.length <= this.#capacity) return;
    const lost = this.#unread.shift()!;
    const next = this.#unread[0]!;
    this.#unread[0] = { ...next, dropped: next.dropped + lost.dropped + 1 };
    this.dropped += 1;
  }

  /** Throws unread results away. */
  clear(): void {
    this.#unread.length = 0;
  }

  /** No more results: the iterator ends, or rejects with the error. */
  finish(error?: LiveKeypointsError): void {
    if (this.#end) return;
    this.#end = error ?? "closed";
    this.clear();
    for (const waiter of this.#waiters.splice(0)) {
      if (error) waiter.reject(error);
      else waiter.resolve({ done: true, value: undefined });
    }
  }

  /** The iterator; there is one at a time. Leaving its loop allows another. */
  iterate(): AsyncIterableIterator<Keypoints, undefined> {
    if (this.#isIterated) {
      throw new LiveKeypointsError(
        "invalid-option",
        "This stream is being iterated already; one iterator at a time.",
      );
    }
    this.#isIterated = true;
    let isOver = false;
    const over = (): IteratorResult<Keypoints, undefined> => {
      if (!isOver) this.#isIterated = false;
      isOver = true;
      return { done: true, value: undefined };
    };
    return {
      next: () => {
        if (isOver) return Promise.resolve(over());
        const keypoints = this.#unread.shift();
        if (keypoints)
          return Promise.resolve({ done: false, value: keypoints });
        if (this.#end === "closed") return Promise.resolve(over());
        if (this.#end) {
          over();
          return Promise.reject(this.#end);
        }
        return new Promise((resolve, reject) =>
          this.#waiters.push({ resolve, reject }),
        );
      },
      return: () => {
        for (const waiter of this.#waiters.splice(0)) waiter.resolve(over());
        return Promise.resolve(over());
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
