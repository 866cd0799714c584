/** How long the stages of a stream's frames took. */

import type { Timings } from "./generated/results.js";

/** A stage of a frame, from waiting to everything together. */
export type Stage = keyof Timings;

/** What one stage took, in milliseconds. */
export interface StageTime {
  /** Frames that it ran for. */
  readonly count: number;
  /** Mean over those frames. */
  readonly meanMs: number;
  /** Of the slowest of those frames. */
  readonly maxMs: number;
  /** Of the last of those frames. */
  readonly lastMs: number;
}

/** By stage; a stage that never ran has no entry. */
export type StageStats = Readonly<Partial<Record<Stage, StageTime>>>;

/** Sums the timings of results up. A stage that took no time did not run. */
export class StageTimes {
  readonly #stages = new Map<
    Stage,
    { count: number; sumMs: number; maxMs: number; lastMs: number }
  >();

  add(timings: Timings): void {
    for (const [stage, ms] of Object.entries(timings) as [Stage, number][]) {
      if (ms <= 0) continue;
      const before = this.#stages.get(stage) ?? {
        count: 0,
        sumMs: 0,
        maxMs: 0,
      };
      this.#stages.set(stage, {
        count: before.count + 1,
        sumMs: before.sumMs + ms,
        maxMs: Math.max(before.maxMs, ms),
        lastMs: ms,
      });
    }
  }

  stats(): StageStats {
    const stats: Partial<Record<Stage, StageTime>> = {};
    for (const [stage, { count, sumMs, maxMs, lastMs }] of this.#stages)
      stats[stage] = { count, meanMs: sumMs / count, maxMs, lastMs };
    return stats;
  }
}
