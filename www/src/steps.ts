/** The steps of a frame, and which worker serves which of them. */

import type { Part } from "./options.js";

/** A step of a frame. */
export type Step = "decode" | "pose" | "leftHand" | "rightHand" | "face";

/** The session's bit of each step. */
export const STEP_BITS: Readonly<Record<Step, number>> = {
  decode: 1,
  pose: 2,
  leftHand: 4,
  rightHand: 8,
  face: 16,
};

/** Most workers that one stream is spread over: a frame has four branches. */
export const MAX_WORKERS = 4;

/** Which steps each worker serves, by number of workers, where every part is asked for. */
const LAYOUTS: Readonly<Record<number, readonly (readonly Step[])[]>> = {
  1: [["decode", "pose", "leftHand", "rightHand", "face"]],
  2: [
    ["decode", "pose", "face"],
    ["leftHand", "rightHand"],
  ],
  3: [["decode", "pose"], ["leftHand", "face"], ["rightHand"]],
  4: [["decode", "pose"], ["leftHand"], ["rightHand"], ["face"]],
};

/**
 * The steps of each worker, decoding and pose always on the first. A worker that would have nothing to do for the parts
 * asked for is left out, so there may be fewer than `workers` (1 to 4).
 */
export function layoutSteps(workers: number, parts: readonly Part[]): Step[][] {
  const steps = new Set<Step>(["decode", "pose"]);
  if (parts.includes("hands")) steps.add("leftHand").add("rightHand");
  if (parts.includes("face")) steps.add("face");
  // Where a part is left out, the layout with most workers that are all busy is the best one.
  const branches = steps.size - 1;
  const layout = LAYOUTS[workers >= branches ? MAX_WORKERS : workers] ?? [];
  return layout
    .map((served) => served.filter((step) => steps.has(step)))
    .filter((served) => served.length > 0);
}

/** The session's bit set of some steps. */
export function bitsOf(steps: readonly Step[]): number {
  return steps.reduce((bits, step) => bits | STEP_BITS[step], 0);
}
