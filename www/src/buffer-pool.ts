/**
 * Buffers of pixels that go round between page and workers. Made anew for every frame, they would lie about as garbage by
 * hundreds of megabytes: what was transferred is only free once the message it came with is collected, too.
 */

/** Enough for the frames in work and their copies; more would be held for nothing. */
const MOST_SPARES = 8;

/** Buffers that are free to be used again. */
export class BufferPool {
  #spares: ArrayBuffer[] = [];

  /** A spare of exactly this length, if there is one. Its bytes are those of an older frame. */
  find(byteLength: number): ArrayBuffer | undefined {
    const index = this.#spares.findIndex(
      (spare) => spare.byteLength === byteLength,
    );
    return index < 0 ? undefined : this.#spares.splice(index, 1)[0];
  }

  /** A copy of `bytes`, in a spare if one fits. */
  copyOf(bytes: Uint8Array | Uint8ClampedArray): ArrayBuffer {
    const { byteLength } = bytes;
    const copy = this.find(byteLength) ?? new ArrayBuffer(byteLength);
    new Uint8Array(copy).set(bytes);
    return copy;
  }

  /** A buffer that nobody needs any more. The oldest spare makes room for it. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return; // It is transferred, and somebody else's now.
    this.#spares.push(buffer);
    if (this.#spares.length > MOST_SPARES) this.#spares.shift();
  }
}
