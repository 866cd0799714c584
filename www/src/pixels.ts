/** Reads the pixels of a frame inside a worker. No DOM here: workers have none. */

import { LiveKeypointsError, messageOf } from "./errors.js";
import { unreachable } from "./protocol.js";
import type { FrameSource } from "./protocol.js";
import type { Runner } from "./bindings.js";

/** Size of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Takes frames into a `Runner`, with one canvas for all of them. */
export class PixelReader {
  readonly #runner: Runner;
  readonly #maxPixels: number;
  readonly #fastDecode: boolean;
  #context: OffscreenCanvasRenderingContext2D | undefined;
  #rgba = new Uint8Array(0);

  constructor(runner: Runner, maxPixels: number, fastDecode: boolean) {
    this.#runner = runner;
    this.#maxPixels = maxPixels;
    this.#fastDecode = fastDecode;
  }

  /** Leaves the frame's pixels in the runner under `frame`, and closes what was given. */
  async read(frame: number, source: FrameSource): Promise<Size> {
    try {
      return await this.#read(frame, source);
    } catch (error) {
      // The browser's own complaint about what it was given; the worker is sound.
      if (!(error instanceof DOMException)) throw error;
      const code =
        source.kind === "jpeg-blob" ? "file-unreadable" : "unsupported-frame";
      throw new LiveKeypointsError(code, messageOf(error), { cause: error });
    }
  }

  async #read(frame: number, source: FrameSource): Promise<Size> {
    switch (source.kind) {
      case "jpeg":
        return this.#decode(frame, source.bytes);
      case "jpeg-blob":
        return this.#decode(
          frame,
          new Uint8Array(await source.blob.arrayBuffer()),
        );
      case "rgba":
        this.#checkSize(source);
        this.#runner.putRgba(frame, source.width, source.height, source.pixels);
        return { width: source.width, height: source.height };
      case "bitmap":
        try {
          return this.#draw(frame, source.bitmap, source.bitmap);
        } finally {
          source.bitmap.close();
        }
      case "video-frame":
        try {
          return (
            (await this.#copyVideoFrame(frame, source.frame)) ??
            this.#drawVideoFrame(frame, source.frame)
          );
        } finally {
          source.frame.close();
        }
      default:
        return unreachable(source);
    }
  }

  #decode(frame: number, bytes: Uint8Array): Size {
    const { width, height } = this.#runner.decodeJpeg(
      frame,
      bytes,
      this.#maxPixels,
      this.#fastDecode,
    );
    return { width, height };
  }

  /** The quick way; `undefined` where the browser cannot convert to RGBA or the frame must be turned or scaled. */
  async #copyVideoFrame(
    frame: number,
    video: VideoFrame,
  ): Promise<Size | undefined> {
    const visible = video.visibleRect;
    const { rotation = 0, flip = false } = video as {
      rotation?: number;
      flip?: boolean;
    };
    if (!visible || rotation !== 0 || flip) return undefined;
    const size = { width: visible.width, height: visible.height };
    if (
      size.width !== video.displayWidth ||
      size.height !== video.displayHeight
    )
      return undefined;
    this.#checkSize(size);
    const rgba = {
      format: "RGBA",
      colorSpace: "srgb",
    } as VideoFrameCopyToOptions;
    try {
      const length = video.allocationSize(rgba);
      if (length !== size.width * size.height * 4) return undefined;
      if (this.#rgba.length !== length) this.#rgba = new Uint8Array(length);
      await video.copyTo(this.#rgba, rgba);
    } catch {
      return undefined;
    }
    this.#runner.putRgba(frame, size.width, size.height, this.#rgba);
    return size;
  }

  #drawVideoFrame(frame: number, video: VideoFrame): Size {
    return this.#draw(frame, video, {
      width: video.displayWidth,
      height: video.displayHeight,
    });
  }

  #draw(
    frame: number,
    picture: ImageBitmap | VideoFrame,
    { width, height }: Size,
  ): Size {
    this.#checkSize({ width, height });
    const context = this.#contextOf(width, height);
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    this.#runner.putRgba(
      frame,
      width,
      height,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return { width, height };
  }

  #contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
    if (!this.#context) {
      const context = new OffscreenCanvas(width, height).getContext("2d", {
        willReadFrequently: true,
      });
      if (!context)
        throw new LiveKeypointsError(
          "unsupported-frame",
          "this browser has no 2D canvas in workers",
        );
      this.#context = context;
    }
    const { canvas } = this.#context;
    // Setting a size clears the canvas, so that no older picture shines through a transparent one.
    canvas.width = width;
    canvas.height = height;
    return this.#context;
  }

  /** Before any memory is taken for the picture. */
  #checkSize({ width, height }: Size): void {
    if (width === 0 || height === 0) {
      throw new LiveKeypointsError(
        "invalid-pixels",
        `a picture of ${width}×${height} pixels has none`,
      );
    }
    if (width * height > this.#maxPixels) {
      const message = `the picture has ${width}×${height} pixels, over the limit of ${this.#maxPixels}`;
      throw new LiveKeypointsError("too-many-pixels", message);
    }
  }
}
