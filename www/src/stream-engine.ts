/** The engine over a stream of one of the page's own modules. */

import type { ModuleStream, PanicHooks } from "./bindings.js";
import type { Engine, EngineEvents, EngineKind } from "./engine.js";
import { asLiveKeypointsError, codeOf, LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type { Stats } from "./generated/results.js";

/** Drives one stream. An instance that trapped is of no more use: its stream ends. */
export class StreamEngine implements Engine {
  readonly kind: EngineKind;
  #stream!: ModuleStream;
  #events: EngineEvents | undefined;

  private constructor(kind: EngineKind) {
    this.kind = kind;
  }

  /** Waits for the stream that `begin` starts. */
  static async start(
    kind: EngineKind,
    begin: (hooks: PanicHooks) => Promise<ModuleStream>,
  ): Promise<StreamEngine> {
    const engine = new StreamEngine(kind);
    let onPanic = (_message: string): void => {};
    const panic = new Promise<never>((_resolve, reject) => {
      onPanic = (message) => {
        const error = new LiveKeypointsError("internal", message);
        reject(error);
        engine.#events?.fatal(error);
      };
    });
    panic.catch(() => {});
    const starting = begin({
      guard: (call) => (event) => engine.#guard(() => call(event)),
      onPanic,
    });
    try {
      engine.#stream = await Promise.race([starting, panic]);
    } catch (error) {
      throw asLiveKeypointsError(error, "internal");
    }
    return engine;
  }

  connect(events: EngineEvents): void {
    this.#events = events;
    this.#stream.connect(
      (result) => events.result(result),
      (error) => events.fatal(asLiveKeypointsError(error, "internal")),
      (state) => events.connection(state),
      () => events.forgotten(),
    );
  }

  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number {
    const index = this.#stream.addFrame(frame, timestampMs, transfer);
    this.pump();
    return index;
  }

  addStill(frame: Frame, transfer: boolean | undefined): number {
    return this.#stream.addStill(frame, transfer);
  }

  pump(): void {
    this.#guard(() => this.#stream.pump());
  }

  reset(): void {
    this.#stream.reset();
    this.pump();
  }

  stats(): Stats {
    return this.#stream.stats();
  }

  close(): void {
    this.#events = undefined;
    try {
      this.#stream.close();
    } catch {
      // An instance that trapped cannot be called any more.
    }
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (codeOf(error)) throw error;
      this.#events?.fatal(asLiveKeypointsError(error, "internal"));
    }
  }
}
