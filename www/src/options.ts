import { sourcesOf } from "./assets.js";
import type { AssetsOption } from "./assets.js";
import type { LiveKeypointsError } from "./errors.js";
import { STREAM_OPTIONS } from "./generated/options.js";
import type { StreamOptions } from "./generated/options.js";
import type { Progress } from "./generated/results.js";
import { checked } from "./option-checks.js";
import type { Checked, Checks } from "./option-checks.js";
import type { ConnectOptions } from "./relay/options.js";
import type { WorkerLike } from "./worker-scripts.js";

/** What `LiveKeypoints.create` may be told. Everything is optional. */
export interface CreateOptions extends StreamOptions {
  /** Where WebAssembly and models come from. Default: next to this module. */
  assets?: AssetsOption | undefined;
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

const CREATE_OPTIONS = {
  ...STREAM_OPTIONS,
  assets: { kind: "any" },
  workerUrl: { kind: "address" },
  createWorker: { kind: "function" },
  fallback: { kind: "any" },
  onFallback: { kind: "function" },
  signal: { kind: "signal" },
  onProgress: { kind: "function" },
} as const satisfies Checks<CreateOptions>;

/** The options with their defaults. */
export type CheckedOptions = Checked<CreateOptions, typeof CREATE_OPTIONS>;

/** Fills in defaults. Throws `invalid-option`, naming the option. */
export function checkOptions(given: CreateOptions | undefined): CheckedOptions {
  const options = checked(given, CREATE_OPTIONS);
  sourcesOf(options.assets);
  return options;
}
