/**
 * Recordings as `.pose` files, the format of sign-language-processing/pose (PyPI `pose-format`), byte for byte as the
 * relay's `extract --format pose` writes them. Exported as `live-keypoints/pose`; importing it does nothing.
 */

import type { PoseFile } from "./bindings.js";
import { aborted, asLiveKeypointsError } from "./errors.js";
import { POSE_RECORDER_OPTIONS } from "./generated/options.js";
import type { PoseRecorderOptions } from "./generated/options.js";
import type { Keypoints } from "./generated/results.js";
import { checked } from "./option-checks.js";
import { loadSession } from "./session-module.js";

export type { PoseRecorderOptions };

/**
 * Bytes of one frame in the file: 586 points of x, y and z plus 586 confidences, each of 32 bits. With `face: 468` there
 * are ten points fewer.
 */
export const POSE_BYTES_PER_FRAME = 586 * 4 * 4;
/**
 * Records results as a `.pose` file.
 *
 * ```ts
 * const recorder = await PoseRecorder.create();
 * const off = live.on("keypoints", (keypoints) => recorder.add(keypoints));
 * // later
 * off();
 * link.href = URL.createObjectURL(recorder.toBlob());
 * ```
 *
 * The file has one person with five components: `POSE_LANDMARKS` (33 points), `FACE_LANDMARKS` (478, or 468 with
 * `face: 468`), `LEFT_HAND_LANDMARKS` and `RIGHT_HAND_LANDMARKS` (21 each), and `POSE_WORLD_LANDMARKS` (33). Each point is
 * x, y, z and a confidence. x and y are in pixels of the first picture, whose width and height (at most 65,535) are the
 * file's. A part that was not found is all zeros.
 *
 * A frame takes 9,376 bytes. The recorder passes them to the browser as Blobs of a megabyte, so a recording of any length
 * keeps two megabytes of the page's memory, and `toBlob` copies no more than those.
 */
export class PoseRecorder {
  readonly #file: PoseFile;

  private constructor(file: PoseFile) {
    this.#file = file;
  }

  /**
   * Loads the session module, unless the page has it already. Rejects with `invalid-option`, `asset-unreachable`,
   * `asset-wrong-type`, `version-mismatch` or `aborted`.
   */
  static async create(given?: PoseRecorderOptions): Promise<PoseRecorder> {
    const options = checked(given, POSE_RECORDER_OPTIONS);
    if (options.signal?.aborted) throw aborted();
    try {
      const { PoseFile } = await loadSession(options.assets, options.signal);
      const { fps, maxFrames, face } = options;
      return new PoseRecorder(new PoseFile(fps, maxFrames, face));
    } catch (error) {
      throw asLiveKeypointsError(error, "internal");
    }
  }

  /** Number of frames so far. */
  get frames(): number {
    return this.#file.frames;
  }

  /**
   * Adds a frame; `null` stands for a failed one, which is all zeros. Adds nothing and throws `too-many-bytes` after
   * `maxFrames`, `too-many-pixels` if a side of the first picture is over 65,535, and `invalid-option` if the argument is
   * not a result.
   */
  add(keypoints: Keypoints | null): void {
    try {
      this.#file.add(keypoints);
    } catch (error) {
      throw asLiveKeypointsError(error, "invalid-option");
    }
  }

  /** The file with all frames so far. You may add more frames and call it again. */
  toBlob(): Blob {
    return this.#file.toBlob();
  }
}
