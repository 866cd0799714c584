/** What can be pushed, and how it gets to the worker that reads its pixels. */

import { BufferPool } from "./buffer-pool.js";
import { LiveKeypointsError, messageOf } from "./errors.js";

/** Everything that can be pushed or detected on: a JPEG as bytes or Blob, or a picture that the browser holds. */
export type Frame =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | VideoFrame
  | ImageBitmap
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | HTMLImageElement;

/** A frame on its way to whoever reads its pixels. */
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

/** How one frame is given. */
export interface FrameOptions {
  /**
   * Capture time in milliseconds, which comes back as it was given. Default: `VideoFrame.timestamp / 1000`, else
   * `performance.now()`. Any finite number, also below 0. A step back in time, as of a video that loops, restarts
   * smoothing and leaves tracking alone; a frame of the same time as the one before it is not smoothed. (MediaPipe ends
   * with an error at both.)
   */
  timestampMs?: number | undefined;
  /**
   * Whether the frame is taken over: a VideoFrame or ImageBitmap is closed, the buffer behind bytes is detached.
   * Default true for VideoFrame and ImageBitmap, false for bytes, which are copied; without meaning for the others.
   */
  transfer?: boolean | undefined;
}

/** A frame for a worker, or the promise of one where the browser needs a moment. */
export type PreparedFrame = FrameSource | Promise<FrameSource>;

/** VideoFrames that wait as they are. A camera has few buffers and stops when all are held; more are copied. */
const MAX_HELD_VIDEO_FRAMES = 4;

/** Turns frames into what workers take. */
export class FrameIntake {
  /** What the pixels of frames are copied into. */
  readonly buffers = new BufferPool();
  #heldVideoFrames = 0;

  /**
   * Takes the picture of this moment. Throws `unsupported-frame` for what is no frame at all; a frame that only proves
   * bad is a promise that rejects.
   */
  prepare(frame: Frame, transfer: boolean | undefined): PreparedFrame {
    try {
      return this.#take(frame, transfer);
    } catch (error) {
      if (error instanceof LiveKeypointsError) throw error;
      // Bytes whose buffer is detached, a VideoFrame that is closed.
      return rejected(messageOf(error));
    }
  }

  /** A prepared frame has left the page, or is thrown away. */
  released(source: FrameSource): void {
    if (source.kind === "video-frame") this.#heldVideoFrames -= 1;
  }

  #take(frame: Frame, transfer: boolean | undefined): PreparedFrame {
    switch (tagOf(frame)) {
      case "Uint8Array":
      case "Uint8ClampedArray":
        return {
          kind: "jpeg",
          bytes: ownBytes(frame as Uint8Array, transfer ?? false),
        };
      case "ArrayBuffer":
        return {
          kind: "jpeg",
          bytes: ownBytes(
            new Uint8Array(frame as ArrayBuffer),
            transfer ?? false,
          ),
        };
      case "Blob":
      case "File":
        return { kind: "jpeg-blob", blob: frame as Blob };
      case "ImageData":
        return this.#fromImageData(frame as ImageData, transfer ?? false);
      case "VideoFrame": {
        const video = frame as VideoFrame;
        return this.#fromVideoFrame(transfer === false ? video.clone() : video);
      }
      case "ImageBitmap": {
        const bitmap = frame as ImageBitmap;
        return transfer === false
          ? bitmapOf(bitmap)
          : { kind: "bitmap", bitmap };
      }
      case "HTMLVideoElement":
        return this.#fromVideoElement(frame as HTMLVideoElement);
      case "HTMLCanvasElement":
      case "OffscreenCanvas":
      case "HTMLImageElement":
        return bitmapOf(frame as HTMLCanvasElement);
      default:
        throw new LiveKeypointsError(
          "unsupported-frame",
          `${tagOf(frame)} is no frame; taken are JPEG bytes, Blob, VideoFrame, ImageBitmap, ImageData, canvas, <video> and <img>`,
        );
    }
  }

  #fromImageData(image: ImageData, transfer: boolean): PreparedFrame {
    const { width, height } = image;
    const data: unknown = image.data;
    if (!(data instanceof Uint8ClampedArray))
      return rejected("ImageData must have 8 bits a channel");
    const pixels = transfer
      ? ownBytes(data, transfer)
      : new Uint8Array(this.buffers.copyOf(data));
    return { kind: "rgba", width, height, pixels };
  }

  #fromVideoElement(video: HTMLVideoElement): PreparedFrame {
    if (typeof VideoFrame !== "function") return bitmapOf(video);
    return this.#fromVideoFrame(new VideoFrame(video, { timestamp: 0 }));
  }

  #fromVideoFrame(frame: VideoFrame): PreparedFrame {
    if (this.#heldVideoFrames < MAX_HELD_VIDEO_FRAMES) {
      this.#heldVideoFrames += 1;
      return { kind: "video-frame", frame };
    }
    return bitmapOf(frame).finally(() => frame.close());
  }
}

/** Capture time of a frame in milliseconds, where nothing else is said. */
export function timestampOf(frame: Frame): number {
  return tagOf(frame) === "VideoFrame"
    ? (frame as VideoFrame).timestamp / 1000
    : performance.now();
}

/** Gives back what a frame holds outside the heap. */
export function discard(source: FrameSource): void {
  if (source.kind === "bitmap") source.bitmap.close();
  if (source.kind === "video-frame") source.frame.close();
}

/** The class of an object by name, also where it is of another window or the class is not known here. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function ownBytes(
  bytes: Uint8Array | Uint8ClampedArray,
  transfer: boolean,
): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  if (transfer && buffer instanceof ArrayBuffer)
    return new Uint8Array(buffer, byteOffset, byteLength);
  return new Uint8Array(bytes);
}

async function bitmapOf(picture: ImageBitmapSource): Promise<FrameSource> {
  try {
    return { kind: "bitmap", bitmap: await createImageBitmap(picture) };
  } catch (error) {
    throw new LiveKeypointsError("unsupported-frame", messageOf(error), {
      cause: error,
    });
  }
}

function rejected(message: string): Promise<FrameSource> {
  return Promise.reject(new LiveKeypointsError("unsupported-frame", message));
}
