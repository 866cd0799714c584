/**
 * Live body, hand and face keypoints from video in the browser. Importing it does nothing until `create()` is called.
 *
 * @module live-keypoints
 */

export { LiveKeypoints } from "./live-keypoints.js";
export type { DetectOptions } from "./live-keypoints.js";
export type {
  ConnectionState,
  ConnectionStats,
  EngineKind,
  EngineStats,
  Stats,
  Step,
  WorkerStats,
} from "./engine.js";
export type { CreateOptions, Part, Quality, RelayFallback } from "./options.js";
export type { ConnectOptions, ReconnectOptions } from "./relay/options.js";
export type { Stage, StageStats, StageTime } from "./stage-times.js";
export type { FrameWithOptions, KeypointsTransform } from "./transform.js";
export type { SocketLike } from "./relay/socket.js";
export type {
  AssetSource,
  AssetsOption,
  AssetSources,
  ModelName,
  ModuleName,
} from "./assets.js";
export type { Progress } from "./progress.js";
export type { Frame, FrameOptions } from "./frames.js";
export type {
  AttachOptions,
  CaptureSource,
  SourceEnded,
} from "./capture/capture.js";
export type {
  Keypoints,
  MissingReason,
  ResultPart,
  Timings,
} from "./keypoints.js";
export type { LiveKeypointsEvents } from "./emitter.js";
export type { WorkerLike } from "./worker-scripts.js";
export { ERROR_CODES, LiveKeypointsError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export { VERSION } from "./version.js";
export * from "./topology.js";
