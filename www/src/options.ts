import { checkAddress, checkAssets } from "./asset-checks.js";
import type { AssetsOption } from "./assets.js";
import type { LiveKeypointsError } from "./errors.js";
import {
  checkBoolean,
  checkBufferSize,
  checkFunction,
  checkMaxPixels,
  checkNames,
  checkParts,
  checkQuality,
  checkSignal,
  finiteNumber,
  oneOf,
  wholeNumber,
} from "./option-checks.js";
import type { Progress } from "./progress.js";
import type { ConnectOptions } from "./relay/options.js";
import type { SessionOptions } from "./bindings.js";
import type { WorkerLike } from "./worker-scripts.js";

/** Most workers that one stream is spread over: a frame has four branches. */
export const MAX_WORKERS = 4;

/** What can be asked for: 33 body points, 21 of each hand, 468 of the face. */
export type Part = "pose" | "hands" | "face";

/** Which landmark models: `full` for accuracy, `lite` for about two thirds of the work. */
export type Quality = "full" | "lite";

/** What `LiveKeypoints.create` may be told. Everything is optional. */
export interface CreateOptions {
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
  /** Where WebAssembly and models come from. Default: next to this module. */
  assets?: AssetsOption | undefined;
  /**
   * Whether the package's own models are kept in the browser's Cache Storage, checked by their SHA-256, so that
   * the page asks for them once. Only on secure pages (https, localhost). Default true.
   */
  cache?: boolean | undefined;
  /** Address of the worker script, where the bundler does not find it by itself. Must be of the page's origin. */
  workerUrl?: string | URL | undefined;
  /** Makes a worker that runs `live-keypoints/worker`; goes before `workerUrl`. */
  createWorker?: (() => WorkerLike) | undefined;
  /** A worker that is silent on one step for longer than this many milliseconds is replaced. Default 10,000. */
  workerTimeoutMs?: number | undefined;
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
  onFallback?:
    ((reason: LiveKeypointsError) => void | Promise<void>) | undefined;
  /** Aborts `create()`, which then rejects with code `aborted`; without effect afterwards. */
  signal?: AbortSignal | undefined;
  /** Told how far downloading, compiling and loading have come. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** A relay to fall back to. */
export interface RelayFallback extends Omit<
  ConnectOptions,
  "signal" | "onProgress"
> {
  /** Such as `wss://host/live-signs`. */
  url: string | URL;
}

/** The options with their defaults, checked. */
export interface CheckedOptions {
  readonly workers: number;
  readonly parts: readonly Part[];
  readonly quality: Quality;
  readonly bufferSize: number;
  readonly fastDecode: boolean;
  readonly maxPixels: number;
  readonly workerTimeoutMs: number;
  readonly keepsModels: boolean;
  readonly session: SessionOptions;
}

const SWITCHES = [
  "smoothing",
  "handSmoothing",
  "faceSmoothing",
  "mirrored",
  "handWorld",
] as const;
const CONFIDENCES = [
  "minPoseDetectionConfidence",
  "minPosePresenceConfidence",
  "minHandLandmarksConfidence",
  "minFaceDetectionConfidence",
  "minFacePresenceConfidence",
] as const;
/** Every option; a new one that is missing here does not compile. */
const NAMES = Object.keys({
  workers: true,
  parts: true,
  quality: true,
  bufferSize: true,
  smoothing: true,
  handSmoothing: true,
  faceSmoothing: true,
  mirrored: true,
  handWorld: true,
  maxFramesInFlight: true,
  minPoseDetectionConfidence: true,
  minPosePresenceConfidence: true,
  minHandLandmarksConfidence: true,
  minFaceDetectionConfidence: true,
  minFacePresenceConfidence: true,
  decode: true,
  maxPixels: true,
  assets: true,
  cache: true,
  workerUrl: true,
  createWorker: true,
  workerTimeoutMs: true,
  fallback: true,
  onFallback: true,
  signal: true,
  onProgress: true,
} satisfies Record<keyof CreateOptions, true>);

/** Fills in defaults. Throws `invalid-option`, naming the option. */
export function checkOptions(given: CreateOptions | undefined): CheckedOptions {
  const options: CreateOptions = checkNames(given, NAMES);
  checkAssets(options.assets);
  checkAddress("workerUrl", options.workerUrl);
  checkFunction("createWorker", options.createWorker);
  checkFunction("onProgress", options.onProgress);
  checkFunction("onFallback", options.onFallback);
  checkSignal(options.signal);
  const workers = wholeNumber(
    "workers",
    options.workers ?? MAX_WORKERS,
    1,
    MAX_WORKERS,
  );
  const parts = checkParts(options.parts);
  const bufferSize = checkBufferSize(options.bufferSize);
  const quality = checkQuality(options.quality ?? "full");
  const session: SessionOptions = {
    parts: [...parts],
    ...{ quality, bufferSize, maxUnreadResults: bufferSize },
  };
  for (const name of SWITCHES) {
    const value = checkBoolean(name, options[name]);
    if (value !== undefined) session[name] = value;
  }
  for (const name of CONFIDENCES) {
    const value = options[name];
    if (value !== undefined) session[name] = finiteNumber(name, value, 0, 1);
  }
  const { maxFramesInFlight } = options;
  if (maxFramesInFlight !== undefined)
    session.maxFramesInFlight = wholeNumber(
      "maxFramesInFlight",
      maxFramesInFlight,
      1,
      16,
    );
  return {
    workers,
    parts,
    quality,
    bufferSize,
    fastDecode:
      oneOf("decode", options.decode ?? "exact", ["exact", "fast"]) === "fast",
    maxPixels: checkMaxPixels(options.maxPixels),
    workerTimeoutMs: wholeNumber(
      "workerTimeoutMs",
      options.workerTimeoutMs ?? 10_000,
      1,
      2 ** 31 - 1,
    ),
    keepsModels: checkBoolean("cache", options.cache) ?? true,
    session,
  };
}
