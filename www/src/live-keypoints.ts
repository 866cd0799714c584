/// <reference lib="esnext.disposable" preserve="true" />

import { capture } from "./capture/capture.js";
import type { CaptureSource, SourceEnded } from "./capture/capture.js";
import { Emitter } from "./emitter.js";
import type { LiveKeypointsEvents } from "./emitter.js";
import type { Engine, EngineKind } from "./engine.js";
import { aborted, asLiveKeypointsError, LiveKeypointsError } from "./errors.js";
import { timestampOf } from "./frames.js";
import type { Frame } from "./frames.js";
import {
  ATTACH_OPTIONS,
  DETECT_OPTIONS,
  FRAME_OPTIONS,
} from "./generated/options.js";
import type {
  AttachOptions,
  ConnectOptions,
  CreateOptions,
  DetectOptions,
  FrameOptions,
} from "./generated/options.js";
import type {
  FailedFrame,
  Keypoints,
  Sign,
  Stats,
} from "./generated/results.js";
import { openPage, openRelay } from "./open.js";
import type { Opened } from "./open.js";
import { checked, invalid } from "./option-checks.js";
import { ResultQueue } from "./result-queue.js";
import type { LiveSigns } from "./signs/live-signs.js";
import { FrameTransform } from "./transform.js";
import type { KeypointsTransform } from "./transform.js";

const SIGNAL = { signal: { kind: "signal" } } as const;

interface Detection {
  resolve: (keypoints: Keypoints) => void;
  reject: (error: LiveKeypointsError) => void;
}

/**
 * Live body, hand and face keypoints of one video stream, computed in Web Workers of the page or by a relay.
 *
 * ```ts
 * const live = await LiveKeypoints.create({ workers: 4 });
 * live.attach(videoElement);
 * for await (const keypoints of live) drawKeypoints(canvas, keypoints);
 * ```
 */
export class LiveKeypoints implements AsyncIterable<Keypoints> {
  readonly #engine: Engine;
  readonly #bufferSize: number;
  readonly #emitter = new Emitter();
  readonly #results: ResultQueue<Keypoints>;
  readonly #signs: LiveSigns | undefined;
  readonly #detections = new Map<number, Detection>();
  readonly #stops = new Set<() => void>();
  readonly #transforms = new Set<FrameTransform>();
  #isClosed = false;

  private constructor({ engine, options, signs }: Opened) {
    this.#engine = engine;
    this.#bufferSize = options.bufferSize;
    this.#results = new ResultQueue(options.bufferSize);
    this.#signs = signs;
    engine.connect({
      result: (result) => this.#handle(result),
      fatal: (error) => this.#end(error),
      connection: (state) => this.#emitter.emit("connection", state),
      forgotten: () => this.#wakeTransforms(),
      sign: (sign) => this.#tell(sign),
      idle: () => this.#tell("idle"),
    });
    signs?.connect({
      told: (told) => this.#tell(told),
      failed: (error) => this.#emitter.emit("error", error),
      fatal: (error) => this.#end(error),
    });
  }

  /**
   * Downloads, compiles and loads everything. Frames can be pushed once it resolves. With option `fallback`, a relay
   * computes if the browser has no WebAssembly SIMD or cannot start workers.
   *
   * Rejects with a `LiveKeypointsError` and leaves nothing running: `invalid-option`, `wasm-simd-missing`,
   * `asset-unreachable`, `asset-wrong-type`, `model-malformed`, `model-mismatch`, `version-mismatch`, `worker-failed` or
   * `aborted`; with option `signs` also `signs-manifest-invalid`, `signs-model-invalid` or `signs-examples-invalid`.
   */
  static async create(options?: CreateOptions): Promise<LiveKeypoints> {
    return new LiveKeypoints(await openPage(options));
  }

  /**
   * The same stream, computed by the relay at `url` (`wss://host/live-signs`). Frames are sent as JPEG. A lost connection
   * is reopened, and tracking restarts then. Frames that were sent but not answered fire `error` with code
   * `connection-lost`.
   *
   * Rejects with `invalid-option`, `connection-lost`, `version-mismatch` or `aborted`; with `asset-unreachable` or
   * `asset-wrong-type` if the relay client's WebAssembly cannot be loaded; with `wasm-simd-missing` if the browser has no
   * WebAssembly, and with `worker-failed` if the page's policy forbids it.
   */
  static async connect(
    url: string | URL,
    options?: ConnectOptions,
  ): Promise<LiveKeypoints> {
    return new LiveKeypoints(await openRelay(url, options));
  }

  /** Whether the page or a relay computes the stream. */
  get engine(): EngineKind {
    return this.#engine.kind;
  }

  /** The signs of this stream: iterate over them, or teach more. Throws `invalid-option` without option `signs`. */
  get signs(): LiveSigns {
    if (this.#signs) return this.#signs;
    throw invalid("option signs must be set for signs to be recognised");
  }

  /**
   * Adds a frame to the stream and returns its index, counted from 0. Never waits: a full buffer drops its oldest frame.
   * A bad frame fires an `error` event. Throws `unsupported-frame` if the argument is not a frame, `invalid-option` if the
   * time is not finite, and `closed` after `close()`.
   */
  push(frame: Frame, options?: FrameOptions): number {
    this.#requireOpen();
    const { transfer, ...given } = checked(options, FRAME_OPTIONS);
    const timestampMs = given.timestampMs ?? timestampOf(frame);
    return coded(() => this.#engine.addFrame(frame, timestampMs, transfer));
  }

  /**
   * Keypoints of a single picture. It neither uses nor changes the stream's tracking. Rejects with the picture's error, with
   * `busy` if too many pictures wait already, with `closed`, or with `aborted` by `signal`.
   */
  async detect(frame: Frame, options?: DetectOptions): Promise<Keypoints> {
    this.#requireOpen();
    const { signal, transfer } = checked(options, DETECT_OPTIONS);
    if (signal?.aborted) throw aborted();
    const index = coded(() => this.#engine.addStill(frame, transfer));
    const abort = (): void =>
      this.#detections.get(index)?.reject(aborted(index));
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise<Keypoints>((resolve, reject) => {
        this.#detections.set(index, { resolve, reject });
        this.#engine.pump();
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Pushes every new picture of a playing `<video>`, camera track or stream until the returned function is called. With
   * `bufferSize: 1`, pictures that arrive too fast are skipped instead of delayed.
   *
   * If a stream gets another track, or a `<video>` another stream, the new one is followed. The event `source-ended` fires
   * when a track has ended, or all tracks of a stream. A stream or `<video>` stays attached, because it may get a new
   * track; a track does not.
   */
  attach(source: CaptureSource, options?: AttachOptions): () => void {
    this.#requireOpen();
    const { signal, whenHidden } = checked(options, ATTACH_OPTIONS);
    const sink = {
      frame: (frame: Frame, timestampMs?: number) =>
        void this.push(frame, { timestampMs }),
      error: (error: LiveKeypointsError) => this.#emitter.emit("error", error),
      ended: (ended: SourceEnded) => this.#emitter.emit("source-ended", ended),
    };
    let stopCapture: (() => void) | undefined;
    // The caller may keep this function for long; it must not keep the source.
    const stop = (): void => {
      this.#stops.delete(stop);
      const stopOnce = stopCapture;
      stopCapture = undefined;
      stopOnce?.();
    };
    stopCapture = capture(source, sink, { signal, whenHidden }, stop);
    if (!signal?.aborted) this.#stops.add(stop);
    return stop;
  }

  /**
   * Calls `listener` for every event of this kind until `off`, the returned function or `signal` ends it. Results that a
   * listener has received are not kept for a later iterator.
   */
  on<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: (value: LiveKeypointsEvents[K]) => void,
    options?: { signal?: AbortSignal | undefined },
  ): () => void {
    this.#requireOpen();
    const { signal } = checked(options, SIGNAL);
    return this.#emitter.on(event, listener, signal);
  }

  /** Removes a listener. */
  off<K extends keyof LiveKeypointsEvents>(
    event: K,
    listener: (value: LiveKeypointsEvents[K]) => void,
  ): void {
    this.#emitter.off(event, listener);
  }

  /**
   * Results in frame order, without failed frames (see the `error` event). It ends at `close()`, and rejects only if the
   * stream cannot continue. There is one iterator at a time: a second one throws `invalid-option`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Keypoints, undefined> {
    this.#requireOpen();
    return this.#results.iterate();
  }

  /**
   * A pair of streams for `frames.pipeThrough(live.transform())`. Frames are anything that `push` takes, or
   * `{ frame, timestampMs, transfer }`. It takes them no faster than they are computed and read, so none is dropped.
   * Failed frames are left out (see the `error` event). Closing or aborting the pair leaves this stream open.
   */
  transform(): KeypointsTransform {
    this.#requireOpen();
    const transform: FrameTransform = new FrameTransform({
      push: (frame, options) => this.push(frame, options),
      counts: () => this.#engine.stats(),
      capacity: this.#bufferSize,
      left: () => {
        for (const off of offs) off();
        this.#transforms.delete(transform);
      },
    });
    const offs = [
      this.on("keypoints", (keypoints) => transform.take(keypoints)),
      this.on("error", ({ index }) => {
        if (index !== undefined) transform.failed(index);
      }),
    ];
    this.#transforms.add(transform);
    return transform;
  }

  /** Counters of frames, and the state of workers or connection. */
  stats(): Stats {
    this.#requireOpen();
    const stats = this.#engine.stats();
    const thrownAway = this.#results.dropped;
    return {
      ...stats,
      completed: stats.completed - thrownAway,
      dropped: stats.dropped + thrownAway,
      unread: this.#results.unread,
    };
  }

  /** Drops all waiting frames and restarts tracking with the next frame. Indices continue. */
  reset(): void {
    this.#requireOpen();
    coded(() => this.#engine.reset());
    this.#signs?.reset();
    this.#wakeTransforms();
  }

  /** Ends the workers and frees everything. Iterators end, and `detect` calls reject with `closed`. May be called again. */
  async close(): Promise<void> {
    this.#end(undefined);
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle(result: Keypoints | FailedFrame): void {
    const detection = this.#detections.get(result.index);
    this.#detections.delete(result.index);
    if ("code" in result) {
      const { code, index, message } = result;
      const error = new LiveKeypointsError(code, message, { index });
      if (detection) detection.reject(error);
      else this.#emitter.emit("error", error);
      return;
    }
    if (detection) return detection.resolve(result);
    this.#signs?.push(result);
    if (this.#results.isIterated || !this.#emitter.has("keypoints"))
      this.#results.push(result);
    this.#emitter.emit("keypoints", result);
  }

  #tell(told: Sign | "idle"): void {
    if (told === "idle") return this.#emitter.emit("idle", undefined);
    this.#signs?.tell(told);
    this.#emitter.emit("sign", told);
  }

  #wakeTransforms(): void {
    for (const transform of this.#transforms) transform.changed();
  }

  /** Without an error, the caller closes; with one, the stream cannot go on. */
  #end(error: LiveKeypointsError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of [...this.#stops]) stop();
    this.#signs?.close();
    this.#engine.close();
    this.#results.finish(error);
    const reason = error ?? closed();
    for (const transform of [...this.#transforms]) transform.end(reason);
    for (const detection of this.#detections.values()) detection.reject(reason);
    this.#detections.clear();
    if (error) this.#emitter.emit("error", error);
    this.#emitter.clear();
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
