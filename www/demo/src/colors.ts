/** The steps' names and colours, the same in table, chart and legend. */

import type { Step } from "live-keypoints";

export const STEPS: readonly Step[] = [
  "decode",
  "pose",
  "leftHand",
  "rightHand",
  "face",
  "palm",
];

export const STEP_LABELS: Readonly<Record<Step, string>> = {
  decode: "Decode",
  pose: "Body",
  leftHand: "Left hand",
  rightHand: "Right hand",
  face: "Face",
  palm: "Palms",
};

/** Classes that give `--color`. */
export const STEP_CLASSES: Readonly<Record<Step, string>> = {
  decode: "decode",
  pose: "pose",
  leftHand: "left-hand",
  rightHand: "right-hand",
  face: "face",
  palm: "palm",
};

/** A custom property's colour, in the scheme of the moment. */
export function color(element: Element, property: string): string {
  return getComputedStyle(element).getPropertyValue(property).trim();
}
