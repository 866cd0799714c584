/**
 * Options of tasks-vision 1.1.0, as far as they can be honoured; one that cannot is refused by name. They are declared here and
 * not in Rust, as their names and defaults are not this package's but tasks-vision's.
 */

import { CREATE_OPTIONS } from "../generated/options.js";
import type { CreateOptions } from "../generated/options.js";
import type { Check, Checks } from "../option-checks.js";

/** Whether single pictures are given, or frames of one video. */
export type RunningMode = "IMAGE" | "VIDEO";

/** What runs where. */
export interface BaseOptions {
  /** Everything is computed on the processor. */
  delegate?: "CPU" | undefined;
  /** Refused: the package's own models run. Files of your own go into `assets.models`. */
  modelAssetPath?: undefined;
  /** Refused, likewise. */
  modelAssetBuffer?: undefined;
}

/** What all four take: tasks-vision's own options, and this package's for how it is computed. */
export interface TaskOptions extends Pick<
  CreateOptions,
  "workers" | "workerUrl" | "createWorker" | "signal" | "onProgress"
> {
  /** What runs where. */
  baseOptions?: BaseOptions | undefined;
  /** Refused: no WebGL context is made. */
  canvas?: undefined;
  /** `IMAGE` for `detect`, `VIDEO` for `detectForVideo`. Default `IMAGE`. */
  runningMode?: RunningMode | undefined;
}

/** Options of FaceLandmarker. */
export interface FaceLandmarkerOptions
  extends
    TaskOptions,
    Pick<
      CreateOptions,
      "minFaceDetectionConfidence" | "minFacePresenceConfidence"
    > {
  /** Only one face is looked for. */
  numFaces?: 1 | undefined;
  /** Without effect where one face is looked for, as in tasks-vision. */
  minTrackingConfidence?: number | undefined;
  /** Whether to tell how strong 52 expressions are. Default false. */
  outputFaceBlendshapes?: boolean | undefined;
  /** There are no transformation matrixes. */
  outputFacialTransformationMatrixes?: false | undefined;
}

/** Options of HandLandmarker. */
export interface HandLandmarkerOptions
  extends TaskOptions, Pick<CreateOptions, "quality"> {
  /** Hands to look for, 1 to 4. Default 1. */
  numHands?: number | undefined;
  /** Least score of a detected palm, 0 to 1. Default 0.5. */
  minHandDetectionConfidence?: number | undefined;
  /** A hand counts while its presence is above this, 0 to 1. Default 0.5. */
  minHandPresenceConfidence?: number | undefined;
  /** How far a detected hand may cover a tracked one; tasks-vision's default alone. */
  minTrackingConfidence?: 0.5 | undefined;
}

/** Options of PoseLandmarker. */
export interface PoseLandmarkerOptions
  extends
    TaskOptions,
    Pick<
      CreateOptions,
      "quality" | "minPoseDetectionConfidence" | "minPosePresenceConfidence"
    > {
  /** Only one body is looked for. */
  numPoses?: 1 | undefined;
  /** Without effect where one body is looked for, as in tasks-vision. */
  minTrackingConfidence?: number | undefined;
  /** There are no masks. */
  outputSegmentationMasks?: false | undefined;
}

/** Options of HolisticLandmarker. */
export interface HolisticLandmarkerOptions
  extends
    TaskOptions,
    Pick<
      CreateOptions,
      | "quality"
      | "minPoseDetectionConfidence"
      | "minPosePresenceConfidence"
      | "minHandLandmarksConfidence"
      | "minFaceDetectionConfidence"
      | "minFacePresenceConfidence"
    > {
  /** Tasks-vision's default alone. */
  minPoseSuppressionThreshold?: 0.3 | undefined;
  /** Tasks-vision's default alone. */
  minFaceSuppressionThreshold?: 0.3 | undefined;
  /** Whether to tell how strong 52 expressions of the face are. Default false. */
  outputFaceBlendshapes?: boolean | undefined;
  /** There are no masks. */
  outputPoseSegmentationMasks?: false | undefined;
}

export const only = (value: unknown, because: string) =>
  ({ kind: "only", value, because }) as const satisfies Check;
const OWN_MODELS = only(undefined, "the package's own models run");
const NO_MASKS = only(false, "there are no masks");
const ONE = only(1, "one is looked for");
const DEFAULT_THRESHOLD = only(0.3, "it cannot be set");
const CONFIDENCE = { kind: "number", least: 0, most: 1 } as const;

const BASE_OPTIONS = {
  delegate: only("CPU", "everything is computed on the processor"),
  modelAssetPath: OWN_MODELS,
  modelAssetBuffer: OWN_MODELS,
} as const satisfies Checks<BaseOptions>;

export const MODE = { kind: "word", words: ["IMAGE", "VIDEO"] } as const;
const OWN = CREATE_OPTIONS;

const TASK_OPTIONS = {
  workers: OWN.workers,
  workerUrl: OWN.workerUrl,
  createWorker: OWN.createWorker,
  signal: OWN.signal,
  onProgress: OWN.onProgress,
  baseOptions: { kind: "nested", options: BASE_OPTIONS },
  canvas: only(undefined, "no WebGL context is made"),
  runningMode: { ...MODE, default: "IMAGE" },
} as const satisfies Checks<TaskOptions>;

export const FACE_OPTIONS = {
  ...TASK_OPTIONS,
  numFaces: ONE,
  minFaceDetectionConfidence: OWN.minFaceDetectionConfidence,
  minFacePresenceConfidence: OWN.minFacePresenceConfidence,
  minTrackingConfidence: CONFIDENCE,
  outputFaceBlendshapes: OWN.blendshapes,
  outputFacialTransformationMatrixes: only(false, "there are none"),
} as const satisfies Checks<FaceLandmarkerOptions>;

export const HAND_OPTIONS = {
  ...TASK_OPTIONS,
  quality: OWN.quality,
  numHands: { ...OWN.numHands, default: 1 },
  minHandDetectionConfidence: OWN.minPalmDetectionConfidence,
  minHandPresenceConfidence: OWN.minHandLandmarksConfidence,
  minTrackingConfidence: only(0.5, "it cannot be set"),
} as const satisfies Checks<HandLandmarkerOptions>;

export const POSE_OPTIONS = {
  ...TASK_OPTIONS,
  quality: OWN.quality,
  numPoses: ONE,
  minPoseDetectionConfidence: OWN.minPoseDetectionConfidence,
  minPosePresenceConfidence: OWN.minPosePresenceConfidence,
  minTrackingConfidence: CONFIDENCE,
  outputSegmentationMasks: NO_MASKS,
} as const satisfies Checks<PoseLandmarkerOptions>;

export const HOLISTIC_OPTIONS = {
  ...TASK_OPTIONS,
  quality: OWN.quality,
  minPoseDetectionConfidence: OWN.minPoseDetectionConfidence,
  minPosePresenceConfidence: OWN.minPosePresenceConfidence,
  minPoseSuppressionThreshold: DEFAULT_THRESHOLD,
  minHandLandmarksConfidence: OWN.minHandLandmarksConfidence,
  minFaceDetectionConfidence: OWN.minFaceDetectionConfidence,
  minFacePresenceConfidence: OWN.minFacePresenceConfidence,
  minFaceSuppressionThreshold: DEFAULT_THRESHOLD,
  outputFaceBlendshapes: OWN.blendshapes,
  outputPoseSegmentationMasks: NO_MASKS,
} as const satisfies Checks<HolisticLandmarkerOptions>;

/** What this package calls otherwise. */
const OWN_NAMES: Readonly<Record<string, keyof CreateOptions>> = {
  outputFaceBlendshapes: "blendshapes",
  minHandDetectionConfidence: "minPalmDetectionConfidence",
  minHandPresenceConfidence: "minHandLandmarksConfidence",
};

/** Of checked options those that `LiveKeypoints.create` takes; the others have the only value that they may have. */
export function streamOptions(options: TaskOptions): CreateOptions {
  const renamed = Object.entries(options).map(
    ([name, value]) => [OWN_NAMES[name] ?? name, value] as const,
  );
  return Object.fromEntries(renamed.filter(([name]) => name in OWN));
}
