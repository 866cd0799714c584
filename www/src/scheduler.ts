/** Between session and workers: gives every idle worker the step that the session has for it, and hands on results. */

import type { BufferPool } from "./buffer-pool.js";
import { asLiveKeypointsError, messageOf } from "./errors.js";
import type { ErrorCode, LiveKeypointsError } from "./errors.js";
import { FrameStore } from "./frame-store.js";
import { discard, transferables } from "./frames.js";
import type { FrameIntake, PreparedFrame } from "./frames.js";
import { unreachable } from "./protocol.js";
import type { FrameSource } from "./protocol.js";
import type { Session, SessionResult, SessionStats, Task } from "./bindings.js";
import type { StepAnswer, StepMessage, WorkerSlot } from "./worker-slot.js";

/** What a scheduler tells its owner. */
export interface SchedulerEvents {
  /** The next result, in frame order. */
  result(result: SessionResult): void;
  /** The session cannot go on. */
  fatal(error: LiveKeypointsError): void;
}

/** Drives one session. Its owner wires the workers' events to `answered` and `died`, and calls `pump` when one is ready. */
export class Scheduler {
  /** Milliseconds that the workers of each slot have spent on steps, as seen from the page. */
  readonly busyMs = new Map<WorkerSlot, number>();
  readonly #session: Session;
  readonly #slots: readonly WorkerSlot[];
  readonly #frames: FrameStore;
  readonly #buffers: BufferPool;
  /** Bytes of the copy that a worker made last: the next one will be as long, most of the time. */
  #copyLength = 0;
  readonly #events: SchedulerEvents;
  /** Capture times as they were given, in milliseconds; the session's are whole microseconds. */
  readonly #timestampsMs = new Map<number, number>();
  readonly #running = new Map<WorkerSlot, { task: Task; startMs: number }>();
  #isDelivering = false;
  #isClosed = false;

  constructor(
    session: Session,
    slots: readonly WorkerSlot[],
    intake: FrameIntake,
    events: SchedulerEvents,
  ) {
    this.#session = session;
    this.#slots = slots;
    this.#buffers = intake.buffers;
    this.#frames = new FrameStore(intake, slots);
    this.#events = events;
  }

  /** Takes a frame of the stream; a full buffer drops its oldest. Returns the frame's index. */
  addFrame(frame: PreparedFrame, timestampMs: number): number {
    const { index, evicted } = this.#session.addFrame(
      timestampMs,
      performance.now(),
    );
    this.#frames.add(index, frame);
    this.#timestampsMs.set(index, timestampMs);
    if (evicted !== undefined) this.#drop(evicted);
    this.pump();
    return index;
  }

  /** Takes a stateless picture; throws `busy`, and leaves the picture alone, where there is no room. */
  addStill(prepare: () => PreparedFrame): number {
    const index = this.#session.addStill(performance.now());
    try {
      this.#frames.add(index, prepare());
    } catch (error) {
      this.#frames.add(index, Promise.reject(error));
    }
    return index;
  }

  /** Throws away the waiting frames and the tracking state. */
  reset(): void {
    for (const index of this.#session.reset()) this.#drop(index);
    this.pump();
  }

  stats(): SessionStats {
    return this.#session.stats();
  }

  /** Gives every idle worker its next step, and hands on the results that there are. */
  pump(): void {
    this.#orEnd(() => {
      for (const slot of this.#slots)
        if (slot.isGivenUp) this.#failSteps(slot.bits);
        else this.#feed(slot);
      this.#deliver();
    });
  }

  /** A worker's step is over. */
  answered(slot: WorkerSlot, answer: StepAnswer): void {
    const running = this.#running.get(slot);
    if (!running || running.task.ticket !== answer.ticket) return;
    this.#running.delete(slot);
    const now = performance.now();
    const busyMs = this.busyMs.get(slot) ?? 0;
    this.busyMs.set(slot, busyMs + now - running.startMs);
    this.#orEnd(() => this.#complete(slot, running.task, answer, now));
    this.pump();
  }

  /** A worker is gone: its step's frame fails, and every other frame whose pixels only it held, when asked for. */
  died(slot: WorkerSlot, error: LiveKeypointsError): void {
    this.#frames.forget(slot);
    const running = this.#running.get(slot);
    this.#running.delete(slot);
    this.#orEnd(
      () => running && this.#fail(running.task, "worker-died", error.message),
    );
    this.pump();
  }

  /** Lets go of all frames and of the session. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#frames.clear();
    this.#running.clear();
    try {
      this.#session.free();
    } catch {
      // A session that broke down cannot be freed.
    }
  }

  #feed(slot: WorkerSlot): void {
    while (slot.isIdle && !this.#isClosed) {
      const task = this.#session.nextTask(slot.bits, performance.now());
      if (!task) return;
      if (task.job === undefined) this.#startDecode(slot, task);
      else this.#startBranch(slot, task, task.job);
    }
  }

  /** Nobody serves these steps: their frames fail, so that none waits for ever. */
  #failSteps(bits: number): void {
    const next = (): Task | undefined =>
      bits === 0 ? undefined : this.#session.nextTask(bits, performance.now());
    for (let task = next(); task; task = next())
      this.#fail(task, "worker-failed", "no worker for this step can be had");
  }

  #startDecode(slot: WorkerSlot, task: Task): void {
    const running = { task, startMs: performance.now() };
    slot.claim();
    this.#running.set(slot, running);
    const source = this.#frames.takeNow(task.frame);
    if (source) return this.#postDecode(slot, task, source);
    const ifWanted = (action: () => void): void => {
      if (this.#running.get(slot) === running) this.#orEnd(action);
      this.pump();
    };
    this.#frames.take(task.frame).then(
      (late) => {
        if (this.#running.get(slot) !== running) discard(late);
        ifWanted(() => this.#postDecode(slot, task, late));
      },
      (error: unknown) => {
        const { code, message } = asLiveKeypointsError(
          error,
          "unsupported-frame",
        );
        ifWanted(() => this.#giveUp(slot, task, code, message));
      },
    );
  }

  #postDecode(slot: WorkerSlot, task: Task, source: FrameSource): void {
    const wantsCopy = this.#slots.length > 1;
    const { ticket, frame } = task;
    const release = this.#frames.releasesFor(slot);
    const spare = wantsCopy ? this.#buffers.find(this.#copyLength) : undefined;
    const transfer = transferables(source);
    this.#post(
      slot,
      task,
      { type: "decode", ticket, frame, source, wantsCopy, spare, release },
      spare ? [...transfer, spare] : transfer,
    );
  }

  #startBranch(slot: WorkerSlot, task: Task, job: Uint8Array): void {
    const { ticket, frame } = task;
    const delivery = this.#frames.deliver(frame, slot);
    if (delivery.kind === "lost") {
      this.#fail(
        task,
        "worker-died",
        "the worker that held the frame's pixels died",
      );
      return;
    }
    slot.claim();
    this.#running.set(slot, { task, startMs: performance.now() });
    const release = this.#frames.releasesFor(slot);
    const pixels = delivery.kind === "sent" ? delivery.pixels : undefined;
    const transfer = delivery.kind === "sent" ? delivery.transfer : [];
    this.#post(
      slot,
      task,
      { type: "run", ticket, frame, job, pixels, release },
      transfer,
    );
  }

  #post(
    slot: WorkerSlot,
    task: Task,
    message: StepMessage,
    transfer: Transferable[],
  ): void {
    try {
      slot.post(message, transfer);
      this.#frames.clearReleases(slot);
    } catch (error) {
      // A frame that cannot be posted, such as an ImageBitmap that was closed after it was pushed.
      this.#giveUp(slot, task, "unsupported-frame", messageOf(error));
    }
  }

  /** A step that never reached its worker. */
  #giveUp(
    slot: WorkerSlot,
    task: Task,
    code: ErrorCode,
    message: string,
  ): void {
    this.#running.delete(slot);
    slot.unclaim();
    this.#fail(task, code, message);
  }

  #complete(
    slot: WorkerSlot,
    { ticket, frame }: Task,
    answer: StepAnswer,
    now: number,
  ): void {
    if (answer.type !== "failed")
      for (const spare of answer.spares ?? []) this.#buffers.give(spare);
    switch (answer.type) {
      case "decoded": {
        const { width, height, elapsedUs, copy } = answer;
        if (copy) this.#copyLength = copy.rgb.byteLength;
        this.#frames.decoded(frame, slot, copy);
        return this.#releaseIf(
          this.#session.completeDecode(ticket, width, height, elapsedUs, now),
          frame,
        );
      }
      case "outcome": {
        const { outcome, elapsedUs } = answer;
        return this.#releaseIf(
          this.#session.completeBranch(ticket, outcome, elapsedUs, now),
          frame,
        );
      }
      case "failed":
        return this.#releaseIf(
          this.#session.fail(ticket, answer.code, answer.message, now),
          frame,
        );
      default:
        return unreachable(answer);
    }
  }

  #fail({ ticket, frame }: Task, code: ErrorCode, message: string): void {
    this.#releaseIf(
      this.#session.fail(ticket, code, message, performance.now()),
      frame,
    );
  }

  /** The frame waits for nothing any more. */
  #drop(index: number): void {
    this.#frames.release(index);
    this.#timestampsMs.delete(index);
  }

  #releaseIf(isDone: boolean, frame: number): void {
    if (isDone) this.#frames.release(frame);
  }

  /** Runs what must not fail: a session that throws cannot go on. */
  #orEnd(action: () => void): void {
    if (this.#isClosed) return;
    try {
      action();
    } catch (error) {
      this.#events.fatal(asLiveKeypointsError(error, "internal"));
    }
  }

  /** Listeners may push, detect or close: those calls come back here and find the flag set. */
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (!this.#isClosed) {
        const result = this.#session.nextResult();
        if (!result) return;
        // A frame can also end without a step of its own ending last: a branch with nothing to do waits for earlier frames.
        const timestampMs =
          this.#timestampsMs.get(result.index) ?? result.timestampMs;
        this.#drop(result.index);
        this.#events.result({ ...result, timestampMs });
      }
    } finally {
      this.#isDelivering = false;
    }
  }
}
