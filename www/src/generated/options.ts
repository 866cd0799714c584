// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.

import type { AssetsOption, AssetSource } from "../assets.js";
import type { LiveKeypointsError } from "../errors.js";
import type { Checks } from "../option-checks.js";
import type { SocketLike } from "../relay/socket.js";
import type { WorkerLike } from "../worker-scripts.js";
import type { Progress } from "./results.js";
import type { Graph, ModelName, Part, Quality } from "./words.js";

/** A source for each model. */
const MODEL_SOURCES = {
  pose_detection: { kind: "address" },
  pose_landmark_full: { kind: "address" },
  pose_landmark_lite: { kind: "address" },
  hand_recrop: { kind: "address" },
  hand_landmark_full: { kind: "address" },
  hand_landmark_lite: { kind: "address" },
  face_detection_short_range: { kind: "address" },
  face_landmark: { kind: "address" },
  face_landmarks_478: { kind: "address" },
  face_blendshapes: { kind: "address" },
  palm_detection_full: { kind: "address" },
} as const;

/** When a lost connection is reopened. */
export interface ReconnectOptions {
  /** Maximum wait before the first attempt, in milliseconds. Default 500. */
  firstMs?: number | undefined;
  /** Maximum wait between attempts in milliseconds, at least `firstMs`. Default: 15,000, or `firstMs` if that is more. */
  mostMs?: number | undefined;
  /** Number of attempts without an answer in between, after which the stream ends with `connection-lost`. Default: no limit. */
  maxAttempts?: number | undefined;
}

/** What each of `ReconnectOptions` may be. */
export const RECONNECT_OPTIONS = {
  firstMs: { kind: "whole", least: 1, most: 2147483647, default: 500 },
  mostMs: { kind: "whole", least: 1, most: 2147483647 },
  maxAttempts: { kind: "whole", least: 0, most: 2147483647, orInfinity: true },
} as const satisfies Checks<ReconnectOptions>;

/** The options of `LiveKeypoints.create` about computing frames. All are optional. */
export interface StreamOptions {
  /** Number of Web Workers for the stream, 1 to 4. Results do not depend on it. Default 4. */
  workers?: number | undefined;
  /**
   * How to find the parts. `holistic` looks for hands and face near the wrists and head of the pose, as MediaPipe Holistic
   * does. `landmarkers` finds each part independently, as MediaPipe's PoseLandmarker, HandLandmarker and FaceLandmarker do,
   * so that hands or a face may fill the picture. Without `pose` in `parts`, `landmarkers` is always used. Default `holistic`.
   */
  graph?: Graph | undefined;
  /** The parts to report, at least one. Only the models that they need are fetched and run. Default: all. */
  parts?: readonly Part[] | undefined;
  /** Landmark models of body and hands: `full` is more accurate, `lite` takes about two thirds of the time. Default `full`. */
  quality?: Quality | undefined;
  /**
   * Number of face points: 478 with the irises, as in MediaPipe Tasks, or 468 from a smaller model, as in the legacy
   * MediaPipe Holistic. Default 478.
   */
  face?: 468 | 478 | undefined;
  /** Whether to report 52 facial expressions. Needs `face` among `parts`, with 478 points. Default false. */
  blendshapes?: boolean | undefined;
  /** Number of hands to look for, 1 to 4. With `pose` in the graph `holistic` it must be 2, a left and a right one. Default 2. */
  numHands?: number | undefined;
  /**
   * Number of frames that may wait before the oldest is dropped, and of results that may wait to be read. 1 keeps the newest
   * only. Default 50.
   */
  bufferSize?: number | undefined;
  /** Temporal smoothing of the pose. Default true. */
  smoothing?: boolean | undefined;
  /** Temporal smoothing of the hands, which MediaPipe does not have. It does not affect tracking. Default false. */
  handSmoothing?: boolean | undefined;
  /** Temporal smoothing of the face, which `landmarkers` always has. It does not affect tracking. Default false. */
  faceSmoothing?: boolean | undefined;
  /** Whether results have 1 − x instead of x, for a picture that is shown mirrored. Sides stay the subject's own. Default false. */
  mirrored?: boolean | undefined;
  /**
   * Whether to save power in still scenes: a frame without motion is decoded but not computed, and repeats the last
   * keypoints, with `still: true`. The first few frames after a motion are still computed. If the face is smaller than about
   * a third of the picture, a blink does not count as motion. Default false.
   */
  skipStill?: boolean | undefined;
  /** Whether to report hands in metres, too: `leftHandWorld` and `rightHandWorld`. Default false. */
  handWorld?: boolean | undefined;
  /** Maximum number of frames in work, 1 to 16. Default 3. */
  maxFramesInFlight?: number | undefined;
  /** Minimum score of a detected person, 0 to 1. Default 0.5. */
  minPoseDetectionConfidence?: number | undefined;
  /** Minimum presence of a tracked pose, 0 to 1. Default 0.5. */
  minPosePresenceConfidence?: number | undefined;
  /** Minimum presence of a hand, 0 to 1. Default 0.5. */
  minHandLandmarksConfidence?: number | undefined;
  /**
   * Where the graph `holistic` with `pose` looks for hands. `body` looks near the wrists of the pose, as MediaPipe does.
   * `recover` also looks where the hand was in the frame before and, in at most every third frame, with the palm detector:
   * for hands without a body, with a hidden wrist, or behind a turned back. `handSources` says how each hand was found. Default `body`.
   */
  hands?: "body" | "recover" | undefined;
  /** Minimum score of a detected palm, 0 to 1, for hands that are found without the body. Default 0.5. */
  minPalmDetectionConfidence?: number | undefined;
  /** Minimum score of a detected face, 0 to 1. Default 0.5. */
  minFaceDetectionConfidence?: number | undefined;
  /** Minimum presence of a face, 0 to 1. Default 0.5. */
  minFacePresenceConfidence?: number | undefined;
  /**
   * `fast` decodes JPEGs at 1/2, 1/4 or 1/8 of their size if the longer side keeps at least 960 pixels. Results have the size
   * of the whole picture. On the test clip enlarged to 1920 × 1440, points moved on average by 0.04 % of the width (face),
   * 0.14 % (hand) and 1 % (pose), the same as with a picture of half the size. Default `exact`.
   */
  decode?: "exact" | "fast" | undefined;
  /** Maximum number of pixels (width times height) of a frame. Larger ones fail with `too-many-pixels`. Default 16,777,216. */
  maxPixels?: number | undefined;
  /**
   * Whether to keep the package's own models in the browser's Cache Storage, checked by SHA-256, so that they are fetched
   * once. Only on secure pages (https, localhost). Default true.
   */
  cache?: boolean | undefined;
  /** Milliseconds after which a worker that does not finish a step is replaced. Default 10,000. */
  workerTimeoutMs?: number | undefined;
}

/** What each of `StreamOptions` may be. */
export const STREAM_OPTIONS = {
  workers: { kind: "whole", least: 1, most: 4, default: 4 },
  graph: { kind: "word", words: ["holistic", "landmarkers"], default: "holistic" },
  parts: { kind: "words", words: ["pose", "hands", "face"], default: ["pose", "hands", "face"] },
  quality: { kind: "word", words: ["full", "lite"], default: "full" },
  face: { kind: "word", words: [468, 478], default: 478 },
  blendshapes: { kind: "boolean", default: false },
  numHands: { kind: "whole", least: 1, most: 4, default: 2 },
  bufferSize: { kind: "whole", least: 1, most: 2147483647, default: 50 },
  smoothing: { kind: "boolean", default: true },
  handSmoothing: { kind: "boolean", default: false },
  faceSmoothing: { kind: "boolean", default: false },
  mirrored: { kind: "boolean", default: false },
  skipStill: { kind: "boolean", default: false },
  handWorld: { kind: "boolean", default: false },
  maxFramesInFlight: { kind: "whole", least: 1, most: 16, default: 3 },
  minPoseDetectionConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minPosePresenceConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minHandLandmarksConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  hands: { kind: "word", words: ["body", "recover"], default: "body" },
  minPalmDetectionConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minFaceDetectionConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  minFacePresenceConfidence: { kind: "number", least: 0, most: 1, default: 0.5 },
  decode: { kind: "word", words: ["exact", "fast"], default: "exact" },
  maxPixels: { kind: "whole", least: 1, most: 2147483647, default: 16777216 },
  cache: { kind: "boolean", default: true },
  workerTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
} as const satisfies Checks<StreamOptions>;

/** The options of `LiveKeypoints.connect` about sending and computing frames. All are optional. */
export interface RelayOptions {
  /**
   * How to find the parts: `holistic` looks for hands and face near the body, `landmarkers` finds each part independently. Without
   * `pose` in `parts`, `landmarkers` is always used. Default `holistic`.
   */
  graph?: Graph | undefined;
  /** The parts to report, at least one. Default: all. */
  parts?: readonly Part[] | undefined;
  /** Landmark models of body and hands. Default: the relay's. */
  quality?: Quality | undefined;
  /** Number of face points: 478 with the irises, or 468. Default 478. */
  face?: 468 | 478 | undefined;
  /** Whether to report 52 facial expressions. Needs `face` among `parts`, with 478 points. Default false. */
  blendshapes?: boolean | undefined;
  /** Number of hands to look for, 1 to 4. With `pose` in the graph `holistic` it must be 2, a left and a right one. Default 2. */
  numHands?: number | undefined;
  /**
   * Where the graph `holistic` with `pose` looks for hands. `body` looks near the wrists of the pose; `recover` also looks where
   * the hand was in the frame before, and with the palm detector. `handSources` says how each hand was found. Default `body`.
   */
  hands?: "body" | "recover" | undefined;
  /** Number of frames that may wait to be sent before the oldest is dropped, and of results that may wait to be read. Default 50. */
  bufferSize?: number | undefined;
  /** Temporal smoothing of the pose. Default: as the relay does, which is true. */
  smoothing?: boolean | undefined;
  /** Temporal smoothing of the hands. Default: as the relay does, which is false. */
  handSmoothing?: boolean | undefined;
  /** Temporal smoothing of the face. Default: as the relay does, which is false. */
  faceSmoothing?: boolean | undefined;
  /** Whether results have 1 − x instead of x, for a picture that is shown mirrored. Sides stay the subject's own. Default: false. */
  mirrored?: boolean | undefined;
  /** Whether a frame without motion is not computed but repeats the last keypoints, with `still: true`. Default false. */
  skipStill?: boolean | undefined;
  /**
   * Whether to report signs by the events `sign` and `idle`. The relay must have been started with signs. They determine
   * how frames are computed; an option that contradicts them is refused. Default false.
   */
  signs?: boolean | undefined;
  /** Whether to report hands in metres, too: `leftHandWorld` and `rightHandWorld`. Default false. */
  handWorld?: boolean | undefined;
  /**
   * Format of results on the wire. `binary` takes about a third of the bytes, and leaves out scores, the reasons of missing
   * parts and the times of the steps. `json` has everything. Default `binary`.
   */
  format?: "binary" | "json" | undefined;
  /** Maximum number of unanswered frames, 1 to 64. Default 4. */
  maxFramesInFlight?: number | undefined;
  /** Quality of the JPEGs made from other frames, above 0, up to 1. Default 0.85. */
  jpegQuality?: number | undefined;
  /** Maximum number of pixels (width times height) of a frame that is encoded here. Default 16,777,216. */
  maxPixels?: number | undefined;
  /** The bearer token that the relay asks for. It is sent as a subprotocol, and never appears in a URL. */
  token?: string | undefined;
  /** Milliseconds after which a connection that is not ready is given up. Default 10,000. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds after which a connection is given up if answers are due but nothing arrives. Default 10,000. */
  answerTimeoutMs?: number | undefined;
  /** When to reopen a lost connection; `false` for never. Default: after half a second, doubled up to 15 seconds, without end. */
  reconnect?: false | ReconnectOptions | undefined;
}

/** What each of `RelayOptions` may be. */
export const RELAY_OPTIONS = {
  graph: { kind: "word", words: ["holistic", "landmarkers"], default: "holistic" },
  parts: { kind: "words", words: ["pose", "hands", "face"], default: ["pose", "hands", "face"] },
  quality: { kind: "word", words: ["full", "lite"] },
  face: { kind: "word", words: [468, 478], default: 478 },
  blendshapes: { kind: "boolean", default: false },
  numHands: { kind: "whole", least: 1, most: 4, default: 2 },
  hands: { kind: "word", words: ["body", "recover"], default: "body" },
  bufferSize: { kind: "whole", least: 1, most: 2147483647, default: 50 },
  smoothing: { kind: "boolean" },
  handSmoothing: { kind: "boolean" },
  faceSmoothing: { kind: "boolean" },
  mirrored: { kind: "boolean" },
  skipStill: { kind: "boolean", default: false },
  signs: { kind: "boolean", default: false },
  handWorld: { kind: "boolean", default: false },
  format: { kind: "word", words: ["binary", "json"], default: "binary" },
  maxFramesInFlight: { kind: "whole", least: 1, most: 64, default: 4 },
  jpegQuality: { kind: "number", above: 0, most: 1, default: 0.85 },
  maxPixels: { kind: "whole", least: 1, most: 2147483647, default: 16777216 },
  token: { kind: "secret" },
  connectTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
  answerTimeoutMs: { kind: "whole", least: 1, most: 2147483647, default: 10000 },
  reconnect: { kind: "nested", options: RECONNECT_OPTIONS, or: "false" },
} as const satisfies Checks<RelayOptions>;

/** Where assets come from, one by one; what is not named comes from `baseUrl`. */
export interface AssetSources {
  /** Folder that holds `wasm/` and `models/` as the package's `dist` does. Default: next to this module. */
  baseUrl?: string | URL | undefined;
  /** The page's module, `wasm/session/session_bg.wasm`. */
  session?: AssetSource | WebAssembly.Module | undefined;
  /**
   * The workers' module: `wasm/inference/inference_relaxed_bg.wasm` where the browser has relaxed SIMD, else
   * `wasm/inference/inference_bg.wasm`.
   */
  inference?: AssetSource | WebAssembly.Module | undefined;
  /** The client of a relay, `wasm/relay/relay_bg.wasm`, which only `connect()` and a fallback load. */
  relay?: AssetSource | WebAssembly.Module | undefined;
  /** The recogniser of signs, `wasm/signs/signs_bg.wasm`, which only option `signs` and `SignRecognizer` load. */
  signs?: AssetSource | WebAssembly.Module | undefined;
  /** Model files by name. */
  models?: Partial<Record<ModelName, AssetSource>> | undefined;
}

/** What each of `AssetSources` may be. */
export const ASSET_SOURCES = {
  baseUrl: { kind: "address" },
  session: { kind: "address" },
  inference: { kind: "address" },
  relay: { kind: "address" },
  signs: { kind: "address" },
  models: { kind: "nested", options: MODEL_SOURCES },
} as const satisfies Checks<AssetSources>;

/** A relay to fall back to. */
export interface RelayFallback extends RelayOptions {
  /** Such as `wss://host/live-signs`. */
  url: string | URL;
  /** Makes the socket, as `new WebSocket(url, protocols)` does. */
  createSocket?: ((url: string, protocols: string[]) => SocketLike) | undefined;
  /** Where the client's WebAssembly comes from. Default: as of `create()`. */
  assets?: AssetsOption | undefined;
}

/** What each of `RelayFallback` may be. */
export const RELAY_FALLBACK = {
  ...RELAY_OPTIONS,
  url: { kind: "any" },
  createSocket: { kind: "function" },
  assets: { kind: "nested", options: ASSET_SOURCES, or: "address" },
} as const satisfies Checks<RelayFallback>;

/** What signs are recognised by. Everything is optional: without a manifest, they are taught by example. */
export interface SignsOptions {
  /**
   * `signs.json`, which says what is recognised, by which points and when it is told: its address, or itself. Its
   * schema is `live-keypoints/signs.schema.json`. Default: one for signs of both hands, by example.
   */
  manifest?: AssetSource | object | undefined;
  /** The ONNX model that the manifest names. Default: the file of that name beside the manifest. */
  model?: AssetSource | undefined;
  /** Examples that `export()` gave, to begin with. Only where the manifest names no model. */
  examples?: string | undefined;
}

/** What each of `SignsOptions` may be. */
export const SIGNS_OPTIONS = {
  manifest: { kind: "address" },
  model: { kind: "address" },
  examples: { kind: "secret" },
} as const satisfies Checks<SignsOptions>;

/** What `SignRecognizer.create` may be told. */
export interface SignRecognizerOptions extends SignsOptions {
  /** Where the module comes from, as for `LiveKeypoints.create`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `create()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
}

/** What each of `SignRecognizerOptions` may be. */
export const SIGN_RECOGNIZER_OPTIONS = {
  ...SIGNS_OPTIONS,
  assets: { kind: "nested", options: ASSET_SOURCES, or: "address" },
  signal: { kind: "signal" },
} as const satisfies Checks<SignRecognizerOptions>;

/** What `LiveKeypoints.create` may be told. Everything is optional. */
export interface CreateOptions extends StreamOptions {
  /** Where WebAssembly and models come from. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /**
   * Signs to recognise, told by events `sign` and `idle` and by `LiveKeypoints.signs`. Frames are computed as the
   * manifest needs it, with `skipStill`; an option that says otherwise is refused. A relay that is fallen back to is
   * asked for its own signs.
   */
  signs?: SignsOptions | undefined;
  /** Address of the worker script, where the bundler does not find it by itself. Must be of the page's origin. */
  workerUrl?: string | URL | undefined;
  /** Makes a worker that runs `live-keypoints/worker`; goes before `workerUrl`. */
  createWorker?: (() => WorkerLike) | undefined;
  /**
   * The relay that computes where WebAssembly SIMD is missing or workers cannot start: its address, or that and its
   * options; those that both have are taken over. `LiveKeypoints.engine` says which it was. A slow line is no reason: then
   * `create()` takes as long as it takes, or rejects with `asset-unreachable`.
   */
  fallback?: string | URL | RelayFallback | undefined;
  /**
   * Told why the relay of `fallback` will compute, before anything is sent there. `create()` waits for what it returns, and
   * rejects with what it throws.
   */
  onFallback?: ((reason: LiveKeypointsError) => void | Promise<void>) | undefined;
  /** Aborts `create()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Told how far downloading, compiling and loading have come. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What each of `CreateOptions` may be. */
export const CREATE_OPTIONS = {
  ...STREAM_OPTIONS,
  assets: { kind: "nested", options: ASSET_SOURCES, or: "address" },
  signs: { kind: "nested", options: SIGNS_OPTIONS },
  workerUrl: { kind: "address" },
  createWorker: { kind: "function" },
  fallback: { kind: "nested", options: RELAY_FALLBACK, or: "address" },
  onFallback: { kind: "function" },
  signal: { kind: "signal" },
  onProgress: { kind: "function" },
} as const satisfies Checks<CreateOptions>;

/** What `LiveKeypoints.connect` may be told. Everything is optional. */
export interface ConnectOptions extends RelayOptions {
  /** Makes the socket, as `new WebSocket(url, protocols)` does. */
  createSocket?: ((url: string, protocols: string[]) => SocketLike) | undefined;
  /** Where the client's WebAssembly comes from, as with `create()`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `connect()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Told when frames can be pushed. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What each of `ConnectOptions` may be. */
export const CONNECT_OPTIONS = {
  ...RELAY_OPTIONS,
  createSocket: { kind: "function" },
  assets: { kind: "nested", options: ASSET_SOURCES, or: "address" },
  signal: { kind: "signal" },
  onProgress: { kind: "function" },
} as const satisfies Checks<ConnectOptions>;

/** How one frame is given. */
export interface FrameOptions {
  /**
   * Capture time in milliseconds, which comes back as it was given. Default: `VideoFrame.timestamp / 1000`, else
   * `performance.now()`. Any finite number, also below 0. A step back in time, as of a video that loops, restarts
   * smoothing and leaves tracking alone; a frame of the same time as the one before it is not smoothed. (MediaPipe
   * ends with an error at both.)
   */
  timestampMs?: number | undefined;
  /**
   * Whether the frame is taken over: a VideoFrame or ImageBitmap is closed, the buffer behind bytes or ImageData is
   * detached. Default true for VideoFrame and ImageBitmap, false for bytes and ImageData, which are copied (33 MB at
   * 4K, for which the page is busy some 8 ms); without meaning for the others.
   */
  transfer?: boolean | undefined;
}

/** What each of `FrameOptions` may be. */
export const FRAME_OPTIONS = {
  timestampMs: { kind: "number" },
  transfer: { kind: "boolean" },
} as const satisfies Checks<FrameOptions>;

/** How a single picture is given to `detect`. */
export interface DetectOptions {
  /** As of `FrameOptions`. */
  transfer?: boolean | undefined;
  /** Gives the answer up. */
  signal?: AbortSignal | undefined;
}

/** What each of `DetectOptions` may be. */
export const DETECT_OPTIONS = {
  transfer: { kind: "boolean" },
  signal: { kind: "signal" },
} as const satisfies Checks<DetectOptions>;

/** How frames are taken. */
export interface AttachOptions {
  /** Ends it, as the returned function does. */
  signal?: AbortSignal | undefined;
  /**
   * What happens while the page is hidden: `pause` skips frames, the stream stays as it is; `continue` takes them
   * where they come from a track (a `<video>` stops with its page). Default `pause`.
   */
  whenHidden?: "pause" | "continue" | undefined;
}

/** What each of `AttachOptions` may be. */
export const ATTACH_OPTIONS = {
  signal: { kind: "signal" },
  whenHidden: { kind: "word", words: ["pause", "continue"], default: "pause" },
} as const satisfies Checks<AttachOptions>;

/** How a recording is made. Everything is optional. */
export interface PoseRecorderOptions {
  /** Frames a second that the file names, above 0. Default: as the capture times say, or 30 where fewer than two do. */
  fps?: number | undefined;
  /**
   * Frames after which `add` throws `too-many-bytes`, 1 to 4,294,967,295, which is the format's own limit. The
   * default is an hour at 30 frames a second, about 1 GB. Default 108,000.
   */
  maxFrames?: number | undefined;
  /** Points of every face of the file, as of the stream: what a face has more is left out, what it lacks is zero. Default 478. */
  face?: 468 | 478 | undefined;
  /** Where the session module comes from, as for `LiveKeypoints.create`. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /** Aborts `create()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
}

/** What each of `PoseRecorderOptions` may be. */
export const POSE_RECORDER_OPTIONS = {
  fps: { kind: "number", above: 0 },
  maxFrames: { kind: "whole", least: 1, most: 4294967295, default: 108000 },
  face: { kind: "word", words: [468, 478], default: 478 },
  assets: { kind: "nested", options: ASSET_SOURCES, or: "address" },
  signal: { kind: "signal" },
} as const satisfies Checks<PoseRecorderOptions>;

/** A rectangle of the canvas, in canvas pixels. */
export interface Area {
  /** Left edge. */
  x: number;
  /** Upper edge. */
  y: number;
  /** Greater than 0. */
  width: number;
  /** Greater than 0. */
  height: number;
}

/** What each of `Area` may be. */
export const AREA = {
  x: { kind: "number", default: NaN },
  y: { kind: "number", default: NaN },
  width: { kind: "number", default: NaN },
  height: { kind: "number", default: NaN },
} as const satisfies Checks<Area>;

/** Colours of the parts, as CSS colours. */
export interface DrawColors {
  /** Lines and points of the body. */
  pose: string;
  /** The subject's left hand. */
  leftHand: string;
  /** The subject's right hand. */
  rightHand: string;
  /** Contours or points of the face. */
  face: string;
  /** Drawn under every line, so that it stands out from any picture. */
  outline: string;
}

/** What each of `DrawColors` may be. */
export const DRAW_COLORS = {
  pose: { kind: "any" },
  leftHand: { kind: "any" },
  rightHand: { kind: "any" },
  face: { kind: "any" },
  outline: { kind: "any" },
} as const satisfies Checks<DrawColors>;

/** How keypoints are drawn. Everything is optional. */
export interface DrawOptions {
  /** Body. Default true. */
  pose?: boolean | undefined;
  /** Hands. Default true. */
  hands?: boolean | undefined;
  /** Face: its contours, with irises where it has them; all points; or nothing. Default `contours`. */
  face?: "contours" | "points" | "none" | undefined;
  /** Body landmarks below this visibility are left out, 0 to 1. Default 0.5. */
  minVisibility?: number | undefined;
  /** Width of lines in canvas pixels. Default: a 160th of the picture's shorter side, at least 1.5. */
  lineWidth?: number | undefined;
  /** Where the picture lies on the canvas, in canvas pixels. Default: all of it. */
  area?: Area | undefined;
  /** Colours; those not given have their default. */
  colors?: Partial<DrawColors> | undefined;
}

/** What each of `DrawOptions` may be. */
export const DRAW_OPTIONS = {
  pose: { kind: "boolean", default: true },
  hands: { kind: "boolean", default: true },
  face: { kind: "word", words: ["contours", "points", "none"], default: "contours" },
  minVisibility: { kind: "number", least: 0, most: 1, default: 0.5 },
  lineWidth: { kind: "number", least: 0 },
  area: { kind: "nested", options: AREA },
  colors: { kind: "nested", options: DRAW_COLORS },
} as const satisfies Checks<DrawOptions>;
