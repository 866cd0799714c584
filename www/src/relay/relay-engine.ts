// @ts-nocheck
/** The engine that lets a relay compute: sends frames as fast as it answers, and no more a second than it takes. */

import type { SessionResult } from "../bindings.js";
import type { Engine, EngineEvents, EngineStats } from "../engine.js";
import { asLiveKeypointsError, LiveKeypointsError } from "../errors.js";
import { discard, FrameIntake } from "../frames.js";
import type { Frame, PreparedFrame } from "../frames.js";
import { Watchdog } from "../watchdog.js";
import type { Connection, RelayAnswer } from "./connection.js";
import { frameMessage } from "./frame-message.js";
import { JpegEncoder } from "./jpeg-encoder.js";
import { Link } from "./link.js";
import type { RelaySurroundings } from "./link.js";
import type { CheckedConnectOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import type { OutboxFrame, Settled } from "./outbox.js";
import { Pacer } from "./pacer.js";
import type { RelayAddress } from "./socket.js";

/** How often a socket that has more than a frame to send is looked at, milliseconds. There is no event for it. */
const DRAIN_INTERVAL_MS = 10;

/** One stream on one relay. */
export class RelayEngine implements Engine {
  readonly kind = "relay";
  readonly #options: CheckedConnectOptions;
  readonly #link: Link;
  readonly #intake = new FrameIntake();
  readonly #encoder: JpegEncoder;
  readonly #outbox: Outbox;
  readonly #watchdog = new Watchdog();
  #events: EngineEvents | undefined;
  #pacer = new Pacer(undefined, 0);
  #pumpTimer: ReturnType<typeof setTimeout> | undefined;
  #completed = 0;
  #failed = 0;
  #isSending = false;
  #lastFrameBytes = 0;
  #isClosed = false;

  constructor(
    address: RelayAddress,
    options: CheckedConnectOptions,
    surroundings: RelaySurroundings,
  ) {
    this.#options = options;
    this.#encoder = new JpegEncoder(options.encoder);
    this.#outbox = new Outbox(options.bufferSize);
    this.#link = new Link(address, options, surroundings, {
      ready: (connection) => this.#begin(connection),
      answer: (answer) => this.#settle(answer),
      lost: (error) => this.#lose(error),
      fatal: (error) => this.#events?.fatal(error),
      state: (state) => this.#events?.connection(state),
    });
  }

  /** Opens the first connection. Rejects, and leaves nothing behind, where it cannot be had or is aborted. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#link.start(signal);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  connect(events: EngineEvents): void {
    this.#events = events;
  }

  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number {
    const { index, evicted } = this.#outbox.add(
      this.#prepare(frame, transfer),
      timestampMs,
      performance.now(),
    );
    if (evicted) this.#discard(evicted.prepared);
    this.pump();
    return index;
  }

  addStill(frame: Frame, transfer: boolean | undefined): number {
    const now = performance.now();
    return this.#outbox.addStill(
      () => this.#prepare(frame, transfer),
      now,
      now,
    );
  }

  /** Sends the next frame, where there is one and room for it on the way. */
  pump(): void {
    if (this.#isClosed) return;
    if (this.#outbox.waiting > 0) this.#link.wake();
    const connection = this.#link.ready;
    if (!connection || this.#isSending) return;
    if (!this.#outbox.hasRoom(this.#options.maxFramesInFlight)) return;
    if (connection.bufferedBytes > this.#lastFrameBytes)
      return this.#pumpLater(DRAIN_INTERVAL_MS);
    if (this.#outbox.waiting === 0) return;
    const waitMs = this.#pacer.waitMs(performance.now());
    if (waitMs > 0) return this.#pumpLater(waitMs);
    const frame = this.#outbox.take();
    if (frame) void this.#send(frame);
  }

  reset(): void {
    for (const { prepared } of this.#outbox.reset()) this.#discard(prepared);
    // A connection that comes later starts from scratch in any case.
    this.#link.ready?.reset();
    this.pump();
  }

  stats(): EngineStats {
    return {
      received: this.#outbox.received,
      dropped: this.#outbox.dropped,
      completed: this.#completed,
      failed: this.#failed,
      buffered: this.#outbox.waiting,
      inFlight: this.#outbox.inFlight,
      unread: 0,
      workers: [],
      connection: {
        state: this.#link.state,
        lost: this.#link.lost,
        bufferedBytes: this.#link.ready?.bufferedBytes ?? 0,
      },
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events = undefined;
    clearTimeout(this.#pumpTimer);
    this.#watchdog.stop();
    this.#link.close();
    for (const { prepared } of this.#outbox.clear()) this.#discard(prepared);
  }

  #begin(connection: Connection): void {
    this.#pacer = new Pacer(connection.maxFps, performance.now());
    this.pump();
  }

  async #send(frame: OutboxFrame): Promise<void> {
    this.#isSending = true;
    try {
      const source = await frame.prepared;
      this.#intake.released(source);
      const jpeg = await this.#encoder.encode(source);
      if (this.#outbox.isTaken(frame)) this.#dispatch(frame, jpeg);
    } catch (error) {
      if (this.#outbox.isTaken(frame)) this.#giveUp(frame, error);
    } finally {
      this.#isSending = false;
      this.pump();
    }
  }

  #dispatch(frame: OutboxFrame, jpeg: Uint8Array<ArrayBuffer>): void {
    const connection = this.#link.ready;
    if (!connection) {
      const evicted = this.#outbox.putBack(frame, {
        kind: "jpeg",
        bytes: jpeg,
      });
      if (evicted) this.#discard(evicted.prepared);
      return;
    }
    const message = frameMessage(frame, jpeg);
    if (message.length > connection.maxMessageBytes) {
      throw new LiveKeypointsError(
        "too-many-bytes",
        `the frame has ${message.length} bytes with its header, over the relay's limit of ${connection.maxMessageBytes}`,
      );
    }
    this.#lastFrameBytes = message.length;
    const isFirst = this.#outbox.owed === 0;
    this.#outbox.sent(frame);
    if (isFirst) this.#watch();
    this.#pacer.sent();
    connection.send(message);
  }

  /** A frame that is not worth sending. */
  #giveUp(frame: OutboxFrame, error: unknown): void {
    this.#outbox.failed(frame);
    const { code, message } = asLiveKeypointsError(error, "unsupported-frame");
    this.#fail(frame, code, message, frame.droppedBefore);
  }

  #settle(answer: RelayAnswer): void {
    this.#link.proved();
    const settled = this.#outbox.answered(answer.frameId);
    this.#watch();
    if (!settled) return;
    if (answer.kind === "error") {
      const { code, message } = answer;
      this.#fail(settled.frame, code, message, settled.dropped);
    } else {
      this.#completed += 1;
      this.#events?.result(resultOf(answer, settled));
    }
    this.pump();
  }

  /** Whether there is something to send, once there is another connection. */
  #lose(error: LiveKeypointsError): boolean {
    this.#watchdog.stop();
    for (const frame of this.#outbox.lost())
      this.#fail(frame, "connection-lost", error.message, frame.droppedBefore);
    return this.#outbox.waiting + this.#outbox.inFlight > 0;
  }

  /** From now on, the relay has so long for its next answer, if there may be one. */
  #watch(): void {
    if (this.#outbox.unanswered === 0) return this.#watchdog.stop();
    const { answerTimeoutMs } = this.#options;
    this.#watchdog.start(answerTimeoutMs, () => {
      if (this.#outbox.owed > 0)
        return this.#link.lose(`no answer for ${answerTimeoutMs} ms`);
      this.#outbox.forgetThrownAway();
      this.pump();
      this.#events?.forgotten();
    });
  }

  #pumpLater(waitMs: number): void {
    clearTimeout(this.#pumpTimer);
    this.#pumpTimer = setTimeout(() => this.pump(), waitMs);
  }

  #fail(
    { index, timestampMs }: { index: number; timestampMs: number },
    code: string,
    message: string,
    dropped: number,
  ): void {
    this.#failed += 1;
    this.#events?.result({
      kind: "error",
      ...{ index, timestampMs, code, message, dropped },
    });
  }

  #prepare(frame: Frame, transfer: boolean | undefined): PreparedFrame {
    const prepared = this.#intake.prepare(frame, transfer);
    if (prepared instanceof Promise) prepared.catch(() => {}); // Looked at when it is sent.
    return prepared;
  }

  #discard(prepared: PreparedFrame): void {
    void Promise.resolve(prepared)
      .then((source) => {
        this.#intake.released(source);
        discard(source);
      })
      .catch(() => {}); // It failed, and there is nothing to give back.
  }
}

/** The relay's result in the stream's own numbers; the total is what this side waited for it. */
function resultOf(
  answer: RelayAnswer & { kind: "keypoints" },
  { frame, dropped }: Settled,
): SessionResult {
  const { frameId: _frameId, timestampUs: _timestampUs, ...landmarks } = answer;
  return {
    ...landmarks,
    index: frame.index,
    timestampMs: frame.timestampMs,
    dropped,
    timings: { ...answer.timings, total: performance.now() - frame.pushedMs },
  };
}
