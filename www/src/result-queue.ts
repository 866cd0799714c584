/** Results on their way to the one iterator of a stream. */

import { LiveKeypointsError } from "./errors.js";

interface Waiter<T> {
  resolve: (result: IteratorResult<T, undefined>) => void;
  reject: (error: LiveKeypointsError) => void;
}

interface Droppable {
  readonly dropped?: number;
}

/** Holds at most `capacity` unread results; the oldest go, and are counted in the next one's `dropped`, if it has that. */
export class ResultQueue<T extends object> {
  readonly #capacity: number;
  readonly #unread: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
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

  push(result: T): void {
    const waiter = this.#waiters.shift();
    if (waiter) return waiter.resolve({ done: false, value: result });
    this.#unread.push(result);
    if (this.#unread.length <= this.#capacity) return;
    const lost: Droppable = this.#unread.shift()!;
    const next: T & Droppable = this.#unread[0]!;
    if (next.dropped !== undefined) {
      const dropped = next.dropped + (lost.dropped ?? 0) + 1;
      this.#unread[0] = { ...next, dropped };
    }
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
  iterate(): AsyncIterableIterator<T, undefined> {
    if (this.#isIterated) {
      throw new LiveKeypointsError(
        "invalid-option",
        "This stream is being iterated already; one iterator at a time.",
      );
    }
    this.#isIterated = true;
    let isOver = false;
    const over = (): IteratorResult<T, undefined> => {
      if (!isOver) this.#isIterated = false;
      isOver = true;
      return { done: true, value: undefined };
    };
    return {
      next: () => {
        if (isOver) return Promise.resolve(over());
        const value = this.#unread.shift();
        if (value) return Promise.resolve({ done: false, value });
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
