/** What can be pushed. */

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

/** Capture time of a frame in milliseconds, where nothing else is said. */
export function timestampOf(frame: Frame): number {
  return tagOf(frame) === "VideoFrame"
    ? (frame as VideoFrame).timestamp / 1000
    : performance.now();
}

/** The class of an object by name, also where it is of another window or the class is not known here. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
