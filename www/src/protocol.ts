/**
 * The messages between page and worker, both ways. Every worker does one thing at a time: after `decode` or `run` the
 * page waits for `decoded`, `outcome`, `failed` or `broken`.
 */

import type { ModelName } from "./assets.js";
import type { ErrorCode } from "./errors.js";

/** Raised whenever a message changes its meaning. */
export const PROTOCOL_VERSION = 4;

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

/** Where a worker gets an asset from: the file, or its address. */
export type AssetPlace = { file: Blob } | { url: string };

/** Where a worker gets a model file from. */
export type ModelSource =
  | AssetPlace
  | {
      url: string;
      /** Its SHA-256 in hexadecimal, where it must be that file. */
      digest?: string;
      /** Whether it is kept for the next time. */
      keeps?: boolean;
    };

/** What the page says. `release` lists frames whose pixels the worker may forget first. */
export type PageMessage =
  /** Compile the inference module, for all workers; one of them is told so, at once. */
  | { type: "compile"; source: AssetPlace }
  /** The models of the worker; it gets them at once, and loads them with `init`. */
  | { type: "models"; models: { name: ModelName; source: ModelSource }[] }
  | {
      type: "init";
      module: WebAssembly.Module;
      /** Most pixels of a frame, width times height. */
      maxPixels: number;
      /** Whether a JPEG may be decoded at a reduced scale. */
      fastDecode: boolean;
    }
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
  /** A piece of a model has been downloaded. */
  | {
      type: "downloaded";
      model: ModelName;
      loadedBytes: number;
      totalBytes: number | undefined;
    }
  /** All of a model is there. */
  | { type: "arrived"; model: ModelName; bytes: number }
  /** The module, to be given to all workers with `init`. */
  | { type: "compiled"; module: WebAssembly.Module }
  /** One model is loaded and optimised. */
  | { type: "loaded"; model: ModelName }
  /** All of `init` is done. */
  | { type: "ready"; version: string; memoryBytes: number }
  | {
      type: "decoded";
      ticket: number;
      width: number;
      height: number;
      elapsedUs: number;
      copy: ArrayBuffer | undefined;
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
