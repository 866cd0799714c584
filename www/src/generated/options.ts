// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.

import type { Checks } from "../option-checks.js";
import type { Part, Quality } from "./words.js";

/** How a lost connection is opened again. */
export interface ReconnectOptions {
  /** Longest wait before the first attempt, milliseconds. Default 500. */
  firstMs?: number | undefined;
  /**
   * Longest wait between attempts, milliseconds, `firstMs` at least. Default: 15,000, or `firstMs` where that is
   * more.
   */
  mostMs?: number | undefined;
  /** Attempts without an answer in between, after which the stream ends with `connection-lost`. Default: no limit. */
  maxAttempts?: number | undefined;
}

/** What each of `ReconnectOptions` may be. */
export const RECONNECT_OPTIONS = {
  firstMs: { kind: "whole", least: 1, most: 2147483647, default: 500 },
  mostMs: { kind: "whole", least: 1, most: 2147483647 },
  maxAttempts: { kind: "whole", least: 0, most: 2147483647, orInfinity: true },
} as const satisfies Checks<ReconnectOptions>;

/** What `LiveKeypoints.create` may be told of how frames are computed. Everything is optional. */
export interface StreamOptions {
  /** Web Workers that the stream is spread over, 1 to 4; results do not depend on it. Default 4. */
  workers?: number | undefined;
  /** The parts to report, at least one. The pose runs in any case, as hands and face hang on it. Default: all. */
  parts?: readonly Part[] | undefined;
  /** Landmark models of body and hands. Default `full`. */
  quality?: Quality | undefined;
  /**
   * Frames that wait for their turn before the oldest is dropped, and results that wait to be read; 1 for the newest
   * only. Default 50.
   */
  bufferSize?: number | undefined;
  /** Temporal smoothing of the pose. Default true. */
  smoothing?: boolean | undefined;
  /** Temporal smoothing of the hands, which MediaPipe does not have. Tracking stays as it is. Default false. */
  handSmoothing?: boolean | undefined;
  /** Temporal smoothing of the face, likewise. Default false. */
  faceSmoothing?: boolean | undefined;
  /** x becomes 1 − x in results, for a picture that is shown mirrored. Sides stay the subject's own. Default false. */
  mirrored?: boolean | undefined;
  /** Hands in metres as well: `leftHandWorld` and `rightHandWorld` of results. Default false. */
  handWorld?: boolean | undefined;
  /** Frames that may be in work at once, 1 to 16. Default 3. */
  maxFramesInFlight?: number | undefined;
  /** Least score of a detected person, 0 to 1. Default 0.5. */
  minPoseDetectionConfidence?: number | undefined;
  /** A pose counts while its presence is above this, 0 to 1. Default 0.5. */
  minPosePresenceConfidence?: number | undefined;
  /** A hand counts while its presence is above this, 0 to 1. Default 0.5. */
  minHandLandmarksConfidence?: number | undefined;
  /** Least score of a detected face, 0 to 1. Default 0.5. */
  minFaceDetectionConfidence?: number | undefined;
  /** A face counts while its presence is above this, 0 to 1. Default 0.5. */
  minFacePresenceConfidence?: number | undefined;
  /**
   * `fast` decodes a JPEG at half, a quarter or an eighth of its size where that leaves 960 pixels or more on the longer
   * side. Results say the size of the whole picture. On the test clip enlarged to 1920 × 1440, points moved in the mean
   * by 0.04 % of the width (face), 0.14 % (hand) and 1 % (pose), as much as when the picture itself is given at half its
   * size. Default `exact`.
   */
  decode?: "exact" | "fast" | undefined;
  /** Most pixels (width times height) of a frame; larger ones fail with `too-many-pixels`. Default 16,777,216. */
  maxPixels?: number | undefined;
  /**
   * Whether the package's own models are kept in the browser's Cache Storage, checked by their SHA-256, so that
   * the page asks for them once. Only on secure pages (https, localhost). Default true.
   */
  cache?: boolean | undefined;
  /** A worker that is silent on one step for longer than this many milliseconds is replaced. Default 10,000. */
  workerTimeoutMs?: number | undefined;
}

/** What each of `StreamOptions` may be. */
export const STREAM_OPTIONS = {
  workers: { kind: "whole", least: 1, most: 4, default: 4 },
  parts: { kind: "words", words: ["pose", "hands", "face"], default: ["pose", "hands", "face"] },
  quality: { kind: "word", words: ["full", "lite"], default: "full" },
  bufferSize: { kind: "whole", least: 1, most: 2147483647, default: 50 },
  smoothing: { kind: "boolean", default: true },
  handSmoothing: { kind: "boolean", default: false },
  faceSmoothing: { kind: "boolean", default: false },
  mirrored: { kind: "boolean", default: false },
  handWorld: { kind: "boolean", default: false },
  maxFramesInFlight: { kind: "whole", least: 1, most: 16, default: 3 },
  minPoseDetectionConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minPosePresenceConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minHandLandmarksConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minFaceDetectionConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minFacePresenceConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  decode: { kind: "word", words: ["exact", "fast"], default: "exact" },
  maxPixels: { kind: "whole", least: 1, most: 2147483647, default: 16777216 },
  cache: { kind: "boolean", default: true },
  workerTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
} as const satisfies Checks<StreamOptions>;

/** What `LiveKeypoints.connect` may be told of how frames are sent and computed. Everything is optional. */
export interface RelayOptions {
  /** The parts to report, at least one. Default: all. */
  parts?: readonly Part[] | undefined;
  /** Landmark models of body and hands. Default: the relay's. */
  quality?: Quality | undefined;
  /** Frames that wait to be sent before the oldest is dropped, and results that wait to be read. Default 50. */
  bufferSize?: number | undefined;
  /** Temporal smoothing of the pose. Default: as the relay does, which is true. */
  smoothing?: boolean | undefined;
  /** Temporal smoothing of the hands. Default: as the relay does, which is false. */
  handSmoothing?: boolean | undefined;
  /** Temporal smoothing of the face. Default: as the relay does, which is false. */
  faceSmoothing?: boolean | undefined;
  /** x becomes 1 − x in results, for a picture that is shown mirrored. Sides stay the subject's own. Default: false. */
  mirrored?: boolean | undefined;
  /** Hands in metres as well: `leftHandWorld` and `rightHandWorld` of results. Default false. */
  handWorld?: boolean | undefined;
  /**
   * How results travel. `binary` takes about a third of the bytes and leaves scores, reasons of missing parts and
   * the times of the steps out; `json` has all of it. Default `binary`.
   */
  format?: "binary" | "json" | undefined;
  /** Frames that may be sent before the first of them is answered, 1 to 64. Default 4. */
  maxFramesInFlight?: number | undefined;
  /** Of the JPEGs that are made of frames that are none, above 0 to 1. Default 0.85. */
  jpegQuality?: number | undefined;
  /** Most pixels (width times height) of a frame that is encoded here. Default 16,777,216. */
  maxPixels?: number | undefined;
  /** What the relay asks for as its bearer token. Sent as a subprotocol; it never shows in an address. */
  token?: string | undefined;
  /** Milliseconds for a connection to be ready. Default 10,000. */
  connectTimeoutMs?: number | undefined;
  /** A relay that owes answers and is silent for longer than this many milliseconds is given up. Default 10,000. */
  answerTimeoutMs?: number | undefined;
  /**
   * How soon a lost connection is opened again, or that it is not. Default: after half a second, doubled up to 15
   * seconds, for ever.
   */
  reconnect?: false | ReconnectOptions | undefined;
}

/** What each of `RelayOptions` may be. */
export const RELAY_OPTIONS = {
  parts: { kind: "words", words: ["pose", "hands", "face"], default: ["pose", "hands", "face"] },
  quality: { kind: "word", words: ["full", "lite"] },
  bufferSize: { kind: "whole", least: 1, most: 2147483647, default: 50 },
  smoothing: { kind: "boolean" },
  handSmoothing: { kind: "boolean" },
  faceSmoothing: { kind: "boolean" },
  mirrored: { kind: "boolean" },
  handWorld: { kind: "boolean", default: false },
  format: { kind: "word", words: ["binary", "json"], default: "binary" },
  maxFramesInFlight: { kind: "whole", least: 1, most: 64, default: 4 },
  jpegQuality: { kind: "number", above: 0, most: 1, default: 0.85 },
  maxPixels: { kind: "whole", least: 1, most: 2147483647, default: 16777216 },
  token: { kind: "secret" },
  connectTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
  answerTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
  reconnect: { kind: "nested", options: RECONNECT_OPTIONS, orFalse: true },
} as const satisfies Checks<RelayOptions>;
