/** The canvas: shows each picture together with the keypoints of that very picture. */

import type { Keypoints } from "live-keypoints";
import { drawKeypoints } from "live-keypoints/draw";
import type { FaceStyle } from "./settings.js";
import type { Shot } from "./source.js";

export class Stage {
  readonly #frame: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  /** Pictures that wait for their keypoints, by index, in order. */
  readonly #shots = new Map<number, Shot>();
  /** How the face is drawn. */
  faceStyle: FaceStyle = "contours";
  #redraw = (): void => {};

  constructor(frame: HTMLElement, canvas: HTMLCanvasElement) {
    this.#frame = frame;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** Keeps a picture until its keypoints come. */
  keep(index: number, shot: Shot): void {
    this.#shots.set(index, shot);
  }

  /** Shows a picture with its keypoints; older pictures will not get any more. */
  show(keypoints: Keypoints): void {
    const shot = this.#shots.get(keypoints.index);
    if (!shot) return;
    this.#draw(shot.bitmap, keypoints);
    this.forget(keypoints.index);
  }

  /** Shows a picture as it is. */
  showPlain(picture: ImageBitmap): void {
    this.#draw(picture, undefined);
  }

  /** Lets go of the pictures up to an index. */
  forget(lastIndex: number): void {
    for (const [index, shot] of this.#shots) {
      if (index > lastIndex) return;
      this.#shots.delete(index);
      if (shot.isOwned) shot.bitmap.close();
    }
  }

  mirror(isMirrored: boolean): void {
    this.#canvas.classList.toggle("mirrored", isMirrored);
  }

  #draw(picture: ImageBitmap, keypoints: Keypoints | undefined): void {
    this.#frame.style.setProperty(
      "--ratio",
      String(picture.width / picture.height),
    );
    const paint = (): void => {
      const { width, height } = this.#canvas;
      this.#context.imageSmoothingQuality = "high";
      this.#context.drawImage(picture, 0, 0, width, height);
      if (keypoints)
        drawKeypoints(this.#context, keypoints, { face: this.faceStyle });
    };
    paint();
    // A closed bitmap has no size and cannot be drawn again; the next picture comes soon.
    this.#redraw = () => {
      if (picture.width > 0) paint();
    };
  }

  /** As many canvas pixels as the canvas covers on the screen. */
  #resize(): void {
    const width = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    const height = Math.round(this.#canvas.clientHeight * devicePixelRatio);
    if (
      width === 0 ||
      (width === this.#canvas.width && height === this.#canvas.height)
    )
      return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#redraw();
  }
}
