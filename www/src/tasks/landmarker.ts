/** What MediaPipe's landmarkers have in common: single pictures and frames of a video in, a promise for each out. */

import { LiveKeypointsError } from "../errors.js";
import type { Frame } from "../frames.js";
import { CREATE_OPTIONS } from "../generated/options.js";
import type { Keypoints } from "../generated/results.js";
import type { LiveKeypoints } from "../live-keypoints.js";
import { checked, invalidOption } from "../option-checks.js";
import type { Checks } from "../option-checks.js";
import { MODE, only } from "./options.js";
import type { RunningMode, TaskOptions } from "./options.js";

/** How a picture is looked at. */
export interface ImageProcessingOptions {
  /** Refused: the whole picture is looked at. */
  regionOfInterest?: undefined;
  /** Pictures are not turned, but for the orientation in a JPEG and the rotation of a `VideoFrame`. */
  rotationDegrees?: 0 | undefined;
}

const IMAGE_OPTIONS = {
  regionOfInterest: only(undefined, "the whole picture is looked at"),
  rotationDegrees: only(0, "pictures are not turned"),
} as const satisfies Checks<ImageProcessingOptions>;

const MOST_BUFFERED = CREATE_OPTIONS.bufferSize.default;

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: LiveKeypointsError) => void;
}

/**
 * What the four have in common. They compute in workers and not on the page's thread, so results are promised; close one
 * with `close()`, or its workers stay.
 */
export abstract class Landmarker<Result> {
  readonly #live: LiveKeypoints;
  readonly #resultOf: (keypoints: Keypoints) => Result;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #runningMode: RunningMode;

  /** @internal */
  constructor(
    live: LiveKeypoints,
    runningMode: RunningMode,
    resultOf: (keypoints: Keypoints) => Result,
  ) {
    this.#live = live;
    this.#runningMode = runningMode;
    this.#resultOf = resultOf;
    live.on("keypoints", (keypoints) =>
      this.#settle(keypoints.index, ({ resolve }) =>
        resolve(resultOf(keypoints)),
      ),
    );
    live.on("error", (error) =>
      this.#settle(error.index, ({ reject }) => reject(error)),
    );
  }

  /** Landmarks of a single picture, in running mode `IMAGE`. Rejects as `LiveKeypoints.detect` does. */
  async detect(
    image: Frame,
    options?: ImageProcessingOptions,
  ): Promise<Result> {
    this.#require("IMAGE", options);
    return this.#resultOf(await this.#live.detect(image, { transfer: false }));
  }

  /**
   * Landmarks of a video's next frame, in running mode `VIDEO`; `videoFrame` stays the caller's. A time that does not rise,
   * where tasks-vision throws, is as for `LiveKeypoints.push`: a step back restarts smoothing, a frame of the same time is
   * not smoothed. Of frames that come faster than they are computed, 50 wait; the oldest is rejected with `busy` then.
   */
  async detectForVideo(
    videoFrame: Frame,
    timestampMs: number,
    options?: ImageProcessingOptions,
  ): Promise<Result> {
    this.#require("VIDEO", options);
    const index = this.#live.push(videoFrame, { timestampMs, transfer: false });
    const result = new Promise<Result>((resolve, reject) =>
      this.#waiting.set(index, { resolve, reject }),
    );
    if (this.#waiting.size > MOST_BUFFERED) this.#rejectDropped();
    return result;
  }

  /** Changes the running mode. For other options, create another landmarker. */
  async setOptions(options: Pick<TaskOptions, "runningMode">): Promise<void> {
    const { runningMode } = checked(options, { runningMode: MODE });
    this.#runningMode = runningMode ?? this.#runningMode;
  }

  /** Ends the workers and frees everything; results that wait are rejected with `closed`. Can be called again. */
  async close(): Promise<void> {
    await this.#live.close();
    const closed = new LiveKeypointsError("closed", "It was closed.");
    this.#settle(undefined, ({ reject }) => reject(closed));
  }

  #require(mode: RunningMode, options?: ImageProcessingOptions): void {
    checked(options, IMAGE_OPTIONS);
    if (this.#runningMode !== mode)
      throw invalidOption("runningMode", `${mode} for this`, this.#runningMode);
  }

  /** At once, and not with the next result: nobody knows how long that takes. */
  #rejectDropped(): void {
    const { inFlight, buffered } = this.#live.stats();
    const indices = [...this.#waiting.keys()];
    for (const index of indices.slice(inFlight, indices.length - buffered)) {
      this.#waiting.get(index)!.reject(dropped(index));
      this.#waiting.delete(index);
    }
  }

  /** Results and errors come in frame order: what is older than one of them was dropped. Without an index, it is the end. */
  #settle(
    index: number | undefined,
    tell: (waiting: Waiting<Result>) => void,
  ): void {
    for (const [waitingIndex, waiting] of this.#waiting) {
      if (index !== undefined && waitingIndex > index) return;
      this.#waiting.delete(waitingIndex);
      if (index === undefined || waitingIndex === index) tell(waiting);
      else waiting.reject(dropped(waitingIndex));
    }
  }
}

function dropped(index: number): LiveKeypointsError {
  const message =
    "The frame was dropped for newer ones; await each result before the next frame.";
  return new LiveKeypointsError("busy", message, { index });
}
