/**
 * The landmarkers of MediaPipe's `@mediapipe/tasks-vision` 1.1.0 with its results. To move an application, change the import
 * and await each `detect` and `detectForVideo`. Exported as `live-keypoints/tasks`.
 *
 * @module live-keypoints/tasks
 */

export {
  FaceLandmarker,
  FilesetResolver,
  HandLandmarker,
  HolisticLandmarker,
  PoseLandmarker,
} from "./tasks/landmarkers.js";
export type { ImageProcessingOptions, Landmarker } from "./tasks/landmarker.js";
export type { LandmarkerClass } from "./tasks/landmarkers.js";
export type {
  BaseOptions,
  FaceLandmarkerOptions,
  HandLandmarkerOptions,
  HolisticLandmarkerOptions,
  PoseLandmarkerOptions,
  RunningMode,
  TaskOptions,
} from "./tasks/options.js";
export {
  asFaceLandmarkerResult,
  asHandLandmarkerResult,
  asHolisticLandmarkerResult,
  asPoseLandmarkerResult,
  PoseLandmarkerResult,
} from "./tasks/results.js";
export type {
  Category,
  Classifications,
  FaceLandmarkerResult,
  HandLandmarkerResult,
  HolisticLandmarkerResult,
  Landmark,
} from "./tasks/results.js";
