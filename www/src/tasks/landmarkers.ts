/** MediaPipe's four landmarkers by their own names, each over a `LiveKeypoints` of its own. */

import type { AssetsOption } from "../assets.js";
import type { CreateOptions } from "../generated/options.js";
import type { Keypoints } from "../generated/results.js";
import { LiveKeypoints } from "../live-keypoints.js";
import { checked } from "../option-checks.js";
import type { Checks } from "../option-checks.js";
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

/** What each of the four classes is. */
export interface LandmarkerClass<Options extends TaskOptions, Result> {
  /** @internal */
  new (...internal: never): Landmarker<Result>;
  /** Loads everything. Rejects as `LiveKeypoints.create` does, and with `invalid-option` for what cannot be honoured. */
  createFromOptions(
    fileset: AssetsOption,
    options: Options,
  ): Promise<Landmarker<Result>>;
}

/** A face's 478 points, irises among them, and its expressions. */
export class FaceLandmarker
  extends /* @__PURE__ */ landmarker<
    FaceLandmarkerOptions,
    FaceLandmarkerResult
  >(
    FACE_OPTIONS,
    { graph: "landmarkers", parts: ["face"], face: 478 },
    asFaceLandmarkerResult,
  ) {}

/** Hands, in the picture and in metres, without a body. */
export class HandLandmarker
  extends /* @__PURE__ */ landmarker<
    HandLandmarkerOptions,
    HandLandmarkerResult
  >(
    HAND_OPTIONS,
    { graph: "landmarkers", parts: ["hands"] },
    asHandLandmarkerResult,
  ) {}

/** A body's 33 points, in the picture and in metres. */
export class PoseLandmarker
  extends /* @__PURE__ */ landmarker<
    PoseLandmarkerOptions,
    PoseLandmarkerResult
  >(
    POSE_OPTIONS,
    { graph: "landmarkers", parts: ["pose"] },
    asPoseLandmarkerResult,
  ) {}

/** A body with its hands and its face of 478 points. */
export class HolisticLandmarker
  extends /* @__PURE__ */ landmarker<
    HolisticLandmarkerOptions,
    HolisticLandmarkerResult
  >(
    HOLISTIC_OPTIONS,
    { face: 478, handWorld: true },
    asHolisticLandmarkerResult,
  ) {}

/** A class by the options that it takes, what it asks a stream for, and the shape of its results. */
function landmarker<Options extends TaskOptions, Result>(
  checks: Checks<Options>,
  asked: CreateOptions,
  resultOf: (keypoints: Keypoints) => Result,
): LandmarkerClass<Options, Result> {
  return class extends Landmarker<Result> {
    static async createFromOptions(
      fileset: AssetsOption,
      given: Options,
    ): Promise<Landmarker<Result>> {
      const options = checked(given, checks);
      const live = await LiveKeypoints.create({
        ...{ assets: fileset, ...streamOptions(options) },
        ...asked,
      });
      return new this(live, options.runningMode!, resultOf);
    }
  };
}
