// @ts-nocheck
/** Makes a JPEG of every kind of frame, for the relay takes nothing else. */

import { LiveKeypointsError, messageOf } from "../errors.js";
import type { FrameSource } from "../frames.js";

/** What an encoder may be told. */
export interface EncoderOptions {
  /** Of the JPEGs that are made here, 0 to 1. */
  quality: number;
  /** Most pixels of a frame that is encoded here, width times height. */
  maxPixels: number;
}

/** Encodes one frame after the other, with one canvas for all of them. JPEG bytes pass through as they are. */
export class JpegEncoder {
  readonly #options: EncoderOptions;
  #context: OffscreenCanvasRenderingContext2D | undefined;

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  /**
   * The frame as JPEG; it is closed then. Rejects with `empty-frame`, `not-a-jpeg`, `file-unreadable`,
   * `invalid-pixels`, `too-many-pixels` or `unsupported-frame`.
   */
  async encode(source: FrameSource): Promise<Uint8Array<ArrayBuffer>> {
    switch (source.kind) {
      case "jpeg":
        return checkStart(source.bytes);
      case "jpeg-blob":
        return checkStart(await readBlob(source.blob));
      case "rgba": {
        const { width, height, pixels } = source;
        const clamped = new Uint8ClampedArray(
          pixels.buffer,
          pixels.byteOffset,
          pixels.byteLength,
        );
        return this.#paint(width, height, (context) =>
          context.putImageData(new ImageData(clamped, width, height), 0, 0),
        );
      }
      case "bitmap": {
        const { bitmap } = source;
        const { width, height } = bitmap;
        try {
          return await this.#paint(width, height, (context) =>
            context.drawImage(bitmap, 0, 0, width, height),
          );
        } finally {
          bitmap.close();
        }
      }
      case "video-frame": {
        const { frame } = source;
        const { displayWidth: width, displayHeight: height } = frame;
        try {
          return await this.#paint(width, height, (context) =>
            context.drawImage(frame, 0, 0, width, height),
          );
        } finally {
          frame.close();
        }
      }
      default:
        return source satisfies never;
    }
  }

  async #paint(
    width: number,
    height: number,
    paint: (context: OffscreenCanvasRenderingContext2D) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (width === 0 || height === 0) {
      throw new LiveKeypointsError(
        "invalid-pixels",
        `a picture of ${width}×${height} pixels has none`,
      );
    }
    const { maxPixels, quality } = this.#options;
    if (width * height > maxPixels) {
      throw new LiveKeypointsError(
        "too-many-pixels",
        `the picture has ${width}×${height} pixels, over the limit of ${maxPixels}`,
      );
    }
    try {
      const context = this.#contextOf(width, height);
      paint(context);
      const blob = await context.canvas.convertToBlob({
        type: "image/jpeg",
        quality,
      });
      return new Uint8Array(await blob.arrayBuffer());
    } catch (error) {
      if (error instanceof LiveKeypointsError) throw error;
      throw new LiveKeypointsError("unsupported-frame", messageOf(error), {
        cause: error,
      });
    }
  }

  #contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
    if (!this.#context) {
      if (typeof OffscreenCanvas !== "function") throw noCanvas();
      const context = new OffscreenCanvas(width, height).getContext("2d", {
        alpha: false,
        willReadFrequently: true,
      });
      if (!context) throw noCanvas();
      this.#context = context;
    }
    const { canvas } = this.#context;
    // Setting a size clears the canvas, so that no older picture shines through a transparent one.
    canvas.width = width;
    canvas.height = height;
    return this.#context;
  }
}

/** What cannot be a JPEG need not travel to be refused. */
function checkStart(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0)
    throw new LiveKeypointsError("empty-frame", "the frame is empty");
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8)
    throw new LiveKeypointsError("not-a-jpeg", "the frame is not a JPEG");
  return bytes;
}

async function readBlob(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new LiveKeypointsError("file-unreadable", messageOf(error), {
      cause: error,
    });
  }
}

function noCanvas(): LiveKeypointsError {
  return new LiveKeypointsError(
    "unsupported-frame",
    "this browser has no OffscreenCanvas to make a JPEG with; JPEG bytes can be pushed",
  );
}
