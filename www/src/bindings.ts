/**
 * What this package uses of the two generated WebAssembly modules. Every error they throw is an `Error` with a string
 * `code`. Their real declarations are generated next to them, in `dist/wasm/`.
 */

/** Everything a module's `init` can make it of. */
export type ModuleSource =
  WebAssembly.Module | BufferSource | Response | URL | string;

/** Instantiates a module; called again, it does nothing. */
export type InitModule = (source: {
  module_or_path: ModuleSource | Promise<ModuleSource>;
}) => Promise<{ readonly memory: WebAssembly.Memory }>;

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

/** One step of one frame, to be run by one worker. */
export interface Task {
  /** Names the task in `complete…` and `fail`. */
  readonly ticket: number;
  /** Index of the frame. */
  readonly frame: number;
  /** One bit of the steps asked with. */
  readonly step: number;
  /** What `Runner.run` needs to know, opaque; absent when the step is to decode. */
  readonly job: Uint8Array | undefined;
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

/** The page's scheduler: which step may run on which frame, and the results in frame order. It holds no pixels. */
export interface Session {
  addFrame(
    timestampMs: number,
    nowMs: number,
  ): { index: number; evicted: number | undefined };
  addStill(nowMs: number): number;
  nextTask(steps: number, nowMs: number): Task | undefined;
  /** True: the frame's pixels are needed no more. So for `completeBranch` and `fail`. */
  completeDecode(
    ticket: number,
    width: number,
    height: number,
    elapsedUs: number,
    nowMs: number,
  ): boolean;
  completeBranch(
    ticket: number,
    outcome: Uint8Array,
    elapsedUs: number,
    nowMs: number,
  ): boolean;
  fail(ticket: number, code: string, message: string, nowMs: number): boolean;
  nextResult(): SessionResult | undefined;
  /** Indices of the waiting frames that are thrown away. */
  reset(): Float64Array;
  stats(): SessionStats;
  free(): void;
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
  modelsForSteps(steps: number, quality: string): string[];
  Session: new (options: SessionOptions) => Session;
  PoseFileEncoder: new () => PoseFileEncoder;
}

/** A worker's models, and the pixels of the frames in work. */
export interface Runner {
  loadModel(name: string, bytes: Uint8Array): void;
  /** Runs a model that has not run yet on an empty picture; false if all have. */
  warmUpNext(): boolean;
  /** Size of the picture. With `fast`, fewer pixels of a large one are kept. */
  decodeJpeg(
    frame: number,
    bytes: Uint8Array,
    maxPixels: number,
    fast: boolean,
  ): { width: number; height: number };
  putRgba(frame: number, width: number, height: number, rgba: Uint8Array): void;
  putRgb(frame: number, width: number, height: number, rgb: Uint8Array): void;
  /** Size of the pixels that are kept of a frame. */
  pixelSize(frame: number): { width: number; height: number };
  /** A copy of the frame's pixels, three bytes each. */
  takeRgb(frame: number): Uint8Array;
  /** The same into an array of just the right length. */
  copyRgb(frame: number, target: Uint8Array): void;
  run(frame: number, job: Uint8Array): Uint8Array;
  release(frame: number): void;
}
