/**
 * The messages between page and worker, both ways. Every worker does one thing at a time: after `decode` or `run` the
 * page waits for `decoded`, `outcome`, `failed` or `broken`.
 */

import type { ModelName } from "./assets.js";
import type { ErrorCode } from "./errors.js";

/** Raised whenever a message changes its meaning. */
export const PROTOCOL_VERSION = 5;

/** A frame on its way to the worker that reads its pixels. */
export type FrameSource =
  | { kind: "jpeg"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "jpeg-blob"; blob: Blob }
  | {
      kind: "rgba";
      width: number;
      height: number;
      pixels: Uint8Array<ArrayBuffer>;
    }
  | { kind: "bitmap"; bitmap: ImageBitmap }
  | { kind: "video-frame"; frame: VideoFrame };

/** Pixels of a frame, three bytes each, row by row without gaps. */
export interface RgbPixels {
  width: number;
  height: number;
  rgb: ArrayBuffer;
}

/** Where the module is that a worker compiles: the file, or its address. */
export type AssetPlace = { file: Blob } | { url: string };

/** What the page says. `release` lists frames whose pixels the worker may forget first. */
export type PageMessage =
  /**
   * Compile the inference module, for all workers; one of them is told so, at once, and once more, with another `cache`,
   * where its download is silent.
   */
  | { type: "compile"; source: AssetPlace; cache: "default" | "no-store" }
  | {
      type: "init";
      module: WebAssembly.Module;
      /** How many models follow before the worker is ready. */
      models: number;
      /** Most pixels of a frame, width times height. */
      maxPixels: number;
      /** Whether a JPEG may be decoded at a reduced scale. */
      fastDecode: boolean;
    }
  /** A model to load; after `ready`, one of another worker's steps, which this one takes over. */
  | { type: "model"; name: ModelName; bytes: Uint8Array<ArrayBuffer> }
  | {
      type: "decode";
      ticket: number;
      frame: number;
      source: FrameSource;
      /** Whether other workers will need the pixels. */
      wantsCopy: boolean;
      /** Where the copy may go, if it is of the right length. */
      spare: ArrayBuffer | undefined;
      release: number[];
    }
  | {
      type: "run";
      ticket: number;
      frame: number;
      job: Uint8Array;
      /** The frame's pixels, where this worker has not got them yet. */
      pixels: RgbPixels | undefined;
      release: number[];
    };

/** What a worker says. */
export type WorkerMessage =
  /** The script runs; sent unasked, once. */
  | { type: "hello"; protocol: number; version: string }
  /** A piece of the module has been downloaded. */
  | {
      type: "downloaded";
      loadedBytes: number;
      totalBytes: number | undefined;
    }
  /** The module, to be given to all workers with `init`. */
  | { type: "compiled"; module: WebAssembly.Module }
  /** One model is loaded and optimised. */
  | { type: "loaded"; model: ModelName }
  /** All of `init` is done. */
  | { type: "ready"; version: string; memoryBytes: number }
  | {
      type: "decoded";
      ticket: number;
      /** Of the picture. Its pixels may be fewer. */
      width: number;
      height: number;
      elapsedUs: number;
      copy: RgbPixels | undefined;
      /** Buffers that came with the step and can be used again. */
      spares?: ArrayBuffer[];
      memoryBytes: number;
    }
  | {
      type: "outcome";
      ticket: number;
      outcome: Uint8Array;
      elapsedUs: number;
      spares?: ArrayBuffer[];
      /** Length of the worker's WebAssembly memory. */
      memoryBytes: number;
    }
  /** This step failed; the worker goes on. */
  | { type: "failed"; ticket: number; code: ErrorCode; message: string }
  /** The worker cannot go on and wants to be replaced. */
  | { type: "broken"; code: ErrorCode; message: string };

/** For the default branch of a `switch` over a union: does not compile while a case is missing. */
export function unreachable(message: never): never {
  throw new TypeError(`unknown message ${JSON.stringify(message)}`);
}
