/** Where pictures come from. Each comes twice: as a frame to push, and as a bitmap to show with its keypoints. */

import type { Frame, FrameOptions } from "live-keypoints";

/** One picture. */
export interface Shot {
  frame: Frame;
  options: FrameOptions;
  /** The same picture, to be drawn later. */
  bitmap: ImageBitmap;
  /** Whether the bitmap is closed after it was drawn. */
  isOwned: boolean;
}

export interface Source {
  /** Whether the picture is shown like in a mirror. */
  readonly isMirrored: boolean;
  /** Calls `onShot` for every picture until `pause`. */
  play(onShot: (shot: Shot) => void): void;
  pause(): void;
  /** Gives the camera back. */
  close(): void;
}
