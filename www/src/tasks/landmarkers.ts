/** MediaPipe's four landmarkers by their own names, each over a `LiveKeypoints` of its own. */

import type { AssetsOption } from "../assets.js";
import type { CreateOptions } from "../generated/options.js";
import { LiveKeypoints } from "../live-keypoints.js";
import { checked } from "../option-checks.js";
import { Landmarker } from "./landmarker.js";
import {
  FACE_OPTIONS,
  HAND_OPTIONS,
  HOLISTIC_OPTIONS,
  POSE_OPTIONS,
  streamOptions,
} from "./options.js";
import type {
  FaceLandmarkerOptions,
  HandLandmarkerOptions,
  HolisticLandmarkerOptions,
  PoseLandmarkerOptions,
  TaskOptions,
} from "./options.js";
import {
  asFaceLandmarkerResult,
  asHandLandmarkerResult,
  asHolisticLandmarkerResult,
  asPoseLandmarkerResult,
} from "./results.js";
import type {
  FaceLandmarkerResult,
  HandLandmarkerResult,
  HolisticLandmarkerResult,
  PoseLandmarkerResult,
} from "./results.js";

/** Says where the package's files lie. */
export const FilesetResolver = {
  /**
   * Gives the first argument of `createFromOptions`, which is what option `assets` of `LiveKeypoints.create` takes.
   * `path` is the folder that holds `wasm/` and `models/` as the package's `dist` does. Default: next to this module.
   */
  forVisionTasks: async (path?: string | URL): Promise<AssetsOption> =>
    path ?? {},
};

/** A face's 478 points, irises among them, and its expressions. */
export class FaceLandmarker extends Landmarker<FaceLandmarkerResult> {
  /** Loads everything. Rejects as `LiveKeypoints.create` does, and with `invalid-option` for what cannot be honoured. */
  static async createFromOptions(
    fileset: AssetsOption,
    given: FaceLandmarkerOptions,
  ): Promise<FaceLandmarker> {
    const options = checked(given, FACE_OPTIONS);
    const live = await open(fileset, options, {
      graph: "landmarkers",
      parts: ["face"],
      face: 478,
    });
    return new FaceLandmarker(
      live,
      options.runningMode,
      asFaceLandmarkerResult,
    );
  }
}

/** Hands, in the picture and in metres, without a body. */
export class HandLandmarker extends Landmarker<HandLandmarkerResult> {
  /** As `FaceLandmarker.createFromOptions`. */
  static async createFromOptions(
    fileset: AssetsOption,
    given: HandLandmarkerOptions,
  ): Promise<HandLandmarker> {
    const options = checked(given, HAND_OPTIONS);
    const live = await open(fileset, options, {
      graph: "landmarkers",
      parts: ["hands"],
    });
    return new HandLandmarker(
      live,
      options.runningMode,
      asHandLandmarkerResult,
    );
  }
}

/** A body's 33 points, in the picture and in metres. */
export class PoseLandmarker extends Landmarker<PoseLandmarkerResult> {
  /** As `FaceLandmarker.createFromOptions`. */
  static async createFromOptions(
    fileset: AssetsOption,
    given: PoseLandmarkerOptions,
  ): Promise<PoseLandmarker> {
    const options = checked(given, POSE_OPTIONS);
    const live = await open(fileset, options, {
      graph: "landmarkers",
      parts: ["pose"],
    });
    return new PoseLandmarker(
      live,
      options.runningMode,
      asPoseLandmarkerResult,
    );
  }
}

/** A body with its hands and its face of 478 points. */
export class HolisticLandmarker extends Landmarker<HolisticLandmarkerResult> {
  /** As `FaceLandmarker.createFromOptions`. */
  static async createFromOptions(
    fileset: AssetsOption,
    given: HolisticLandmarkerOptions,
  ): Promise<HolisticLandmarker> {
    const options = checked(given, HOLISTIC_OPTIONS);
    const live = await open(fileset, options, { face: 478, handWorld: true });
    return new HolisticLandmarker(
      live,
      options.runningMode,
      asHolisticLandmarkerResult,
    );
  }
}

function open(
  assets: AssetsOption,
  options: TaskOptions,
  asked: CreateOptions,
): Promise<LiveKeypoints> {
  return LiveKeypoints.create({ assets, ...streamOptions(options), ...asked });
}
