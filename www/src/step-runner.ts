/** Runs the steps of frames inside a worker. */

import type { Runner } from "./bindings.js";
import type { PixelReader } from "./pixels.js";
import type { PageMessage, RgbPixels, WorkerMessage } from "./protocol.js";

/** An answer, with what is transferred along. */
export interface Answer {
  message: WorkerMessage;
  transfer: Transferable[];
}

/** The models of a worker and the pixels it holds. */
export class StepRunner {
  readonly #runner: Runner;
  readonly #reader: PixelReader;
  readonly #memory: WebAssembly.Memory;

  constructor(runner: Runner, reader: PixelReader, memory: WebAssembly.Memory) {
    this.#runner = runner;
    this.#reader = reader;
    this.#memory = memory;
  }

  /** Length of the memory that all of it is in. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Runs one step. Throws an error with a `code` where only this step failed. */
  async run(
    message: PageMessage & { type: "decode" | "run" },
  ): Promise<Answer> {
    for (const frame of message.release) this.#runner.release(frame);
    return message.type === "decode"
      ? this.#decode(message)
      : this.#runBranch(message);
  }

  async #decode(message: PageMessage & { type: "decode" }): Promise<Answer> {
    const { ticket, frame, source, wantsCopy, spare } = message;
    const start = performance.now();
    const { width, height } = await this.#reader.read(frame, source);
    const elapsedUs = microsecondsSince(start);
    const copy = wantsCopy ? this.#copy(frame, spare) : undefined;
    const spares = source.kind === "rgba" ? [source.pixels.buffer] : [];
    return {
      message: {
        ...{ type: "decoded", ticket, width, height, elapsedUs, copy, spares },
        memoryBytes: this.memoryBytes,
      },
      transfer: copy ? [copy.rgb, ...spares] : spares,
    };
  }

  /** The frame's pixels, in the spare buffer if it is of their length. */
  #copy(frame: number, spare: ArrayBuffer | undefined): RgbPixels {
    const { width, height } = this.#runner.pixelSize(frame);
    if (spare?.byteLength !== width * height * 3) {
      const rgb = wholeBuffer(this.#runner.takeRgb(frame));
      return { width, height, rgb };
    }
    this.#runner.copyRgb(frame, new Uint8Array(spare));
    return { width, height, rgb: spare };
  }

  #runBranch(message: PageMessage & { type: "run" }): Answer {
    const { ticket, frame, job, pixels } = message;
    if (pixels) {
      const { width, height, rgb } = pixels;
      this.#runner.putRgb(frame, width, height, new Uint8Array(rgb));
    }
    const start = performance.now();
    const outcome = this.#runner.run(frame, job);
    const elapsedUs = microsecondsSince(start);
    const spares = pixels ? [pixels.rgb] : [];
    return {
      message: {
        ...{ type: "outcome", ticket, outcome, elapsedUs, spares },
        memoryBytes: this.memoryBytes,
      },
      transfer: spares,
    };
  }
}

function microsecondsSince(start: number): number {
  return Math.round((performance.now() - start) * 1000);
}

/** The buffer of bytes that fill it, as those that WebAssembly hands out do. */
function wholeBuffer(bytes: Uint8Array): ArrayBuffer {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  return (isWhole ? bytes : bytes.slice()).buffer as ArrayBuffer;
}
