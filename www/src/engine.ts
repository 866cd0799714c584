/** What computes a stream's keypoints: workers of this page, or a relay. Both fill the same seam. */

import type { SessionResult, SessionStats } from "./bindings.js";
import type { LiveKeypointsError } from "./errors.js";
import type { Frame } from "./frames.js";
import type { StageStats } from "./stage-times.js";

/** A step of a frame. */
export type Step = "decode" | "pose" | "leftHand" | "rightHand" | "face";

/** Where a stream is computed. */
export type EngineKind = "page" | "relay";

/** Counters since the stream began, and where the time and the memory went. */
export interface Stats extends EngineStats {
  /** How long each stage of a frame took. */
  readonly stages: StageStats;
}

/** Counters since the stream began. Frames received = dropped + completed + failed + buffered + inFlight. */
export interface EngineStats extends SessionStats {
  /** One entry a worker; there may be fewer than asked for where the parts give them nothing to do. None for a relay. */
  readonly workers: readonly WorkerStats[];
  /** The connection, where a relay computes. */
  readonly connection?: ConnectionStats;
}

/** What one worker does. */
export interface WorkerStats {
  /**
   * The steps it is there for: none once another worker has taken them over. One that is idle may run another's, where it
   * has the models.
   */
  readonly steps: readonly Step[];
  /** Milliseconds spent on steps so far. */
  readonly busyMs: number;
  /** Times it died and was replaced. */
  readonly replaced: number;
  /** Bytes of its WebAssembly memory, as of its last step. It grows to what the frames need, and never shrinks. */
  readonly memoryBytes: number;
}

/** How the connection to a relay does. */
export interface ConnectionStats {
  /** What it is at. */
  readonly state: ConnectionState["state"];
  /** Connections that were lost so far. */
  readonly lost: number;
  /** Bytes of frames that the browser has not sent yet. */
  readonly bufferedBytes: number;
}

/** A change of the connection to a relay. */
export interface ConnectionState {
  /**
   * `open`: frames are sent. `waiting`: it was lost, the next attempt comes in `retryInMs`. `connecting`: an attempt is
   * being made. `idle`: the relay ended it for want of frames; the next one opens it again.
   */
  readonly state: "open" | "waiting" | "connecting" | "idle";
  /** Why it was lost. */
  readonly reason?: string;
  /** Milliseconds until the next attempt. */
  readonly retryInMs?: number;
}

/** What an engine tells the stream it works for. */
export interface EngineEvents {
  /** The next result: stills as they are done, frames in order. */
  result(result: SessionResult): void;
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
  stats(): EngineStats;
  /** Ends everything; no event comes after it. */
  close(): void;
}
