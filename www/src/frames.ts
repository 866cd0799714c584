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
