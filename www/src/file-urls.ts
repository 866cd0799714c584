// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.

import type { ModelName } from "./generated/words.js";

// Written out, so that bundlers see the files; beside this one, as in the bundled package.

/** Addresses of the package's modules. */
export const MODULE_URLS = {
  session: () => new URL("./wasm/session/session_bg.wasm", import.meta.url),
  inference: () => new URL("./wasm/inference/inference_bg.wasm", import.meta.url),
  inference_relaxed: () => new URL("./wasm/inference/inference_relaxed_bg.wasm", import.meta.url),
  relay: () => new URL("./wasm/relay/relay_bg.wasm", import.meta.url),
  signs: () => new URL("./wasm/signs/signs_bg.wasm", import.meta.url),
};

/** Address of the script by which a worker recognises signs. */
export const SIGNS_SCRIPT_URL = (): URL =>
  new URL("./wasm/signs/worker.js", import.meta.url);

/** Addresses of its model files. */
export const MODEL_URLS: Readonly<Record<ModelName, () => URL>> = {
  pose_detection: () => new URL("./models/pose_detection.onnx", import.meta.url),
  pose_landmark_full: () => new URL("./models/pose_landmark_full.onnx", import.meta.url),
  pose_landmark_lite: () => new URL("./models/pose_landmark_lite.onnx", import.meta.url),
  hand_recrop: () => new URL("./models/hand_recrop.onnx", import.meta.url),
  hand_landmark_full: () => new URL("./models/hand_landmark_full.onnx", import.meta.url),
  hand_landmark_lite: () => new URL("./models/hand_landmark_lite.onnx", import.meta.url),
  face_detection_short_range: () => new URL("./models/face_detection_short_range.onnx", import.meta.url),
  face_landmark: () => new URL("./models/face_landmark.onnx", import.meta.url),
  face_landmarks_478: () => new URL("./models/face_landmarks_478.onnx", import.meta.url),
  face_blendshapes: () => new URL("./models/face_blendshapes.onnx", import.meta.url),
  palm_detection_full: () => new URL("./models/palm_detection_full.onnx", import.meta.url),
};
