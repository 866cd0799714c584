// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.

/** What can be asked for: 33 body points, 21 of each hand, 478 or 468 of the face. */
export type Part = "pose" | "hands" | "face";

/** Which landmark models: `full` for accuracy, `lite` for about two thirds of the work. */
export type Quality = "full" | "lite";

/** How parts are found: hands and face near the body, or each by itself. */
export type Graph = "holistic" | "landmarkers";

/** Where a hand comes from. */
export type HandSource = "body" | "tracked" | "palm";

/** The side of a hand, the subject's own. */
export type Handedness = "Left" | "Right";

/**
 * Why a part that was asked for is absent: nobody was found; its place is not in the picture or hidden; or its
 * model ran and was not sure enough.
 */
export type MissingReason = "no-pose" | "out-of-view" | "low-presence";

/** A step of a frame. */
export type Step = "decode" | "pose" | "leftHand" | "rightHand" | "face" | "palm";

/** What the connection to a relay is at. */
export type ConnectionWord = "open" | "waiting" | "connecting" | "idle";

/** Every code an error can carry. */
export const ERROR_CODES = [
  "empty-frame",
  "not-a-jpeg",
  "malformed-picture",
  "unsupported-picture",
  "too-many-pixels",
  "too-many-bytes",
  "too-slow",
  "invalid-pixels",
  "model-missing",
  "model-malformed",
  "model-mismatch",
  "inference-failed",
  "signs-manifest-invalid",
  "signs-model-invalid",
  "signs-examples-invalid",
  "invalid-option",
  "busy",
  "closed",
  "aborted",
  "wasm-simd-missing",
  "asset-unreachable",
  "asset-wrong-type",
  "version-mismatch",
  "worker-failed",
  "worker-died",
  "connection-lost",
  "unsupported-frame",
  "invalid-message",
  "file-unreadable",
  "internal",
] as const;

/** The stable word that says what went wrong; branch on it, never on the text. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Every model file, without `.onnx`. */
export const MODEL_NAMES = [
  "pose_detection",
  "pose_landmark_full",
  "pose_landmark_lite",
  "hand_recrop",
  "hand_landmark_full",
  "hand_landmark_lite",
  "face_detection_short_range",
  "face_landmark",
  "face_landmarks_478",
  "face_blendshapes",
  "palm_detection_full",
] as const;

/** A model file, without `.onnx`. */
export type ModelName = (typeof MODEL_NAMES)[number];
