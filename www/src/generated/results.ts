// Made of crates/web by `cargo test -p live-keypoints-web generated`; change it there.

import type { ConnectionWord, ErrorCode, HandSource, Graph, Handedness, MissingReason, Part, Step } from "./words.js";

/**
 * Milliseconds spent on a frame, with fractions; 0 for what did not run. Of a relay's binary results only the total is
 * known; it counts the way there and back.
 */
export interface Timings {
  /** From `push()` to the start of the first step. */
  readonly queue: number;
  /** JPEG or picture to pixels. */
  readonly decode: number;
  /** The body's models. */
  readonly pose: number;
  /** The left hand's models. */
  readonly leftHand: number;
  /** The right hand's models. */
  readonly rightHand: number;
  /** The face's models. */
  readonly face: number;
  /** The detector of palms, of hands that are found without the body. */
  readonly palm: number;
  /** From `push()` to the end of the last step, or to the relay's answer. */
  readonly total: number;
}

/** Presence of each part as its model says, 0 to 1; `null` where the model did not run. */
export interface Scores {
  /** Of the body. */
  readonly pose: number | null;
  /** Of the left hand. */
  readonly leftHand: number | null;
  /** Of the right hand. */
  readonly rightHand: number | null;
  /** Of the face. */
  readonly face: number | null;
}

/** Why each absent part is absent. */
export interface MissingParts {
  /** Why there is no body. */
  readonly pose?: MissingReason;
  /** Why there is no left hand. */
  readonly leftHand?: MissingReason;
  /** Why there is no right hand. */
  readonly rightHand?: MissingReason;
  /** Why there is no face. */
  readonly face?: MissingReason;
}

/**
 * Where each hand comes from; `null` where it is absent. `body`: from the pose's wrist and fingers, or the frame before where
 * they agree with it. `tracked`: from the frame before. `palm`: from the detector of palms.
 */
export interface HandSources {
  /** Of the subject's left hand. */
  readonly leftHand: HandSource | null;
  /** Of the subject's right hand. */
  readonly rightHand: HandSource | null;
}

/** A hand of any side, found without a body. */
export interface TrackedHand {
  /** The subject's own side, as the model of hands has it: two hands may both be left ones. */
  readonly handedness: Handedness;
  /** How sure the model is of the side, 0.5 to 1. */
  readonly score: number;
  /** 21 × (x, y, z) in the picture. */
  readonly points: Float32Array;
  /** 21 × (x, y, z) in metres, origin about the hand's middle. */
  readonly world: Float32Array;
}

/**
 * Landmarks of one frame, as flat arrays: point i of a hand is at `[3 * i]`, `[3 * i + 1]`, `[3 * i + 2]`.
 *
 * x and y are fractions of the picture, 0 to 1 inside it; values outside are kept. z is in picture widths, smaller is
 * nearer. World landmarks are in metres. Sides are the subject's own. A part that was asked for and is absent is
 * `null`, one that was not asked for is no key.
 */
export interface Keypoints {
  /** What `push()` returned for the frame. */
  readonly index: number;
  /** Capture time in milliseconds, as given with the frame. */
  readonly timestampMs: number;
  /** Width of the picture in pixels, after Exif orientation. */
  readonly width: number;
  /** Height of the picture in pixels, after Exif orientation. */
  readonly height: number;
  /** Body: 33 × (x, y, z, visibility), visibility 0 to 1. */
  readonly pose?: Float32Array | null;
  /** Body: 33 × (x, y, z, visibility) in metres, origin between the hips. */
  readonly poseWorld?: Float32Array | null;
  /** The subject's left hand: 21 × (x, y, z). */
  readonly leftHand?: Float32Array | null;
  /** The subject's right hand: 21 × (x, y, z). */
  readonly rightHand?: Float32Array | null;
  /** Left hand in metres: 21 × (x, y, z), where option `handWorld` asks for it. */
  readonly leftHandWorld?: Float32Array | null;
  /** Right hand in metres, likewise. */
  readonly rightHandWorld?: Float32Array | null;
  /** Where each hand comes from, where option `hands` is `recover`. */
  readonly handSources?: HandSources;
  /**
   * In the graph `landmarkers`, and without `pose`, all hands, those of the frame before first. `leftHand` and
   * `rightHand` are those of them that are surest of their side.
   */
  readonly hands?: readonly TrackedHand[];
  /** Face mesh: 478 × (x, y, z) with the irises, or 468 as option `face` asks for. */
  readonly face?: Float32Array | null;
  /**
   * How strong 52 expressions of the face are, 0 to 1, where option `blendshapes` asks for it: in the order of
   * `BLENDSHAPE_NAMES`.
   */
  readonly blendshapes?: Float32Array | null;
  /** Presence of each part. A relay's binary results say neither scores nor reasons. */
  readonly scores: Scores;
  /** Why each absent part is absent. */
  readonly missing: MissingParts;
  /** Whether nothing moved, and what was found is repeated from an earlier frame. Only with option `skipStill`. */
  readonly still: boolean;
  /** Frames since the previous result or frame error that get no message of their own. */
  readonly dropped: number;
  /** Where the time went. */
  readonly timings: Timings;
}

/** Why one frame has no keypoints. */
export interface FailedFrame {
  /** What `push()` returned for the frame. */
  readonly index: number;
  /** Capture time in milliseconds, as given with the frame. */
  readonly timestampMs: number;
  /** What went wrong. */
  readonly code: ErrorCode;
  /** The same for people. */
  readonly message: string;
  /** Frames since the previous result or frame error that get no message of their own. */
  readonly dropped: number;
}

/** What one worker does. */
export interface WorkerStats {
  /**
   * The steps it is there for: none once another worker has taken them over. One that is idle may run another's,
   * where it has the models.
   */
  readonly steps: readonly Step[];
  /** Milliseconds spent on steps so far. */
  readonly busyMs: number;
  /** Times it died and was replaced. */
  readonly replaced: number;
  /** Bytes of its WebAssembly memory, as of its last step. It grows to what the frames need, and never shrinks. */
  readonly memoryBytes: number;
}

/** How the connection to a relay does. */
export interface ConnectionStats {
  /** What it is at. */
  readonly state: ConnectionWord;
  /** Connections that were lost so far. */
  readonly lost: number;
  /** Bytes of frames that the browser has not sent yet. */
  readonly bufferedBytes: number;
}

/** A change of the connection to a relay. */
export interface ConnectionState {
  /**
   * `open`: frames are sent. `waiting`: it was lost, the next attempt comes in `retryInMs`. `connecting`: an attempt
   * is being made. `idle`: the relay ended it for want of frames; the next one opens it again.
   */
  readonly state: ConnectionWord;
  /** Why it was lost. */
  readonly reason?: string;
  /** Milliseconds until the next attempt. */
  readonly retryInMs?: number;
}

/** A label and how sure the classifier is of it. */
export interface SignCandidate {
  /** As the manifest of the signs has it. */
  readonly label: string | { readonly [key: string]: unknown };
  /** 0 to 1. */
  readonly confidence: number;
}

/** A sign that was recognised. */
export interface Sign {
  /** As the manifest of the signs has it. */
  readonly label: string | { readonly [key: string]: unknown };
  /** Of the answer that decided, 0 to 1. */
  readonly confidence: number;
  /** Capture time of the first frame of the window that decided, in milliseconds, as given with the frame. */
  readonly startMs: number;
  /** Capture time of its last frame, likewise. */
  readonly endMs: number;
  /** The best answers for that window, five at most, this sign first. */
  readonly top: readonly SignCandidate[];
}

/** How a stream must be computed for its signs. */
export interface SignNeeds {
  /** How the parts are found. */
  readonly graph: Graph;
  /** The parts that must be among those found. */
  readonly parts: readonly Part[];
  /** Points of the face, where there must be one. */
  readonly face?: number;
  /** Whether hands in metres must be among the results. */
  readonly handWorld?: boolean;
  /** How much may change in a frame without motion, 0 to 255. */
  readonly stillThreshold: number;
}

/** What one stage took, in milliseconds. */
export interface StageTime {
  /** Frames that it ran for. */
  readonly count: number;
  /** Mean over those frames. */
  readonly meanMs: number;
  /** Of the slowest of those frames. */
  readonly maxMs: number;
  /** Of the last of those frames. */
  readonly lastMs: number;
}

/** How long the stages of a frame took, from waiting to everything together; one that never ran has no entry. */
export interface StageStats {
  /** From `push()` to the start of the first step. */
  readonly queue?: StageTime;
  /** JPEG or picture to pixels. */
  readonly decode?: StageTime;
  /** The body's models. */
  readonly pose?: StageTime;
  /** The left hand's models. */
  readonly leftHand?: StageTime;
  /** The right hand's models. */
  readonly rightHand?: StageTime;
  /** The face's models. */
  readonly face?: StageTime;
  /** The detector of palms. */
  readonly palm?: StageTime;
  /** From `push()` to the end of the last step, or to the relay's answer. */
  readonly total?: StageTime;
}

/** Counters since the stream began, and where the time and the memory went. Frames received = dropped + completed + failed + buffered + inFlight. */
export interface Stats {
  /** Frames pushed: stills, failed and dropped ones included. */
  readonly received: number;
  /** Frames that were pushed out of the buffer or thrown away by `reset()`, and results that were never read. */
  readonly dropped: number;
  /** Frames whose keypoints were computed. */
  readonly completed: number;
  /** Frames that showed no motion, with option `skipStill`: their keypoints were repeated. */
  readonly still: number;
  /** Frames that failed, each with an error. */
  readonly failed: number;
  /** Frames that wait. */
  readonly buffered: number;
  /** Frames in work. */
  readonly inFlight: number;
  /** Results that wait to be read by an iterator. */
  readonly unread: number;
  /** One entry a worker; there may be fewer than asked for where the parts give them nothing to do. None for a relay. */
  readonly workers: readonly WorkerStats[];
  /** The connection, where a relay computes. */
  readonly connection?: ConnectionStats;
  /** How long each stage of a frame took. */
  readonly stages: StageStats;
}

/** An asset is being downloaded; told for every piece that arrives, of a module only if that takes long. */
export interface DownloadProgress {
  /** What is done. */
  readonly phase: "download";
  /** Such as `inference` or `pose_detection`. */
  readonly asset: string;
  /** Bytes of it that have arrived. */
  readonly loadedBytes: number;
  /** Its length, where the server tells it and does not compress. */
  readonly totalBytes?: number;
  /** All of it together, 0 to 1; never goes back. */
  readonly fraction: number;
}

/** A WebAssembly module has been compiled. */
export interface CompileProgress {
  /** What is done. */
  readonly phase: "compile";
  /** Such as `inference`. */
  readonly asset: string;
  /** All of it together, 0 to 1; never goes back. */
  readonly fraction: number;
}

/** A worker has read a model and brought it into the form that it runs in. */
export interface OptimiseProgress {
  /** What is done. */
  readonly phase: "optimise";
  /** The model's name, such as `pose_detection`. */
  readonly asset: string;
  /** Number of the worker, from 0. */
  readonly worker: number;
  /** All of it together, 0 to 1; never goes back. */
  readonly fraction: number;
}

/** Frames can be pushed. */
export interface ReadyProgress {
  /** What is done. */
  readonly phase: "ready";
  /** All of it together: 1. */
  readonly fraction: number;
}

/** A stage of a frame, from waiting to everything together. */
export type Stage = keyof Timings;

/** The parts of a result that can be absent one by one. */
export type ResultPart = keyof Scores;

/** How far `LiveKeypoints.create` has come. */
export type Progress = DownloadProgress | CompileProgress | OptimiseProgress | ReadyProgress;
