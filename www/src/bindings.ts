/**
 * What this package uses of its generated modules; a test holds it against their own declarations. Every error they throw
 * is an `Error` with a string `code`.
 */

import type { Frame } from "./frames.js";
import type { RelayOptions, StreamOptions } from "./generated/options.js";
import type {
  ConnectionState,
  FailedFrame,
  Keypoints,
  Progress,
  Sign,
  SignNeeds,
  Stats,
} from "./generated/results.js";
import type { SocketLike } from "./relay/socket.js";
import type { WorkerLike } from "./worker-scripts.js";

/** Bindings of one instance of a module. */
export interface Instance {
  /** Instantiates the module; called again, it does nothing. */
  default(source: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  /** Version of the crate that the module was built from. */
  version(): string;
}

/** How a module tells that it ends. */
export interface PanicHooks {
  /** Makes a listener that may trap one that tells of it. */
  guard(call: (event: unknown) => void): (event: unknown) => void;
  /** Told why the instance is of no more use. */
  onPanic(message: string): void;
}

/** What a stream of the page is started with: checked options, and what they leave to the page. */
export interface PageStreamOptions extends StreamOptions {
  /** Sources of the workers' module and of models, with absolute addresses. */
  assets: object;
  /** The address of what `assets` does not name. */
  addressOf(name: string): string;
  createWorker(): WorkerLike;
  /** How much may change in a frame without motion, where signs say so. */
  stillThreshold?: number | undefined;
  onProgress?: ((progress: Progress) => void) | null | undefined;
  signal?: AbortSignal | null | undefined;
}

/** What a stream on a relay is started with. */
export interface RelayStreamOptions {
  url: string;
  /** The address without what may be secret in it. */
  name: string;
  /** Checked options. */
  options: RelayOptions;
  createSocket(url: string, protocols: string[]): SocketLike;
  signal?: AbortSignal | null | undefined;
}

/** A stream that workers of this page compute, or a relay. The page has no connection, forgets no frame and tells no signs. */
export interface ModuleStream {
  connect(
    onResult: (result: Keypoints | FailedFrame) => void,
    onFatal: (error: Error) => void,
    onConnection: (state: ConnectionState) => void,
    onForgotten: () => void,
    onSign: (sign: Sign) => void,
    onIdle: () => void,
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
  PageStream: {
    start(options: PageStreamOptions & PanicHooks): Promise<ModuleStream>;
  };
  PoseFile: new (
    fps: number | undefined,
    maxFrames: number,
    facePoints: number,
  ) => PoseFile;
}

/** The client of a relay. */
export interface RelayModule {
  RelayStream: {
    start(options: RelayStreamOptions & PanicHooks): Promise<ModuleStream>;
  };
}

/** Recognises signs. */
export interface Recognizer {
  needs(): SignNeeds;
  push(keypoints: Keypoints): boolean;
  answer(): Sign | undefined;
  teach(label: Sign["label"], frames?: readonly Keypoints[] | number): void;
  forget(label: Sign["label"]): number;
  labels(): Sign["label"][];
  exportExamples(): string;
  importExamples(json: string): void;
  reset(): void;
  free(): void;
}

/** The recogniser of signs. */
export interface SignsModule {
  Recognizer: new (
    manifest: string | undefined,
    model: Uint8Array | undefined,
    examples: string | undefined,
  ) => Recognizer;
}
