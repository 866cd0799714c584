/** The frames of a stream by index: what waits for a worker, and which worker holds whose pixels. */

import { discard } from "./frames.js";
import type { FrameIntake, PreparedFrame } from "./frames.js";
import type { FrameSource, RgbPixels } from "./protocol.js";
import type { WorkerSlot } from "./worker-slot.js";

/** How a worker gets the pixels it needs: it has them, they go with the message, or they are lost with a dead worker. */
export type PixelDelivery =
  | { kind: "held" }
  | { kind: "sent"; pixels: RgbPixels; transfer: ArrayBuffer[] }
  | { kind: "lost" };

/** Holds what the session asked for and has not let go; never more than its buffer and the frames in work. */
export class FrameStore {
  readonly #intake: FrameIntake;
  readonly #slots: readonly WorkerSlot[];
  readonly #waiting = new Map<number, PreparedFrame>();
  readonly #copies = new Map<number, RgbPixels>();
  readonly #held = new Map<WorkerSlot, Set<number>>();
  readonly #releases = new Map<WorkerSlot, number[]>();

  constructor(intake: FrameIntake, slots: readonly WorkerSlot[]) {
    this.#intake = intake;
    this.#slots = slots;
    for (const slot of slots) this.forget(slot);
  }

  /** A frame waits for a worker. */
  add(index: number, prepared: PreparedFrame): void {
    if (prepared instanceof Promise) prepared.catch(() => {}); // Looked at when a worker takes it.
    this.#waiting.set(index, prepared);
  }

  /** The frame, for the worker that reads its pixels: it is the store's no more. */
  async take(index: number): Promise<FrameSource> {
    const prepared = this.#waiting.get(index);
    if (!prepared) throw new Error(`frame ${index} is not waiting`);
    this.#waiting.delete(index);
    const source = await prepared;
    this.#intake.released(source);
    return source;
  }

  /** As `take`, where that needs no waiting. */
  takeNow(index: number): FrameSource | undefined {
    const prepared = this.#waiting.get(index);
    if (!prepared || prepared instanceof Promise) return undefined;
    this.#waiting.delete(index);
    this.#intake.released(prepared);
    return prepared;
  }

  /** A worker has read the pixels; `copy` is for the others. */
  decoded(index: number, slot: WorkerSlot, copy: RgbPixels | undefined): void {
    this.#held.get(slot)?.add(index);
    if (copy) this.#copies.set(index, copy);
  }

  /** Says how `slot` gets the pixels, and from now on counts it among the holders. */
  deliver(index: number, slot: WorkerSlot): PixelDelivery {
    const held = this.#held.get(slot);
    if (held?.has(index)) return { kind: "held" };
    const pixels = this.#copies.get(index);
    if (!pixels) return { kind: "lost" };
    held?.add(index);
    const isLast = this.#slots.every((other) =>
      this.#held.get(other)?.has(index),
    );
    if (isLast) this.#copies.delete(index);
    const rgb = isLast
      ? pixels.rgb
      : this.#intake.buffers.copyOf(new Uint8Array(pixels.rgb));
    return { kind: "sent", pixels: { ...pixels, rgb }, transfer: [rgb] };
  }

  /** The frame is asked for no more. */
  release(index: number): void {
    const prepared = this.#waiting.get(index);
    this.#waiting.delete(index);
    if (prepared instanceof Promise)
      void prepared.then((source) => this.#discard(source)).catch(() => {});
    else if (prepared) this.#discard(prepared);
    const copy = this.#copies.get(index);
    if (copy) this.#intake.buffers.give(copy.rgb);
    this.#copies.delete(index);
    for (const [slot, held] of this.#held) {
      if (held.delete(index)) this.#releases.get(slot)?.push(index);
    }
  }

  /** The frames that a worker may forget, to be sent with its next message. */
  releasesFor(slot: WorkerSlot): number[] {
    return this.#releases.get(slot) ?? [];
  }

  /** The worker has been told. */
  clearReleases(slot: WorkerSlot): void {
    this.#releases.set(slot, []);
  }

  /** The worker is gone, and its pixels with it. */
  forget(slot: WorkerSlot): void {
    this.#held.set(slot, new Set());
    this.#releases.set(slot, []);
  }

  /** Lets everything go. */
  clear(): void {
    for (const index of [...this.#waiting.keys()]) this.release(index);
    this.#copies.clear();
    for (const slot of this.#slots) this.forget(slot);
  }

  #discard(source: FrameSource): void {
    if (source.kind === "rgba") this.#intake.buffers.give(source.pixels.buffer);
    this.#intake.released(source);
    discard(source);
  }
}
