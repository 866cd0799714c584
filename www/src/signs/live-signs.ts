/** The signs of a stream, for its users. Pages without signs do not load this. */

import type { Keypoints, Sign } from "../generated/results.js";
import { invalid } from "../option-checks.js";
import { ResultQueue } from "../result-queue.js";
import type { SignsEvents, SignsHost } from "./host.js";

/** Signs that wait to be read. */
const MOST_UNREAD = 50;

/**
 * The signs of a stream: iterate over them, or teach more. A slow iterator misses the oldest signs. Calls reject with the
 * error codes of signs, with `worker-died` if the worker ends meanwhile, or with `closed`.
 */
export class LiveSigns implements AsyncIterable<Sign> {
  readonly #host: SignsHost | undefined;
  readonly #unread = new ResultQueue<Sign>(MOST_UNREAD);

  /** @internal Without a host, a relay recognises the signs. */
  constructor(host?: SignsHost) {
    this.#host = host;
  }

  /** Number of frames that were skipped because the recogniser's worker was too far behind. */
  get leftOut(): number {
    return this.#host?.leftOut ?? 0;
  }

  /**
   * Teaches a sign by one example: these results, or this number of newest frames, or by default the whole current window.
   * Three examples of each sign are enough to begin with.
   */
  async teach(
    label: Sign["label"],
    frames?: readonly Keypoints[] | number,
  ): Promise<void> {
    await this.#call("teach", label, frames);
    await this.#host!.keepExamples();
  }

  /** Forgets all examples of a sign. Resolves with their number. */
  async forget(label: Sign["label"]): Promise<number> {
    const count = (await this.#call("forget", label)) as number;
    if (count > 0) await this.#host!.keepExamples();
    return count;
  }

  /** The known signs: those of the manifest, or those that were taught, in that order. */
  labels(): Promise<Sign["label"][]> {
    return this.#call("labels") as Promise<Sign["label"][]>;
  }

  /** All examples as JSON. */
  export(): Promise<string> {
    return this.#call("exportExamples") as Promise<string>;
  }

  /** Replaces all examples by exported ones. If it rejects, nothing changes. */
  async import(json: string): Promise<void> {
    await this.#call("importExamples", json);
    await this.#host!.keepExamples();
  }

  /** The recognised signs, in order, until the stream ends. One iterator at a time: a second one throws `invalid-option`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Sign, undefined> {
    return this.#unread.iterate();
  }

  /** @internal */
  connect(events: SignsEvents): void {
    this.#host?.connect(events);
  }

  /** @internal Keeps a sign for the iterator. */
  tell(sign: Sign): void {
    this.#unread.push(sign);
  }

  /** @internal Takes the next result of the stream. */
  push(keypoints: Keypoints): void {
    this.#host?.push(keypoints);
  }

  /** @internal */
  reset(): void {
    this.#host?.call("reset").catch(() => {}); // One that ended has forgotten everything.
  }

  /** @internal */
  close(): void {
    this.#host?.close();
    this.#unread.finish();
  }

  async #call(...[method, ...args]: Parameters<SignsHost["call"]>) {
    if (this.#host) return this.#host.call(method, ...args);
    throw invalid("a relay recognises the signs, which cannot be taught");
  }
}
