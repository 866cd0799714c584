/**
 * What this package uses of its generated modules; a test holds it against their own declarations. Every error they throw
 * is an `Error` with a string `code`.
 */

import type { Frame } from "./frames.js";
import type { StreamOptions } from "./generated/options.js";
import type {
  Stats,
  FailedFrame,
  Keypoints,
  Progress,
} from "./generated/results.js";
import type { WorkerLike } from "./worker-scripts.js";

/** Instantiates a module; called again, it does nothing. */
export type InitModule = (source: {
  module_or_path: WebAssembly.Module;
}) => Promise<unknown>;

/** What a stream of the page is started with: checked options, and what they leave to the page. */
export interface PageStreamOptions extends StreamOptions {
  /** Sources of the workers' module and of models, with absolute addresses. */
  assets: object;
  /** The address of what `assets` does not name. */
  addressOf(name: string): string;
  createWorker(): WorkerLike;
  onProgress?: ((progress: Progress) => void) | null | undefined;
  signal?: AbortSignal | null | undefined;
  /** Makes a listener that may trap one that tells of it. */
  guard(call: (event: unknown) => void): (event: unknown) => void;
  /** Told why the instance is of no more use. */
  onPanic(message: string): void;
}

/** A stream that workers of this page compute. */
export interface PageStream {
  connect(
    onResult: (result: Keypoints | FailedFrame) => void,
    onFatal: (error: Error) => void,
  ): void;
  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number;
  addStill(frame: Frame, transfer: boolean | undefined): number;
  pump(): void;
  reset(): void;
  stats(): Stats;
  close(): void;
}

/** The frames of one `.pose` file. */
export interface PoseFile {
  readonly frames: number;
  add(keypoints: Keypoints | null): void;
  toBlob(): Blob;
}

/** The page's module. */
export interface SessionModule {
  PageStream: { start(options: PageStreamOptions): Promise<PageStream> };
  PoseFile: new (fps: number | undefined, maxFrames: number) => PoseFile;
  /** Version of the crate that the module was built from. */
  version(): string;
}
