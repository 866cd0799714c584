/**
 * What this package uses of the generated WebAssembly modules. Every error they throw is an `Error` with a string
 * `code`. Their real declarations are generated next to them, in `dist/wasm/`.
 */

import type { ConnectionState, EngineStats } from "./engine.js";
import type { Frame } from "./frames.js";
import type { Progress } from "./progress.js";
import type { ConnectOptions } from "./relay/options.js";
import type { SocketLike } from "./relay/socket.js";
import type { WorkerLike } from "./worker-scripts.js";

/** Everything a module's `init` can make it of. */
export type ModuleSource =
  WebAssembly.Module | BufferSource | Response | URL | string;

/** Instantiates a module; called again, it does nothing. */
export type InitModule = (source: {
  module_or_path: ModuleSource | Promise<ModuleSource>;
}) => Promise<{ readonly memory: WebAssembly.Memory }>;

/** Bindings of one instance of a module of the page's own. */
export interface Instance {
  default: InitModule;
  /** Version of the crate that the module was built from. */
  version(): string;
}

/** What a session may be told; what is absent has the pipeline's default. */
export interface SessionOptions {
  parts?: string[];
  quality?: string;
  bufferSize?: number;
  smoothing?: boolean;
  handSmoothing?: boolean;
  faceSmoothing?: boolean;
  mirrored?: boolean;
  handWorld?: boolean;
  maxFramesInFlight?: number;
  maxUnreadResults?: number;
  minPoseDetectionConfidence?: number;
  minPosePresenceConfidence?: number;
  minHandLandmarksConfidence?: number;
  minFaceDetectionConfidence?: number;
  minFacePresenceConfidence?: number;
}

/** A result as the session gives it. */
export type SessionResult = SessionKeypoints | SessionError;

/** Landmarks of one frame; parts that were not asked for are absent keys. */
export interface SessionKeypoints {
  kind: "keypoints";
  index: number;
  timestampMs: number;
  width: number;
  height: number;
  pose?: Float32Array | null;
  poseWorld?: Float32Array | null;
  leftHand?: Float32Array | null;
  rightHand?: Float32Array | null;
  leftHandWorld?: Float32Array | null;
  rightHandWorld?: Float32Array | null;
  face?: Float32Array | null;
  scores: Record<"pose" | "leftHand" | "rightHand" | "face", number | null>;
  missing: Partial<Record<"pose" | "leftHand" | "rightHand" | "face", string>>;
  dropped: number;
  timings: Record<
    "queue" | "decode" | "pose" | "leftHand" | "rightHand" | "face" | "total",
    number
  >;
}

/** Why one frame has no landmarks. */
export interface SessionError {
  kind: "error";
  index: number;
  timestampMs: number;
  code: string;
  message: string;
  dropped: number;
}

/** Counters since the session began. */
export interface SessionStats {
  /** Frames pushed: stills, failed and dropped ones included. */
  received: number;
  /** Frames that were pushed out of the buffer or thrown away by `reset()`, and results that were never read. */
  dropped: number;
  /** Frames whose keypoints were computed. */
  completed: number;
  /** Frames that failed, each with an error. */
  failed: number;
  /** Frames that wait. */
  buffered: number;
  /** Frames in work. */
  inFlight: number;
  /** Results that wait to be read by an iterator. */
  unread: number;
}

/** What a stream of the page is started with. */
export interface PageStreamOptions {
  session: SessionOptions;
  workers: number;
  maxPixels: number;
  fastDecode: boolean;
  workerTimeoutMs: number;
  keepsModels: boolean;
  /** Sources of the workers' module and of models, with absolute addresses. */
  assets: object;
  /** The address of what `assets` does not name. */
  addressOf(name: string): string;
  createWorker(): WorkerLike;
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How a module tells that it ends. */
export interface PanicHooks {
  /** Makes a listener that may trap one that tells of it. */
  guard(call: (event: unknown) => void): (event: unknown) => void;
  /** Told why the instance is of no more use. */
  onPanic(message: string): void;
}

/** What a stream on a relay is started with. */
export interface RelayStreamOptions {
  url: string;
  /** The address without what may be secret in it. */
  name: string;
  options: ConnectOptions;
  createSocket(url: string, protocols: string[]): SocketLike;
  signal?: AbortSignal | undefined;
}

/** A stream that workers of this page compute, or a relay. */
export interface ModuleStream {
  connect(
    onResult: (result: SessionResult) => void,
    onFatal: (error: Error) => void,
    onConnection: (state: ConnectionState) => void,
    onForgotten: () => void,
  ): void;
  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number;
  addStill(frame: Frame, transfer: boolean | undefined): number;
  pump(): void;
  reset(): void;
  stats(): EngineStats;
  close(): void;
}

/** The bytes of one `.pose` file, a frame at a time. Sides of the first frame are the file's. */
export interface PoseFileEncoder {
  /** All points of the frame, then all its confidences; all zeros for `null`. */
  frame(keypoints: object | null): Uint8Array<ArrayBuffer>;
  /** What comes before the points of so many frames. */
  header(fps: number, frames: number): Uint8Array<ArrayBuffer>;
}

/** What the page uses of its module. */
export interface SessionModule {
  PageStream: {
    start(options: PageStreamOptions & PanicHooks): Promise<ModuleStream>;
  };
  PoseFileEncoder: new () => PoseFileEncoder;
}

/** What the page uses of the client of a relay. */
export interface RelayModule {
  RelayStream: {
    start(options: RelayStreamOptions & PanicHooks): Promise<ModuleStream>;
  };
}
