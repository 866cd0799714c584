/**
 * Live body, hand and face keypoints from video in the browser. Importing it does nothing until `create()` is called.
 *
 * @module live-keypoints
 */

export { LiveKeypoints } from "./live-keypoints.js";
export type { EngineKind } from "./engine.js";
export type { FrameWithOptions, KeypointsTransform } from "./transform.js";
export type { SocketLike } from "./relay/socket.js";
export type { AssetSource, AssetsOption, ModuleName } from "./assets.js";
export type { Frame } from "./frames.js";
export type { CaptureSource, SourceEnded } from "./capture/capture.js";
export type { LiveKeypointsEvents } from "./emitter.js";
export type { LiveSigns } from "./signs/live-signs.js";
export type { WorkerLike } from "./worker-scripts.js";
export { LiveKeypointsError } from "./errors.js";
export { VERSION } from "./version.js";
export type {
  AssetSources,
  AttachOptions,
  ConnectOptions,
  CreateOptions,
  DetectOptions,
  FrameOptions,
  ReconnectOptions,
  RelayFallback,
  RelayOptions,
  SignsOptions,
  StreamOptions,
} from "./generated/options.js";
export type {
  CompileProgress,
  ConnectionState,
  ConnectionStats,
  DownloadProgress,
  HandSources,
  Keypoints,
  MissingParts,
  OptimiseProgress,
  Progress,
  ReadyProgress,
  ResultPart,
  Scores,
  Sign,
  SignCandidate,
  Stage,
  StageStats,
  StageTime,
  Stats,
  Timings,
  TrackedHand,
  WorkerStats,
} from "./generated/results.js";
export { ERROR_CODES, MODEL_NAMES } from "./generated/words.js";
export type {
  ConnectionWord,
  ErrorCode,
  Graph,
  Handedness,
  HandSource,
  MissingReason,
  ModelName,
  Part,
  Quality,
  Step,
} from "./generated/words.js";
export * from "./generated/topology.js";
