/** The engine of this page: a session, and workers that run its steps. */

import type { Engine, EngineEvents, EngineStats } from "./engine.js";
import { FrameIntake } from "./frames.js";
import type { Frame } from "./frames.js";
import { Scheduler } from "./scheduler.js";
import type { Started } from "./start.js";

/** Wires a started session to its workers. */
export class WorkerEngine implements Engine {
  readonly kind = "page";
  readonly #started: Started;
  readonly #scheduler: Scheduler;
  readonly #intake = new FrameIntake();
  #events: EngineEvents | undefined;

  constructor(started: Started) {
    this.#started = started;
    const { session, pool } = started;
    this.#scheduler = new Scheduler(session, pool.slots, this.#intake, {
      result: (result) => this.#events?.result(result),
      fatal: (error) => this.#events?.fatal(error),
    });
    pool.connect({
      ready: () => this.#scheduler.pump(),
      answered: (slot, answer) => this.#scheduler.answered(slot, answer),
      died: (slot, error) => this.#scheduler.died(slot, error),
      lost: (_slot, error) => this.#events?.fatal(error),
    });
  }

  connect(events: EngineEvents): void {
    this.#events = events;
  }

  addFrame(
    frame: Frame,
    timestampMs: number,
    transfer: boolean | undefined,
  ): number {
    return this.#scheduler.addFrame(
      this.#intake.prepare(frame, transfer),
      timestampMs,
    );
  }

  addStill(frame: Frame, transfer: boolean | undefined): number {
    return this.#scheduler.addStill(() =>
      this.#intake.prepare(frame, transfer),
    );
  }

  pump(): void {
    this.#scheduler.pump();
  }

  reset(): void {
    this.#scheduler.reset();
  }

  stats(): EngineStats {
    return {
      ...this.#scheduler.stats(),
      workers: this.#started.pool.slots.map((slot) => ({
        steps: slot.steps,
        busyMs: this.#scheduler.busyMs.get(slot) ?? 0,
        replaced: slot.replaced,
        memoryBytes: slot.memoryBytes,
      })),
    };
  }

  close(): void {
    this.#events = undefined;
    this.#started.pool.close();
    this.#scheduler.close();
  }
}
