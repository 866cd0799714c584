/** The workers of one stream. What they compute is the scheduler's matter. */

import type { LiveKeypointsError } from "./errors.js";
import type { Step } from "./steps.js";
import { WorkerSlot } from "./worker-slot.js";
import type { SlotEvents, SlotOptions, StartMessages } from "./worker-slot.js";

export type { WorkerLike } from "./worker-slot.js";

/** Between attempts to find a worker for steps whose models cannot be had, milliseconds. */
const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 30_000;

/** What a pool tells its user once it has started. */
export type PoolEvents = Omit<SlotEvents, "starting">;

/** Up to four workers. */
export class WorkerPool {
  readonly slots: readonly WorkerSlot[];
  #events: PoolEvents | undefined;
  #isClosed = false;

  /** One worker for each list of steps in `layout`; none runs before `start`. */
  constructor(
    layout: readonly (readonly Step[])[],
    messages: StartMessages,
    options: SlotOptions,
    starting: SlotEvents["starting"] = () => {},
  ) {
    const events: SlotEvents = {
      // A replacement starts when nobody waits for it any more.
      starting: (slot, progress) => !this.#events && starting(slot, progress),
      ready: (slot) => this.#events?.ready(slot),
      answered: (slot, answer) => this.#events?.answered(slot, answer),
      died: (slot, error) => this.#events?.died(slot, error),
      lost: (slot, error) => void this.#replace(slot, error),
    };
    this.slots = layout.map(
      (steps, number) =>
        new WorkerSlot({ number, steps }, messages, options, events),
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

  /** Bytes have come from the network. */
  heard(): void {
    for (const slot of this.slots) slot.heard();
  }

  /** Ends all workers; their memory is free after that. */
  close(): void {
    this.#isClosed = true;
    for (const slot of this.slots) slot.close();
  }

  /**
   * Another worker takes over the steps of one that is lost. Where none can get their models, frames fail until a later
   * attempt succeeds, as after the network was down.
   */
  async #replace(lost: WorkerSlot, error: LiveKeypointsError): Promise<void> {
    for (
      let pauseMs = FIRST_PAUSE_MS;
      ;
      pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS)
    ) {
      if (this.#isClosed) return;
      if (this.slots.every((slot) => slot.isClosed))
        return this.#events?.lost(lost, error);
      const { steps } = lost;
      for (const heir of heirs(this.slots, steps)) {
        try {
          await heir.adopt(steps);
          lost.steps = [];
          return this.#events?.ready(heir);
        } catch {
          // The next one may be able to.
        }
      }
      lost.isGivenUp = true;
      this.#events?.ready(lost);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** Who may take over these steps: first who has their models, as both hands have the same; then who has least to do. */
function heirs(
  slots: readonly WorkerSlot[],
  steps: readonly Step[],
): WorkerSlot[] {
  const servesHand = (served: readonly Step[]): boolean =>
    served.some((step) => step === "leftHand" || step === "rightHand");
  const wantsHand = servesHand(steps);
  const cost = (slot: WorkerSlot): number =>
    slot.steps.length - (wantsHand && servesHand(slot.steps) ? 10 : 0);
  return slots
    .filter((slot) => slot.isAtWork)
    .sort((one, other) => cost(one) - cost(other));
}
