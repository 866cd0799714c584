/** What computes a stream's keypoints: workers of this page, or a relay. Both fill the same seam. */

import type { LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type {
  ConnectionState,
  Stats,
  FailedFrame,
  Keypoints,
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
}

/** Takes frames and gives a result for each that it does not drop. */
export interface Engine {
  readonly kind: EngineKind;
  /** From now on, `events` are told. */
  connect(events: EngineEvents): void;
  /** Takes a frame of the stream; a full buffer drops its oldest. Returns its index; throws `unsupported-frame`. */
  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number;
  /** Takes a stateless picture and returns its index; throws `busy`. Nothing comes of it before `pump`. */
  addStill(frame: Frame, transfer: boolean | undefined): number;
  /** Gives work to whoever is free. */
  pump(): void;
  /** Throws away the waiting frames and the tracking state. */
  reset(): void;
  stats(): Stats;
  /** Ends everything; no event comes after it. */
  close(): void;
}
