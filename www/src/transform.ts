/** A stream of frames in, a stream of results out, for `pipeThrough`. */

import { LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type { FrameOptions } from "./generated/options.js";
import type { Keypoints } from "./generated/results.js";

/** A frame with the options of `push`. */
export interface FrameWithOptions extends FrameOptions {
  /** Anything that `push` takes. */
  frame: Frame;
}

/** The pair of streams for `pipeThrough`. */
export interface KeypointsTransform {
  /** Takes frames. A write waits until there is room. */
  readonly writable: WritableStream<Frame | FrameWithOptions>;
  /** Has a result for every frame that did not fail, in frame order. */
  readonly readable: ReadableStream<Keypoints>;
}

/** What a transform needs of the stream that computes. */
export interface TransformHost {
  push(frame: Frame, options: FrameOptions): number;
  /** Frames that wait, and frames that are in work. */
  counts(): { buffered: number; inFlight: number };
  /** Frames that may wait without any being dropped. */
  readonly capacity: number;
  /** The transform is over. */
  left(): void;
}

/** Frames that a transform lets wait: enough that no worker is ever without. */
const MAX_WAITING = 3;

/**
 * Passes frames to a stream no faster than it takes them, so that none is dropped, nor faster than their results are
 * read. A frame that fails is left out; the stream's `error` event tells it.
 */
export class FrameTransform implements KeypointsTransform {
  readonly writable: WritableStream<Frame | FrameWithOptions>;
  readonly readable: ReadableStream<Keypoints>;
  readonly #host: TransformHost;
  /** Own frames that have no result yet. */
  readonly #pending = new Set<number>();
  /** Both controllers come before the constructor ends. */
  #results!: ReadableStreamDefaultController<Keypoints>;
  #input!: WritableStreamDefaultController;
  #waiters: (() => void)[] = [];
  #isOver = false;

  constructor(host: TransformHost) {
    this.#host = host;
    this.readable = new ReadableStream<Keypoints>(
      {
        start: (controller) => void (this.#results = controller),
        pull: () => this.changed(),
        cancel: (reason) => this.#leave(() => this.#input.error(reason)),
      },
      { highWaterMark: host.capacity },
    );
    this.writable = new WritableStream<Frame | FrameWithOptions>({
      start: (controller) => {
        this.#input = controller;
        // `abort` below comes only after the write that may be waiting.
        controller.signal.addEventListener("abort", () => this.#abort());
      },
      write: (given) => this.#write(given),
      close: () => this.#close(),
      abort: () => this.#abort(),
    });
  }

  /** A frame, which may be another's, has its result. Results come in frame order: earlier frames were dropped. */
  take(keypoints: Keypoints): void {
    if (this.#pending.has(keypoints.index)) this.#results.enqueue(keypoints);
    for (const index of this.#pending)
      if (index <= keypoints.index) this.#pending.delete(index);
    this.changed();
  }

  /** A frame, which may be another's, has failed. */
  failed(index: number): void {
    this.#pending.delete(index);
    this.changed();
  }

  /** Looks again whether there is room. */
  changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** The stream that computes has ended. */
  end(error: LiveKeypointsError): void {
    this.#leave(() => {
      if (error.code === "closed") this.#results.close();
      else this.#results.error(error);
      this.#input.error(error);
    });
  }

  async #write(given: Frame | FrameWithOptions): Promise<void> {
    while (!this.#isOver && !this.#hasRoom()) await this.#change();
    if (this.#isOver) return;
    try {
      const isBare =
        typeof given !== "object" || given === null || !("frame" in given);
      const { frame, ...options } = isBare ? { frame: given } : given;
      this.#pending.add(this.#host.push(frame, options));
    } catch (error) {
      this.#leave(() => this.#results.error(error));
      throw error;
    }
  }

  #hasRoom(): boolean {
    const most = Math.min(this.#host.capacity, MAX_WAITING);
    const isRead = (this.#results.desiredSize ?? 0) > 0;
    return isRead && this.#host.counts().buffered < most;
  }

  /** A frame that was dropped, by `reset` or for another's, gets no result: nothing is left to wait for then. */
  async #close(): Promise<void> {
    while (!this.#isOver && this.#pending.size > 0) {
      const { buffered, inFlight } = this.#host.counts();
      if (buffered + inFlight === 0) break;
      await this.#change();
    }
    this.#leave(() => this.#results.close());
  }

  #abort(): void {
    this.#leave(() => this.#results.error(this.#input.signal.reason));
  }

  #leave(finish: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    finish();
    this.#pending.clear();
    this.changed();
    this.#host.left();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
