/** Bytes of unknown number, kept outside the page's heap: a browser may keep Blobs on disk. */

const BYTES_A_BLOB = 1 << 20;

/** Gathers bytes in pieces of a megabyte. */
export class BlobWriter {
  readonly #full: Blob[] = [];
  #piece = new Uint8Array(0);
  #used = 0;

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#used === this.#piece.length) this.#turn();
      const fitting = bytes.subarray(at, at + this.#piece.length - this.#used);
      this.#piece.set(fitting, this.#used);
      this.#used += fitting.length;
      at += fitting.length;
    }
  }

  /** Everything so far, in order. Later bytes do not change it. */
  parts(): Blob[] {
    return [...this.#full, new Blob([this.#piece.subarray(0, this.#used)])];
  }

  #turn(): void {
    if (this.#used > 0) this.#full.push(new Blob([this.#piece]));
    else this.#piece = new Uint8Array(BYTES_A_BLOB);
    this.#used = 0;
  }
}
