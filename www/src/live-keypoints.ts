/// <reference lib="esnext.disposable" preserve="true" />

import { capture } from "./capture.js";
import type { CaptureSource } from "./capture.js";
import { Emitter } from "./emitter.js";
import type { LiveKeypointsEvents } from "./emitter.js";
import {
  asLiveKeypointsError,
  isErrorCode,
  LiveKeypointsError,
} from "./errors.js";
import { FrameIntake, timestampOf } from "./frames.js";
import type { Frame, FrameOptions } from "./frames.js";
import { toKeypoints } from "./keypoints.js";
import type { Keypoints } from "./keypoints.js";
import { checkOptions } from "./options.js";
import type { CheckedOptions, CreateOptions } from "./options.js";
import { ResultQueue } from "./result-queue.js";
import { Scheduler } from "./scheduler.js";
import { start } from "./start.js";
import type { Started } from "./start.js";
import type { Step } from "./steps.js";
import type { SessionResult, SessionStats } from "./bindings.js";

/** How a single picture is given to `detect`. */
export interface DetectOptions extends Pick<FrameOptions, "transfer"> {
  /** Gives the answer up. */
  signal?: AbortSignal | undefined;
}

/** Counters since `create()`. Frames received = dropped + completed + failed + buffered + inFlight. */
export interface Stats extends SessionStats {
  /** One entry a worker; there may be fewer than asked for where the parts give them nothing to do. */
  readonly workers: readonly WorkerStats[];
}

/** What one worker does. */
export interface WorkerStats {
  /** The steps it serves. */
  readonly steps: readonly Step[];
  /** Milliseconds spent on steps so far. */
  readonly busyMs: number;
  /** Times it died and was replaced. */
  readonly replaced: number;
}

interface Detection {
  resolve: (keypoints: Keypoints) => void;
  reject: (error: LiveKeypointsError) => void;
}

/**
 * Live body, hand and face keypoints of one video stream, computed in Web Workers of this page.
 *
 * ```ts
 * const live = await LiveKeypoints.create({ workers: 4 });
 * live.attach(videoElement);
 * for await (const keypoints of live) drawKeypoints(canvas, keypoints);
 * ```
 */
export class LiveKeypoints implements AsyncIterable<Keypoints> {
  readonly #options: CheckedOptions;
  readonly #started: Started;
  readonly #scheduler: Scheduler;
  readonly #intake = new FrameIntake();
  readonly #emitter = new Emitter();
  readonly #results: ResultQueue;
  readonly #detections = new Map<number, Detection>();
  readonly #stops = new Set<() => void>();
  #isClosed = false;

  private constructor(options: CheckedOptions, started: Started) {
    this.#options = options;
    this.#started = started;
    this.#results = new ResultQueue(options.bufferSize);
    const { session, pool } = started;
    this.#scheduler = new Scheduler(session, pool.slots, this.#intake, {
      result: (result) => this.#handle(result),
      fatal: (error) => this.#end(error),
    });
    pool.connect({
      ready: () => this.#scheduler.pump(),
      answered: (slot, answer) => this.#scheduler.answered(slot, answer),
      died: (slot, error) => this.#scheduler.died(slot, error),
      lost: (_slot, error) => this.#end(error),
    });
  }

  /**
   * Downloads, compiles and loads everything; after that, frames can be pushed. Rejects with a `LiveKeypointsError`:
   * `invalid-option`, `wasm-simd-missing`, `asset-unreachable`, `asset-wrong-type`, `model-malformed`,
   * `model-mismatch`, `version-mismatch`, `worker-failed` or `aborted`. Nothing is left behind then.
   */
  static async create(options: CreateOptions = {}): Promise<LiveKeypoints> {
    const checked = checkOptions(options);
    const started = await start(checked, options);
    return new LiveKeypoints(checked, started);
  }

  /**
   * Adds a frame to the stream and returns its index, counted from 0. Never waits: where the buffer is full, the oldest
   * waiting frame is dropped. A bad frame is told by an `error` event. Throws `unsupported-frame` for what is no frame,
   * `invalid-option` for a time that is not finite, `closed` after `close()`.
   */
  push(frame: Frame, options: FrameOptions = {}): number {
    this.#requireOpen();
    const timestampMs = options.timestampMs ?? timestampOf(frame);
    if (!Number.isFinite(timestampMs)) {
      throw new LiveKeypointsError(
        "invalid-option",
        `option timestampMs must be a finite number, not ${timestampMs}`,
      );
    }
    return coded(() =>
      this.#scheduler.addFrame(
        this.#intake.prepare(frame, options.transfer),
        timestampMs,
      ),
    );
  }

  /**
   * Keypoints of a single picture, stateless: it neither uses nor changes the tracking of the stream. Rejects with the
   * picture's error, `busy` where too many wait already, `closed`, or `aborted` by `signal`.
   */
  async detect(frame: Frame, options: DetectOptions = {}): Promise<Keypoints> {
    this.#requireOpen();
    const { signal } = options;
    if (signal?.aborted)
      throw new LiveKeypointsError(
        "aborted",
        "Aborted by the caller's signal.",
      );
    const index = coded(() =>
      this.#scheduler.addStill(() =>
        this.#intake.prepare(frame, options.transfer),
      ),
    );
    const abort = (): void =>
      this.#detections.get(index)?.reject(
        new LiveKeypointsError("aborted", "Aborted by the caller's signal.", {
          index,
        }),
      );
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise<Keypoints>((resolve, reject) => {
        this.#detections.set(index, { resolve, reject });
        this.#scheduler.pump();
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Pushes every new picture of a playing `<video>`, camera track or stream until the returned function is called. With
   * `bufferSize: 1`, what comes faster than it is computed is skipped rather than delayed.
   */
  attach(source: CaptureSource): () => void {
    this.#requireOpen();
    const stopCapture = capture(
      source,
      (video, timestampMs) => this.push(video, { timestampMs }),
      (error) => this.#emitter.emit("error", error),
    );
    const stop = (): void => {
      if (this.#stops.delete(stop)) stopCapture();
    };
    this.#stops.add(stop);
    return stop;
  }

  /**
   * Calls `listener` for every event of a kind, until `off` or the returned function. While nobody iterates, results
   * that a listener got are not kept.
   */
  on<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: (value: LiveKeypointsEvents[K]) => void,
  ): () => void {
    this.#requireOpen();
    this.#emitter.on(event, listener);
    return () => this.#emitter.off(event, listener);
  }

  /** Takes `on` back. */
  off<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: (value: LiveKeypointsEvents[K]) => void,
  ): void {
    this.#emitter.off(event, listener);
  }

  /**
   * Results in frame order. One iterator at a time: a second one throws `invalid-option`. Frames that fail are left out
   * (see the `error` event); it ends at `close()`, and rejects only where the stream cannot go on.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Keypoints, undefined> {
    this.#requireOpen();
    return this.#results.iterate();
  }

  /** Counters and worker times. */
  stats(): Stats {
    this.#requireOpen();
    const stats = this.#scheduler.stats();
    const thrownAway = this.#results.dropped;
    return {
      ...stats,
      completed: stats.completed - thrownAway,
      dropped: stats.dropped + thrownAway,
      unread: this.#results.unread,
      workers: this.#started.pool.slots.map((slot) => ({
        steps: slot.steps,
        busyMs: this.#scheduler.busyMs.get(slot) ?? 0,
        replaced: slot.replaced,
      })),
    };
  }

  /** Drops the waiting frames and starts tracking from scratch with the next one. Indices go on. */
  reset(): void {
    this.#requireOpen();
    coded(() => this.#scheduler.reset());
  }

  /** Ends the workers and frees everything. Iterators end, `detect` calls reject with `closed`. Can be called again. */
  async close(): Promise<void> {
    this.#end(undefined);
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle(result: SessionResult): void {
    const detection = this.#detections.get(result.index);
    this.#detections.delete(result.index);
    if (result.kind === "error") {
      const { index, message } = result;
      const code = isErrorCode(result.code) ? result.code : "internal";
      const error = new LiveKeypointsError(code, message, { index });
      if (detection) detection.reject(error);
      else this.#emitter.emit("error", error);
      return;
    }
    const keypoints = toKeypoints(result, this.#options.mirrored);
    if (detection) return detection.resolve(keypoints);
    if (this.#results.isIterated || !this.#emitter.has("keypoints"))
      this.#results.push(keypoints);
    this.#emitter.emit("keypoints", keypoints);
  }

  /** Without an error, the caller closes; with one, the stream cannot go on. */
  #end(error: LiveKeypointsError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#started.pool.close();
    this.#scheduler.close();
    this.#results.finish(error);
    const reason = error ?? closed();
    for (const detection of this.#detections.values()) detection.reject(reason);
    this.#detections.clear();
    if (error) this.#emitter.emit("error", error);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

/** Errors that come from WebAssembly become this package's own. */
function coded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asLiveKeypointsError(error, "internal");
  }
}

function closed(): LiveKeypointsError {
  return new LiveKeypointsError("closed", "This LiveKeypoints is closed.");
}
