/** What computes a stream's keypoints: a stream of one of the page's own modules, whose workers or relay do. */

import type { ModuleStream, PanicHooks } from "./bindings.js";
import { asLiveKeypointsError, codeOf, LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type {
  ConnectionState,
  FailedFrame,
  Keypoints,
  Sign,
  Stats,
} from "./generated/results.js";

/** Where a stream is computed. */
export type EngineKind = "page" | "relay";

/** What an engine tells the stream it works for. */
export interface EngineEvents {
  /** The next result: stills as they are done, frames in order. */
  result(result: Keypoints | FailedFrame): void;
  /** The stream cannot go on. */
  fatal(error: LiveKeypointsError): void;
  /** The connection changed. */
  connection(state: ConnectionState): void;
  /** Frames that were in flight get no result and no error: a reset threw them away. */
  forgotten(): void;
  /** A sign was recognised. */
  sign(sign: Sign): void;
  /** Nothing has moved for some time. */
  idle(): void;
}

/** Drives one stream of a module. An instance that trapped is of no more use: its stream ends. */
export class Engine {
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
  ): Promise<Engine> {
    const engine = new Engine(kind);
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

  /** From now on, `events` are told. */
  connect(events: EngineEvents): void {
    this.#events = events;
    this.#stream.connect(
      (result) => events.result(result),
      (error) => events.fatal(asLiveKeypointsError(error, "internal")),
      (state) => events.connection(state),
      () => events.forgotten(),
      (sign) => events.sign(sign),
      () => events.idle(),
    );
  }

  /** Takes a frame of the stream; a full buffer drops its oldest. Returns its index; throws `unsupported-frame`. */
  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number {
    const index = this.#stream.addFrame(frame, timestampMs, transfer);
    this.pump();
    return index;
  }

  /** Takes a stateless picture and returns its index; throws `busy`. Nothing comes of it before `pump`. */
  addStill(frame: Frame, transfer: boolean | undefined): number {
    return this.#stream.addStill(frame, transfer);
  }

  /** Gives work to whoever is free. */
  pump(): void {
    this.#guard(() => this.#stream.pump());
  }

  /** Throws away the waiting frames and the tracking state. */
  reset(): void {
    this.#stream.reset();
    this.pump();
  }

  stats(): Stats {
    return this.#stream.stats();
  }

  /** Ends everything; no event comes after it. */
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
