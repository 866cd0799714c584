/** The workers of one stream. What they compute is the scheduler's matter. */

import type { StartMessages } from "./init-messages.js";
import type { Step } from "./steps.js";
import { WorkerSlot } from "./worker-slot.js";
import type { SlotEvents, SlotOptions } from "./worker-slot.js";

export type { WorkerLike } from "./worker-slot.js";

/** What each worker is started with. */
export type MessagesOfSteps = (steps: readonly Step[]) => StartMessages;

/** What a pool tells its user once it has started. */
export type PoolEvents = Omit<SlotEvents, "starting">;

/** Up to four workers. */
export class WorkerPool {
  readonly slots: readonly WorkerSlot[];
  #events: PoolEvents | undefined;

  /** One worker for each list of steps in `layout`; none runs before `start`. */
  constructor(
    layout: readonly (readonly Step[])[],
    messagesOf: MessagesOfSteps,
    options: SlotOptions,
    starting: SlotEvents["starting"] = () => {},
  ) {
    const events: SlotEvents = {
      // A replacement starts when nobody waits for it any more.
      starting: (slot, progress) => !this.#events && starting(slot, progress),
      ready: (slot) => this.#events?.ready(slot),
      answered: (slot, answer) => this.#events?.answered(slot, answer),
      died: (slot, error) => this.#events?.died(slot, error),
      lost: (slot, error) => this.#events?.lost(slot, error),
    };
    this.slots = layout.map(
      (steps, number) =>
        new WorkerSlot({ number, steps }, messagesOf(steps), options, events),
    );
  }

  /** Starts all workers side by side. Rejects with the first one's error; then, none is left. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.slots.map((slot) => slot.start()));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** From now on, `events` are told. */
  connect(events: PoolEvents): void {
    this.#events = events;
  }

  /** Ends all workers; their memory is free after that. */
  close(): void {
    for (const slot of this.slots) slot.close();
  }
}
