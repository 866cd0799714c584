// @ts-nocheck
/** Keeps to the frames a second that a relay takes: what is above would be sent for nothing. */

/** What may be saved up, milliseconds: half of what the relay allows, so that a network that bunches frames does no harm. */
const MOST_SAVED_MS = 500;

/** Has no clock: it is told the time, in milliseconds that never run backwards. */
export class Pacer {
  readonly #frameMs: number;
  readonly #mostMs: number;
  #savedMs: number;
  #lastMs: number;

  /** At most `fps` frames a second in the long run; `undefined` is no limit. */
  constructor(fps: number | undefined, nowMs: number) {
    this.#frameMs = fps === undefined ? 0 : 1000 / fps;
    this.#mostMs = Math.max(MOST_SAVED_MS, this.#frameMs);
    this.#savedMs = this.#mostMs;
    this.#lastMs = nowMs;
  }

  /** Milliseconds until a frame may be sent; 0 is now. */
  waitMs(nowMs: number): number {
    const earnedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#savedMs = Math.min(this.#mostMs, this.#savedMs + earnedMs);
    return Math.max(0, this.#frameMs - this.#savedMs);
  }

  /** A frame was sent. */
  sent(): void {
    this.#savedMs -= this.#frameMs;
  }
}
