/**
 * Recordings as `.pose` files, the format of sign-language-processing/pose (PyPI `pose-format`), byte for byte as the
 * relay's `extract --format pose` writes them. Exported as `live-keypoints/pose`; importing it does nothing.
 */

import { checkAssets } from "./asset-checks.js";
import type { AssetsOption } from "./assets.js";
import type { PoseFileEncoder } from "./bindings.js";
import { BlobWriter } from "./blob-writer.js";
import { asLiveKeypointsError, LiveKeypointsError } from "./errors.js";
import type { Keypoints } from "./keypoints.js";
import {
  checkNames,
  checkSignal,
  invalidOption,
  wholeNumber,
} from "./option-checks.js";
import { loadSession } from "./session-module.js";

/** 33 of the body, 468 of the face, 21 of each hand, 33 of the body in the world. */
const POINTS = 33 + 468 + 21 + 21 + 33;
const BYTES_OF_POINTS = POINTS * 3 * 4;
/** What one frame takes in the file: 576 points of x, y, z and 576 confidences, all of 32 bits. */
export const POSE_BYTES_PER_FRAME = POINTS * 4 * 4;
/** An hour at 30 frames a second, about a gigabyte. */
const DEFAULT_MAX_FRAMES = 108_000;
/** The format counts frames with 32 bits. */
const MOST_FRAMES = 2 ** 32 - 1;
/** Of a file whose frames do not say how far apart they are. */
const DEFAULT_FPS = 30;

/** How a recording is made. Everything is optional. */
export interface PoseRecorderOptions {
  /** Frames a second that the file names, above 0. Default: as the capture times say, or 30 where fewer than two do. */
  fps?: number | undefined;
  /**
   * Frames after which `add` throws `too-many-bytes`, 1 to 4,294,967,295, which is the format's own limit. Default
   * 108,000: an hour at 30 frames a second, about 1 GB.
   */
  maxFrames?: number | undefined;
  /** Where the session module comes from, as for `LiveKeypoints.create`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `create()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
}

/**
 * Takes results as they come and gives them as a `.pose` file.
 *
 * ```ts
 * const recorder = await PoseRecorder.create();
 * const off = live.on("keypoints", (keypoints) => recorder.add(keypoints));
 * // later
 * off();
 * link.href = URL.createObjectURL(recorder.toBlob());
 * ```
 *
 * The file has one person with five components: `POSE_LANDMARKS` (33 points), `FACE_LANDMARKS` (468),
 * `LEFT_HAND_LANDMARKS` and `RIGHT_HAND_LANDMARKS` (21 each), `POSE_WORLD_LANDMARKS` (33); each point is x, y, z and a
 * confidence. x and y are in pixels of the first picture, whose width and height, at most 65,535, are the file's. A part
 * that is absent is all zeros. A frame takes 9,216 bytes, which are handed to the browser as Blobs of a megabyte: beside
 * them, a recording of any length holds two megabytes of the page's memory, and `toBlob` copies no more than those.
 */
export class PoseRecorder {
  readonly #encoder: PoseFileEncoder;
  readonly #fps: number | undefined;
  readonly #maxFrames: number;
  readonly #points = new BlobWriter();
  readonly #confidences = new BlobWriter();
  #frames = 0;
  /** Of the stretches of rising time before the present one. */
  #earlier = { frames: 0, ms: 0 };
  /** Number and capture time of the first frame of this stretch, and of the last frame that has one. */
  #first: { frame: number; timestampMs: number } | undefined;
  #last: { frame: number; timestampMs: number } | undefined;

  private constructor(
    encoder: PoseFileEncoder,
    options: { fps: number | undefined; maxFrames: number },
  ) {
    this.#encoder = encoder;
    this.#fps = options.fps;
    this.#maxFrames = options.maxFrames;
  }

  /**
   * Loads the session module, unless the page has it already. Rejects with `invalid-option`, `asset-unreachable`,
   * `asset-wrong-type`, `version-mismatch` or `aborted`.
   */
  static async create(given?: PoseRecorderOptions): Promise<PoseRecorder> {
    const options = checkNames(given, ["fps", "maxFrames", "assets", "signal"]);
    const { fps, assets } = options;
    if (fps !== undefined && !(fps > 0 && Number.isFinite(fps)))
      throw invalidOption("fps", "a finite number above 0", fps);
    checkAssets(assets);
    checkSignal(options.signal);
    const maxFrames = wholeNumber(
      "maxFrames",
      options.maxFrames ?? DEFAULT_MAX_FRAMES,
      1,
      MOST_FRAMES,
    );
    const signal = options.signal ?? new AbortController().signal;
    if (signal.aborted)
      throw new LiveKeypointsError(
        "aborted",
        "Aborted by the caller's signal.",
      );
    try {
      const { PoseFileEncoder } = await loadSession(assets, signal);
      return new PoseRecorder(new PoseFileEncoder(), { fps, maxFrames });
    } catch (error) {
      throw asLiveKeypointsError(error, "internal");
    }
  }

  /** Frames so far. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Adds a frame; `null` stands for one that failed, which is all zeros. Throws, and adds nothing, `too-many-bytes` after
   * `maxFrames`, `too-many-pixels` where a side of the first picture is over 65,535, `invalid-option` for what is no
   * result.
   */
  add(keypoints: Keypoints | null): void {
    if (this.#frames >= this.#maxFrames) {
      const message = `The recording is full: option maxFrames is ${this.#maxFrames}.`;
      throw new LiveKeypointsError("too-many-bytes", message);
    }
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = this.#encoder.frame(keypoints);
    } catch (error) {
      throw asLiveKeypointsError(error, "invalid-option");
    }
    this.#points.write(bytes.subarray(0, BYTES_OF_POINTS));
    this.#confidences.write(bytes.subarray(BYTES_OF_POINTS));
    if (keypoints) {
      const { timestampMs } = keypoints;
      if (this.#last && timestampMs < this.#last.timestampMs) {
        this.#earlier = this.#measured();
        this.#first = undefined;
      }
      this.#last = { frame: this.#frames, timestampMs };
      this.#first ??= this.#last;
    }
    this.#frames += 1;
  }

  /** The file of all frames so far. More can be added, and it can be called again. */
  toBlob(): Blob {
    const fps = this.#fps ?? this.#measuredFps();
    const header = this.#encoder.header(fps, this.#frames);
    const parts = [...this.#points.parts(), ...this.#confidences.parts()];
    return new Blob([header, ...parts], { type: "application/octet-stream" });
  }

  #measuredFps(): number {
    const { frames, ms } = this.#measured();
    const fps = frames / (ms / 1000);
    return fps > 0 && Number.isFinite(fps) ? fps : DEFAULT_FPS;
  }

  /** Frames from the first to the last of each stretch, and how long they took. */
  #measured(): { frames: number; ms: number } {
    const { frames, ms } = this.#earlier;
    if (!this.#first || !this.#last) return { frames, ms };
    return {
      frames: frames + this.#last.frame - this.#first.frame,
      ms: ms + this.#last.timestampMs - this.#first.timestampMs,
    };
  }
}
